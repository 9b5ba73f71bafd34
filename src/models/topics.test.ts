import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { tokenise } from "../core/tokens.ts";
import { openLibrary } from "./library.ts";
import { likeness, linkTopics, type TopicProfile } from "./topic-lines.ts";
import { findTopics, type TopicText } from "./topics.ts";
import { makeWordSpace } from "./word-space.ts";

const space = makeWordSpace(openLibrary().vectors());
const options = { space, leastAuthors: 5 };

const subjects: Readonly<Record<string, readonly string[]>> = {
  football: ["goal", "match", "striker", "penalty", "referee", "league", "stadium", "defender"],
  cooking: ["recipe", "oven", "butter", "garlic", "soup", "flour", "onion", "dessert"],
  elections: ["senate", "voters", "ballot", "candidate", "polls", "campaign", "governor", "debate"],
};
const filler = ["today", "really", "again", "people", "think", "good", "time", "with", "this", "about"];

/** Sentences of three words of one subject among common ones. */
function textsOf(subject: string, count: number, more: Partial<TopicText> = {}): readonly TopicText[] {
  const words = subjects[subject] ?? [];
  return Array.from({ length: count }, (_, i) => ({
    id: `${subject}${i}`,
    author: `${subject}-author${i % 20}`,
    language: "en",
    words: [0, 3, 5].map((k) => words[(i * 3 + k) % words.length] ?? "").concat(filler[i % 10] ?? "", filler[(i * 7 + 3) % 10] ?? ""),
    ...more,
  }));
}
/** One of each in turn. */
const mixed = (lists: readonly (readonly TopicText[])[]): TopicText[] =>
  Array.from({ length: Math.max(...lists.map((list) => list.length)) }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat();

test("texts of three subjects become topics of one subject each, named by its words", async () => {
  const texts = mixed(Object.keys(subjects).map((subject) => textsOf(subject, 60)));
  const topics = await findTopics(texts, options);
  assert.ok(topics.length >= 3);
  const seen = new Set<string>();
  for (const { texts: of, words } of topics) {
    const of1 = new Set(of.map((i) => texts[i]?.id.replace(/\d+$/, "")));
    assert.equal(of1.size, 1);
    const [subject = ""] = of1;
    seen.add(subject);
    for (const { word } of words.slice(0, 3)) assert.ok(subjects[subject]?.includes(word), `${word} names ${subject}`);
  }
  assert.equal(seen.size, 3);
});

test("languages are apart, and one without vectors has topics too", async () => {
  // More words, each in fewer texts: without a background, what stands in a tenth of them is a common word.
  const foreign = (subject: string) => textsOf(subject, 60).map((text, i) => ({ ...text, language: "xx", words: text.words.map((word) => `${subject}-${word}${i % 3}`) }));
  const texts = mixed([textsOf("football", 60), foreign("cooking"), foreign("elections")]);
  const topics = await findTopics(texts, options);
  for (const { language, texts: of } of topics) for (const i of of) assert.equal(texts[i]?.language, language);
  const found = topics.filter(({ language }) => language === "xx");
  for (const { texts: of } of found) assert.equal(new Set(of.map((i) => texts[i]?.id.replace(/\d+$/, ""))).size, 1);
  assert.ok(found.length >= 2);
});

test("words and topics of fewer than five authors are not told", async () => {
  const lonely = textsOf("cooking", 60).map((text) => ({ ...text, author: "one" }));
  const few = textsOf("elections", 60).map((text, i) => ({ ...text, author: `few${i % 4}` }));
  const odd = textsOf("football", 60).map((text) => (text.author.endsWith("author3") ? { ...text, words: [...text.words, "zanzibarword"] } : text));
  const topics = await findTopics(mixed([lonely, few, odd]), options);
  const told = new Set(topics.flatMap(({ words }) => words.map(({ word }) => word)));
  for (const word of [...(subjects["cooking"] ?? []), ...(subjects["elections"] ?? []), "zanzibarword"]) assert.equal(told.has(word), false, word);
  assert.ok(told.has("goal"));
  for (const { authors } of topics) assert.ok(authors >= 5);
});

test("posts that stand for a topic are of different authors and do not say the same", async () => {
  const [topic] = await findTopics(mixed([textsOf("football", 80), textsOf("cooking", 60)]), options);
  const texts = mixed([textsOf("football", 80), textsOf("cooking", 60)]);
  const middle = topic?.middle ?? [];
  assert.ok(middle.length >= 3);
  assert.equal(new Set(middle.map((i) => texts[i]?.author)).size, middle.length);
});

test("the same texts give the same topics", async () => {
  const texts = mixed(Object.keys(subjects).map((subject) => textsOf(subject, 50)));
  assert.deepEqual(await findTopics(texts, options), await findTopics(texts, options));
});

test("small talk is no topic", async () => {
  const texts = Array.from({ length: 100 }, (_, i): TopicText => ({
    id: `${i}`,
    author: `a${i}`,
    language: "en",
    words: ["i", "love", "you", "my", "so", filler[i % 10] ?? "", filler[(i * 3 + 1) % 10] ?? ""],
  }));
  assert.deepEqual(await findTopics(texts, options), []);
});

const profile = (words: string, language = "en"): TopicProfile => ({ language, words: words.split(" ").map((word, i) => ({ word, weight: 1 / (i + 1) })) });

test("a line goes on in the topic most like it; what is like a line that goes on split off, a line that ends went in", () => {
  const before = [profile("goal match league striker"), profile("soup oven butter"), profile("onion garlic butter soup"), profile("senate ballot")];
  const after = [profile("goal match stadium league"), profile("match league striker penalty"), profile("soup butter oven garlic onion"), profile("storm flood rain")];
  const { continues, from } = linkTopics(before, after);
  assert.deepEqual(continues, [0, undefined, 1, undefined]);
  assert.deepEqual(from, [[], [0], [2], []]);
});

test("topics of two languages are not alike", () => {
  assert.equal(likeness(profile("goal match"), profile("goal match", "de")), 0);
  assert.ok(likeness(profile("goal match"), profile("goal match")) > 0.999);
});

/** Normalised mutual information, of the arithmetic mean. */
function mutual(a: readonly number[], b: readonly number[]): number {
  const counts = (list: readonly (number | string)[]) => [...Map.groupBy(list, (value) => value).values()].map((group) => group.length / list.length);
  const entropy = (list: readonly (number | string)[]) => counts(list).reduce((sum, share) => sum - share * Math.log(share), 0);
  const [inA, inB, together] = [entropy(a), entropy(b), entropy(a.map((value, i) => `${value} ${b[i]}`))];
  return (2 * (inA + inB - together)) / (inA + inB);
}

const data = new URL("../../../shared/data/nlp/tweeteval/", import.meta.url);
const linesOf = (path: string): string[] => readFileSync(new URL(path, data), "utf8").trim().split("\n");
const stance = ["abortion", "atheism", "climate", "feminist", "hillary"];

test("five subjects of real posts are told apart", { skip: existsSync(data) ? false : `${data.pathname} is not there` }, async (t) => {
  const lists = stance.map((name) =>
    linesOf(`stance/${name}/train_text.txt`).map((text, i): TopicText => ({ id: `${name}${i}`, author: `${name}${i}`, language: "en", words: tokenise(text) })),
  );
  const texts = mixed(lists);
  const truth = texts.map(({ id }) => stance.indexOf(id.replace(/\d+$/, "")));
  const topics = await findTopics(texts, options);
  const of = texts.map(() => -1);
  for (const [k, topic] of topics.entries()) for (const i of topic.texts) of[i] = k;
  const placed = of.flatMap((k, i) => (k < 0 ? [] : [i]));
  const nmi = mutual(
    placed.map((i) => of[i] ?? -1),
    placed.map((i) => truth[i] ?? -1),
  );
  const dominant = topics.map(({ texts: members }) => {
    const shares = stance.map((_, s) => members.filter((i) => truth[i] === s).length / members.length);
    return { subject: shares.indexOf(Math.max(...shares)), share: Math.max(...shares), size: members.length };
  });
  const purity = dominant.reduce((sum, { share, size }) => sum + share * size, 0) / placed.length;
  t.diagnostic(`${topics.length} topics of ${placed.length} of ${texts.length} texts: NMI ${nmi.toFixed(3)}, purity ${purity.toFixed(3)}`);
  for (const [s, name] of stance.entries())
    assert.ok(
      dominant.some(({ subject, share }) => subject === s && share >= 0.6),
      `${name} has a topic of its own`,
    );
  assert.ok(nmi >= 0.3, `NMI ${nmi}`);
  assert.ok(purity >= 0.6, `purity ${purity}`);
});

test("10,000 posts take at most five seconds of CPU", { skip: existsSync(data) ? false : `${data.pathname} is not there` }, async (t) => {
  const texts = linesOf("sentiment/train_text.txt")
    .slice(0, 10_000)
    .map((text, i): TopicText => ({ id: `${i}`, author: `${i}`, language: "en", words: tokenise(text) }));
  for (const language of ["en", "xx"]) {
    const start = process.cpuUsage();
    const topics = await findTopics(
      texts.map((text) => ({ ...text, language })),
      options,
    );
    const { user, system } = process.cpuUsage(start);
    t.diagnostic(`${language}: ${texts.length} texts, ${topics.length} topics, ${((user + system) / 1e6).toFixed(2)} s`);
    assert.ok((user + system) / 1e6 <= 5);
  }
});
