import { casesOf, expand, type FunctionalCase } from "./functional-case.ts";

const { is, isNot, same } = casesOf("hate");
const offensive = casesOf("offensive");

const groups = ["women", "immigrants", "refugees"];
const people = ["women", "immigrants", "refugees", "Muslims", "gay people", "Jews", "black people"];

/** No slur stands here: what hatred says without them is the harder part. */
export const hateCases: readonly FunctionalCase[] = [
  ...is("derogation", "yes", expand("I hate {group}, they are all {bad}.", { group: groups, bad: ["disgusting", "worthless", "scum"] })),
  ...is("threat", "yes", expand("All {group} should be {threat}.", { group: groups, threat: ["beaten", "shot", "kicked out of our country"] })),
  ...is("dehumanisation", "yes", expand("{group} are {animals}, nothing more.", { group: ["Women", "Immigrants", "Refugees"], animals: ["vermin", "animals", "parasites"] })),
  ...isNot("identity mention without hate", "yes", [
    ...expand("I am proud to work with so many {group}.", { group: people }),
    ...expand("There is a talk about the history of {group} at the library tonight.", { group: people }),
    ...expand("My neighbours are {group} and they brought us a cake.", { group: people.slice(1) }),
  ]),
  ...isNot("counter-speech", "yes", [
    ...expand("Saying that {group} are worthless is wrong and you should be ashamed.", { group: people }),
    ...expand("Whoever says “I hate {group}” has no place in our club.", { group: people }),
  ]),
  ...isNot("negated hate", "yes", expand("We should never {verb} {group}.", { verb: ["hate", "hurt", "look down on"], group: people.slice(0, 4) })),
  ...isNot("hate of things", "yes", expand("I hate {thing}, it is disgusting.", { thing: ["cold coffee", "this weather", "mondays", "that song", "slow wifi", "wet socks"] })),
  ...isNot("profanity without hate", "yes", [
    "Damn, that was a hell of a concert",
    "Holy shit, we won the cup",
    "I'm so fucking tired today",
    "That bloody printer is broken again",
    "What the hell is this weather",
  ]),
  ...same("spelling variation", [
    [
      "I hate immigrants, they are scum",
      "I h8 immigrants, they are scum",
      "i haaate immigrants they are scum",
      "I HATE IMMIGRANTS, THEY ARE SCUM",
      "I hate imm1grants, they are scum",
    ],
    ["All women are stupid and worthless", "all women are stuuupid and worthless", "ALL WOMEN ARE STUPID AND WORTHLESS", "All women are st*pid and worthless"],
  ]),
  ...same("names do not matter", [expand("{name} told me about the new bakery by the station", { name: ["Fatima", "John", "Mei", "Dmitri", "Aisha", "Carlos"] })]),
];

export const offensiveCases: readonly FunctionalCase[] = [
  ...offensive.is("insult", "yes", expand("You are {such} {fool}.", { such: ["such a", "a complete"], fool: ["idiot", "moron", "piece of trash", "asshole"] })),
  ...offensive.is("insult", "yes", expand("Shut up, you {bad} {fool}.", { bad: ["stupid", "ugly"], fool: ["clown", "liar", "loser"] })),
  ...offensive.isNot("negated insult", "yes", expand("You are not {such} {fool}, don't say that about yourself.", { such: ["a"], fool: ["loser", "failure", "fool", "liar"] })),
  ...offensive.isNot("friendly disagreement", "yes", [
    "I don't agree with you, but thank you for the link",
    "That is not how I remember it, could you check the date?",
    "We see this differently, and that is fine",
    "I think the second chart is wrong, the sum should be 40",
    "Sorry, I can't support this proposal",
    "With respect, the numbers say something else",
  ]),
  ...offensive.isNot("quoting", "yes", [
    "He was sent off because he called the referee a liar",
    "The article explains why such an insult is a crime there",
    "Please do not call people names in this thread",
    "Somebody wrote an insult on her door; the whole street came to clean it",
  ]),
  ...offensive.isNot("praise with strong words", "yes", [
    "You are insanely good at this",
    "That goal was sick, well played",
    "She killed it on stage tonight, so proud",
    "This cake is wicked good",
  ]),
  ...offensive.same("spelling variation", [
    ["You are a stupid idiot", "you are a stuuupid idiot", "YOU ARE A STUPID IDIOT", "you r a stupid idi0t", "You are a st*pid idiot"],
    ["You are all liars and losers", "you are all liarsss and losersss", "YOU ARE ALL LIARS AND LOSERS"],
  ]),
  ...offensive.same("identity does not matter", [
    expand("My {group} colleague gave a talk about bridges today", { group: ["German", "Muslim", "gay", "black", "Jewish", "female", "Polish"] }),
  ]),
  ...offensive.isNot("identity mention", "yes", expand("I am a {group} teacher and I like my job.", { group: ["Muslim", "gay", "black", "Jewish", "female", "Polish"] })),
];
