/** What a text is judged for. Classes in the order of their numbers in TweetEval (github.com/cardiffnlp/tweeteval, read 2026-11). */
export interface Task {
  readonly name: string;
  readonly classes: readonly string[];
  /** The figure that the task is compared by. */
  readonly headline: "macroF1" | "macroRecall" | "f1OfSecond" | "f1OfSecondAndThird";
  /** Costs of rare classes in training: 0 as they come, 1 all classes alike; of support vectors, and of the softmax regression. */
  readonly balance: number;
  readonly softBalance: number;
  /** What a mistake costs in training, beside a wide margin: more follows the texts more closely. */
  readonly cost: number;
  /** Support vectors see n-grams by how much more often a class has them (Wang and Manning, Baselines and bigrams, ACL 2012): better where texts are few. */
  readonly telling?: boolean;
  /** Its topics shift from data to data: the cut on many texts at once follows the share that training saw. */
  readonly shifts?: boolean;
  /** Enough texts to fit a number for each class to probabilities, so that each class's mean is its share. */
  readonly lifted?: boolean;
  /** A class is chosen by its probability over so high a power of its share in training: above 0 where the figure counts rare classes as much as common ones. */
  readonly evens?: number;
  readonly doc: string;
}

const stanceTopics = ["abortion", "atheism", "climate", "feminist", "hillary"] as const;

const emojiNames =
  "red-heart heart-eyes tears-of-joy two-hearts fire smiling-eyes sunglasses sparkles blue-heart kiss camera us-flag sun purple-heart wink hundred beaming christmas-tree camera-flash tongue-wink";

/** TweetEval's tasks that are there to be compared with other models alone. */
export const benchmarkTasks: readonly Task[] = [
  {
    name: "emoji",
    classes: emojiNames.split(" "),
    headline: "macroF1",
    balance: 0.3,
    softBalance: 0.2,
    cost: 0.5,
    lifted: true,
    evens: 0.5,
    doc: "Which of twenty emoji the author would add.",
  },
  ...stanceTopics.map((topic): Task => ({
    name: `stance-${topic}`,
    classes: ["none", "against", "favor"],
    headline: "f1OfSecondAndThird",
    balance: 1,
    softBalance: 0.5,
    cost: 0.5,
    doc: `Stance on ${topic}.`,
  })),
];

/** TweetEval's tasks that posts are judged for. */
export const socialTasks: readonly Task[] = [
  {
    name: "sentiment",
    classes: ["negative", "neutral", "positive"],
    headline: "macroRecall",
    balance: 1,
    softBalance: 0.9,
    cost: 0.2,
    evens: 0.3,
    doc: "Whether the author speaks well or badly of what it is about.",
  },
  { name: "offensive", classes: ["no", "yes"], headline: "macroF1", balance: 1, softBalance: 0.6, cost: 0.1, telling: true, doc: "Insults, threats, profanity." },
  { name: "hate", classes: ["no", "yes"], headline: "macroF1", balance: 1, softBalance: 0.5, cost: 0.3, telling: true, shifts: true, doc: "Hate against women or immigrants." },
  { name: "emotion", classes: ["anger", "joy", "optimism", "sadness"], headline: "macroF1", balance: 1, softBalance: 0.5, cost: 1, telling: true, doc: "The strongest emotion." },
  {
    name: "irony",
    classes: ["no", "yes"],
    headline: "f1OfSecond",
    balance: 1,
    softBalance: 0.5,
    cost: 0.5,
    telling: true,
    doc: "Whether the author means something else than the words say.",
  },
];

export const multilingualTask: Task = {
  name: "multilingual-sentiment",
  classes: ["negative", "neutral", "positive"],
  headline: "macroF1",
  balance: 0,
  softBalance: 0,
  cost: 0.3,
  doc: "Sentiment in eight languages; the language is a feature.",
};
export const multilingualNames = ["arabic", "english", "french", "german", "hindi", "italian", "portuguese", "spanish"] as const;

/** Name of a language, as the multilingual model is told it. @param code ISO 639-1 */
export function nameOfLanguage(code: string): string | undefined {
  return { ar: "arabic", en: "english", fr: "french", de: "german", hi: "hindi", it: "italian", pt: "portuguese", es: "spanish" }[code];
}

export const spamTask: Task = {
  name: "spam",
  classes: ["ham", "spam"],
  headline: "f1OfSecond",
  balance: 0.3,
  softBalance: 0.3,
  cost: 0.3,
  doc: "Unasked advertising in messages and comments.",
};

export const languageTask: Task = {
  name: "language",
  classes: ["es", "pt", "ca", "en", "gl", "eu", "und"],
  headline: "macroF1",
  balance: 1,
  softBalance: 0.4,
  cost: 0.3,
  doc: "Languages that are mixed up in short posts of Spain and Portugal; und: none can be told.",
};

export function taskNamed(name: string): Task | undefined {
  return [...socialTasks, ...benchmarkTasks].find((task) => task.name === name);
}
