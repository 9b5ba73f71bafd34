const subjects = {
  football: [
    ["striker", "goalkeeper", "defender", "referee"],
    ["scored", "missed", "saved", "whistled"],
    ["penalty", "goal", "match", "league"],
  ],
  cooking: [
    ["garlic", "onion", "butter", "flour"],
    ["roasted", "simmered", "baked", "fried"],
    ["soup", "oven", "recipe", "dessert"],
  ],
  elections: [
    ["senator", "governor", "candidate", "voters"],
    ["campaigned", "debated", "voted", "polled"],
    ["ballot", "election", "senate", "polls"],
  ],
} as const;
export type Subject = keyof typeof subjects;
/** Few, so that their words stand in too many texts to tell anything. */
const frames = ["The A that B the C was what they saw", "It was the A who B with the C and that was all"];

/** English posts of one subject, by twelve authors, one every half minute. */
export function postsAbout(subject: Subject, count: number, fromMs: number, more: object = {}): readonly object[] {
  return Array.from({ length: count }, (_, i) => {
    const [a, b, c] = subjects[subject].map((words, k) => words[(i + k * (1 + (i >> 2))) % words.length] ?? "");
    const text = (frames[i % frames.length] ?? "")
      .replace(/\bA\b/, a ?? "")
      .replace(/\bB\b/, b ?? "")
      .replace(/\bC\b/, c ?? "");
    return {
      id: `${subject}-${fromMs}-${i}`,
      platform: "forum",
      author: `${subject}-fan-${i % 12}`,
      text,
      language: "en",
      createdAt: new Date(fromMs + i * 30_000).toISOString(),
      ...more,
    };
  });
}
export const wordsAbout = (subject: Subject): ReadonlySet<string> => new Set<string>(subjects[subject].flat());
