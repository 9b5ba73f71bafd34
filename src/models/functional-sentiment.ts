import { casesOf, expand, type FunctionalCase } from "./functional-case.ts";

const { is, isNot, same, likelier } = casesOf("sentiment");

const things = ["phone", "concert", "update", "restaurant"];
const good = ["great", "wonderful", "excellent"];
const bad = ["terrible", "awful", "horrible"];
const [negative, neutral, positive] = ["negative", "neutral", "positive"] as const;

export const sentimentCases: readonly FunctionalCase[] = [
  ...is("vocabulary", positive, expand("The {thing} is {good}.", { thing: things, good })),
  ...is("vocabulary", negative, expand("The {thing} is {bad}.", { thing: things, bad })),
  ...is("neutral statement", neutral, [
    ...expand("The {thing} opens on {day} at noon.", { thing: ["shop", "office", "library"], day: ["Monday", "Tuesday"] }),
    ...expand("They moved the {thing} to the second floor.", { thing: ["meeting", "printer", "reception"] }),
  ]),
  ...isNot("negation", positive, expand("The {thing} is not {good}.", { thing: things, good: ["great", "good"] })),
  ...isNot("negation", negative, expand("The {thing} is not {bad} at all.", { thing: things, bad: ["bad", "terrible"] })),
  ...isNot("negation", positive, expand("I {no} recommend this {thing} to anyone.", { no: ["would never", "can't", "do not"], thing: things.slice(0, 2) })),
  ...isNot(
    "negation at a distance",
    positive,
    expand("I can't say, after all that we paid for it, that the {thing} was {good}.", { thing: things.slice(0, 3), good: ["good", "great"] }),
  ),
  ...is("change over time", positive, expand("I used to hate this {thing}, but now I love it.", { thing: things })),
  ...is("change over time", negative, expand("I used to love this {thing}, but now I hate it.", { thing: things })),
  ...likelier(
    "intensity",
    positive,
    things.flatMap((thing) => [
      [`The ${thing} is absolutely amazing, I love it!`, `The ${thing} is okay, I suppose.`] as const,
      [`I really really love this ${thing}`, `I rather like this ${thing}, mostly`] as const,
    ]),
  ),
  ...likelier(
    "intensity",
    negative,
    things.map((thing) => [`The ${thing} is absolutely the worst, I hate it!`, `The ${thing} is a little slow.`] as const),
  ),
  ...same(
    "names do not matter",
    ["{name} loved the concert last night", "{name} says the service was awful", "{name} will be at the office on Monday"].map((text) =>
      expand(text, { name: ["Maria", "Ahmed", "John", "Wei", "Olga"] }),
    ),
  ),
  ...same(
    "places do not matter",
    ["We had a wonderful weekend in {place}", "The train to {place} was late and filthy again"].map((text) =>
      expand(text, { place: ["Lyon", "Nairobi", "Osaka", "Lima", "Warsaw"] }),
    ),
  ),
  ...same(
    "accounts and links do not matter",
    ["Thank you {account} for the lovely help", "{account} your support is a joke, I am done"].map((text) => expand(text, { account: ["@user", "@anna_k", "@support"] })),
  ),
  ...is("emoji", positive, ["Just landed 😍😍", "The new album 🔥❤️", "Saturday with the family 😊", "Finally home 🥰"]),
  ...is("emoji", negative, ["Monday again 😡", "My train is late, again 😤😤", "The rain ruined it all 😭", "This queue 🤬"]),
  ...same("spelling variation", [
    ["I love this phone so much", "i looove this phone sooo much", "I LOVE THIS PHONE SO MUCH", "I luv this phone so much"],
    ["This is the worst service ever", "this is the wooorst service evr", "THIS IS THE WORST SERVICE EVER", "This is teh worst service ever"],
    ["The food was terrible", "the food was terible", "The food was TERRIBLE", "the food was terrrrible"],
  ]),
  ...isNot("quoting", negative, [
    "My friend says the film is terrible, but I enjoyed every minute of it",
    "They told me the hotel was awful. They were wrong, it is lovely",
    'The review said "worst phone ever"; I could not disagree more, it is great',
    "Everybody said the band was bad; I loved them",
  ]),
  ...isNot("quoting", positive, [
    "My friend says the film is wonderful, but I was bored and annoyed all along",
    "They told me the hotel was lovely. They were wrong, it is filthy",
    'The ad said "best phone ever"; mine broke after a day and nobody helps',
    "Everybody said the band was great; I hated them",
  ]),
  ...isNot("sarcasm marker", positive, [
    "Oh great, another delay. Just what I needed 🙄",
    "Wonderful, my luggage is lost again. Thanks a lot #sarcasm",
    "Best customer service ever, only two hours on hold /s",
    "I just love it when the app deletes my work 🙃",
    "Fantastic, it broke on the first day. Well done #not",
    "Great job, the update killed my phone 👏👏 #sarcasm",
  ]),
  ...is("questions do not tell", neutral, [
    "When does the shop open on Sunday?",
    "Does anybody know which bus goes to the station?",
    "What time is the meeting tomorrow?",
    "Where can I find the form?",
  ]),
];
