/** What a text is judged for. Classes in the order of their numbers in TweetEval (github.com/cardiffnlp/tweeteval, read 2026-11). */
export interface Task {
  readonly name: string;
  readonly classes: readonly string[];
  /** The figure that the task is compared by. */
  readonly headline: "macroF1" | "macroRecall" | "f1OfSecond" | "f1OfSecondAndThird";
  /** Costs of rare classes in training: 0 as they come, 1 all classes alike. */
  readonly balance: number;
  /** Judged by its n-grams and by what the base tasks say of the text. */
  readonly isStacked: boolean;
  /** Its topics shift from data to data: the cut on many texts at once follows the share that training saw. */
  readonly shifts?: boolean;
  readonly doc: string;
}

const stanceTopics = ["abortion", "atheism", "climate", "feminist", "hillary"] as const;

const emojiNames =
  "red-heart heart-eyes tears-of-joy two-hearts fire smiling-eyes sunglasses sparkles blue-heart kiss camera us-flag sun purple-heart wink hundred beaming christmas-tree camera-flash tongue-wink";

export const tasks: readonly Task[] = [
  { name: "emoji", classes: emojiNames.split(" "), headline: "macroF1", balance: 0.2, isStacked: false, doc: "Which of twenty emoji the author would add." },
  {
    name: "sentiment",
    classes: ["negative", "neutral", "positive"],
    headline: "macroRecall",
    balance: 0.9,
    isStacked: true,
    doc: "Whether the author speaks well or badly of what it is about.",
  },
  { name: "offensive", classes: ["no", "yes"], headline: "macroF1", balance: 0.6, isStacked: true, doc: "Insults, threats, profanity." },
  { name: "hate", classes: ["no", "yes"], headline: "macroF1", balance: 0.5, isStacked: true, shifts: true, doc: "Hate against women or immigrants." },
  { name: "emotion", classes: ["anger", "joy", "optimism", "sadness"], headline: "macroF1", balance: 0.5, isStacked: true, doc: "The strongest emotion." },
  {
    name: "irony",
    classes: ["no", "yes"],
    headline: "f1OfSecond",
    balance: 0.5,

    isStacked: true,
    doc: "Whether the author means something else than the words say.",
  },
  ...stanceTopics.map((topic): Task => ({
    name: `stance-${topic}`,
    classes: ["none", "against", "favor"],
    headline: "f1OfSecondAndThird",
    balance: 0.5,
    isStacked: true,
    doc: `Stance on ${topic}.`,
  })),
];

export const multilingualTask: Task = {
  name: "multilingual-sentiment",
  classes: ["negative", "neutral", "positive"],
  headline: "macroF1",
  balance: 0,
  isStacked: false,
  doc: "Sentiment in eight languages; the language is a feature.",
};
export const multilingualNames = ["arabic", "english", "french", "german", "hindi", "italian", "portuguese", "spanish"] as const;

export const spamTask: Task = {
  name: "spam",
  classes: ["ham", "spam"],
  headline: "f1OfSecond",
  balance: 0.3,
  isStacked: false,
  doc: "Unasked advertising in messages and comments.",
};

export const languageTask: Task = {
  name: "language",
  classes: ["es", "pt", "ca", "en", "gl", "eu", "und"],
  headline: "macroF1",
  balance: 0.4,
  isStacked: false,
  doc: "Languages that are mixed up in short posts of Spain and Portugal; und: none can be told.",
};

/** Those whose first judgement the stacked ones are told. */
export const baseTasks: readonly string[] = ["emoji", "sentiment", "offensive", "hate", "emotion", "irony"];

export function taskNamed(name: string): Task | undefined {
  return tasks.find((task) => task.name === name);
}
