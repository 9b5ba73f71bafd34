import { casesOf, expand, type FunctionalCase } from "./functional-case.ts";

const { is, isNot, same, likelier } = casesOf("irony");
const spam = casesOf("spam");

export const ironyCases: readonly FunctionalCase[] = [
  ...is("praise of a misfortune", "yes", [
    "I just love waiting two hours for a bus in the rain",
    "Nothing says holiday like food poisoning",
    "So happy that my phone died right before the interview",
    "Yay, another Monday morning meeting about meetings",
    "Great, the elevator is broken and I live on the tenth floor",
    "What a joy to be stuck in traffic for three hours",
    "Love it when people talk during the whole film",
    "Working on my birthday, best day ever",
  ]),
  ...is("marker", "yes", [
    "Yeah, right, that will surely work 🙄",
    "Oh wonderful, more rain. Just what we needed 🙃",
    "Because that went so well the last time 🙄",
    "Sure, blame the intern, very brave",
  ]),
  ...likelier(
    "marker",
    "yes",
    ["Great weather today", "Best service ever", "I love Mondays", "What a surprise", "Well done everybody"].flatMap((text) => [
      [`${text}... yeah right`, text] as const,
      [`Oh ${text.toLowerCase()} 🙄`, text] as const,
    ]),
  ),
  ...isNot("sincere praise", "yes", expand("Congratulations on your {thing}, {name}, we are so proud of you", { thing: ["exam", "new job", "wedding"], name: ["Anna", "Omar"] })),
  ...isNot("plain information", "yes", [
    ...expand("The {thing} is closed on {day}.", { thing: ["pool", "museum", "bank"], day: ["Sunday", "Monday"] }),
    "The match starts at eight in the evening",
    "New paper on coral reefs is out today",
    "Road works between exits 4 and 6 until Friday",
  ]),
  ...isNot("plain complaint", "yes", [
    "The train was late again and I missed my appointment",
    "My order arrived broken and I want a refund",
    "I am tired and my head hurts",
    "I'm sad that the shop closed",
  ]),
  ...same("names do not matter", [
    expand("{name} forgot my birthday again, so thoughtful", { name: ["Maria", "Ahmed", "John", "Wei"] }),
    expand("{name} starts her new job on Monday", { name: ["Maria", "Fatima", "Joan", "Wei"] }),
  ]),
];

const prizes = ["a free phone", "a $1000 gift card", "a holiday for two"];

export const spamCases: readonly FunctionalCase[] = [
  ...spam.is("offer with a call", "spam", [
    ...expand("Congratulations! You have won {prize}. Click http://win.example to claim now!", { prize: prizes }),
    ...expand("URGENT! Your number was selected for {prize}. Call 09061234567 to claim. T&Cs apply", { prize: prizes }),
    ...expand("FREE entry to win {prize}! Text WIN to 80085 now", { prize: prizes }),
  ]),
  ...spam.is("self-promotion", "spam", [
    "Check out my channel and subscribe, I make new videos every day!!!",
    "Please check out my new song on my channel, subscribe and like",
    "Subscribe to my channel for free gift cards",
    "Hey guys check my channel out and give it a thumbs up",
    "I make money from home, visit http://earn.example to learn how",
    "Make $500 a day from home, visit http://earn.example",
  ]),
  ...spam.isNot("prize without a call", "spam", [
    "My daughter won a prize at the school fair",
    "We won the match, three to one!",
    "I won tickets for the concert, who wants to come along?",
    "She won the award for her first film",
    "Nobody claimed the umbrella that was left here",
  ]),
  ...spam.isNot("everyday message", "spam", [
    ...expand("Can you call me when you are {place}?", { place: ["home", "at the station", "done with work"] }),
    ...expand("I'll be {late} late, sorry, start without me", { late: ["ten minutes", "half an hour", "a bit"] }),
    "Did you feed the cat this morning?",
    "Thanks for dinner yesterday, it was lovely",
    "This song reminds me of my grandmother",
    "The second verse is my favourite part of this song",
  ]),
  ...spam.isNot("link from a friend", "spam", [
    "Here is the recipe that I told you about http://cook.example",
    "Photos from sunday are here http://album.example",
    "The timetable is at http://bus.example, the last one goes at ten",
  ]),
  ...spam.same("spelling variation", [
    [
      "WIN a free phone now! Click http://win.example",
      "W1N a fr3e phone now! Click http://win.example",
      "win a FREE phone NOW!!! click http://win.example",
      "W.I.N a free phone now! Click http://win.example",
    ],
    ["Subscribe to my channel", "SUBSCRIBE to my channel!!!", "subscrib to my chanel", "s u b s c r i b e to my channel"],
  ]),
  ...spam.same("numbers do not matter", [
    expand("You have won {sum} pounds! Call {number} now to claim", { sum: ["500", "750", "2000"], number: ["09061743810", "08712400200"] }),
    expand("See you at {hour}, platform {number}", { hour: ["7", "9"], number: ["2", "11"] }),
  ]),
];
