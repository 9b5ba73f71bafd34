import { japaneseWords, termIds, wordOf } from "./explore-posts.ts";

const dayMs = 86_400_000;

export interface Question {
  readonly name: string;
  /** Asked at once, as a page does. */
  readonly paths: readonly string[];
  /** Asked by a user who may see one platform's posts of one brand. */
  readonly isKept?: boolean;
}

const [most, frequent, mid, rare] = [wordOf(0), wordOf(3), wordOf(150), wordOf(9_000)] as const;
const [city = "", library = "", weather = ""] = [japaneseWords[2], japaneseWords[19], japaneseWords[1]];

/**
 * What the Search page asks, by kind: hits, facets and the number. Shares of posts with a word, in thousandths: `most` 570, `frequent`
 * 250, `mid` 8, `rare` 0.1; a post has 8 to 17 words. Changed, figures can no longer be held against earlier ones.
 */
function searchMix(span: (days: number) => { readonly from: string; readonly to: string }): readonly (readonly [kind: string, q: string, order?: string])[] {
  return [
    ["rare word", rare],
    ["rare word", wordOf(12_000)],
    ["word of one post in a hundred", mid],
    ["word of one post in a hundred", wordOf(90)],
    ["frequent word", frequent],
    ["frequent word", most],
    ["several words", `${frequent} ${mid}`],
    ["several words", `${most} ${rare}`],
    ["phrase", `"${most} ${wordOf(1)}"`],
    ["phrase", `"${mid} ${frequent}"`],
    ["AND, OR, NOT", `${mid} NOT ${frequent}`],
    ["AND, OR, NOT", `${mid} OR ${rare}`],
    ["AND, OR, NOT", `(${mid} OR ${frequent}) -language:en`],
    ["prefix", `${mid.slice(0, 3)}*`],
    ["words and fields", `${frequent} language:de`],
    ["words and fields", `${mid} platform:bluesky sentiment:negative`],
    ["words and fields", `${frequent} -language:en`],
    ["fields", `term:${termIds[0]}`],
    ["fields", `term:${termIds[2]} sentiment:negative created:${span(7).from}..`],
    ["fields", "hashtag:tag12 platform:mastodon"],
    ["fields", "is:reply has:link"],
    ["language", "language:de"],
    ["language", "language:ja"],
    ["words in a time", `${frequent} created:${span(7).from}..${span(3).from}`],
    ["words in a time", `language:de created:${span(1).from}..`],
    ["Japanese", city],
    ["Japanese", `${library} ${weather}`],
    ["everything", ""],
    ["by relevance", mid, "relevance"],
    ["by relevance", frequent, "relevance"],
    ["by relevance", `${frequent} ${mid}`, "relevance"],
    ["by engagement", frequent, "engaged"],
    ["oldest first", mid, "oldest"],
  ];
}

/** Of a user who is kept to one platform and one brand. */
const keptMix = [rare, mid, frequent, `${frequent} language:de`, ""];

export function searchQuestions(span: (days: number) => { readonly from: string; readonly to: string }): readonly Question[] {
  const paths = (q: string, order: string) => [
    `/api/v1/posts?${new URLSearchParams({ q, limit: "30", ...(order !== "newest" && { order }) }).toString()}`,
    `/api/v1/posts/facets?${new URLSearchParams({ q, by: "platform,language,sentiment,term,judged,entity,hashtag,link", top: "8", work: "8000" }).toString()}`,
    `/api/v1/posts/count?${new URLSearchParams({ q, work: "8000" }).toString()}`,
  ];
  return [
    ...searchMix(span).map(([name, q, order = "newest"]) => ({ name, paths: paths(q, order) })),
    ...keptMix.map((q) => ({ name: "narrowed user", paths: paths(q, "newest"), isKept: true })),
  ];
}

/** Explore's questions that the sums of rollups answer, and those that only the lake's files can. */
export function exploreQuestions(endMs: number): { readonly rollups: readonly Question[]; readonly lake: readonly Question[] } {
  const path = (days: number, fields: Readonly<Record<string, string>>) =>
    `/api/v1/explore?${new URLSearchParams({ from: new Date(endMs - days * dayMs).toISOString(), to: new Date(endMs).toISOString(), ...fields }).toString()}`;
  const rollups: Question[] = [];
  for (const days of [1, 7, 30])
    for (const metric of ["posts", "engagement", "balance", "authors", "share-of-voice"])
      for (const by of ["", "platform", "language", "term"])
        rollups.push({ name: `${metric} by ${by || "nothing"}, ${days} d`, paths: [path(days, { metric, ...(by !== "" && { by }) })] });
  const files: readonly (readonly [number, Readonly<Record<string, string>>])[] = [
    [30, { metric: "posts", by: "hashtag" }],
    [60, { metric: "posts", by: "hashtag" }],
    [30, { metric: "engagement", by: "sentiment" }],
    [60, { metric: "engagement-per-post", by: "sentiment" }],
    [30, { metric: "engagement", by: "platform", q: "language:en is:original" }],
    [60, { metric: "engagement", q: `term:${termIds[0]} OR term:${termIds[1]}` }],
    [30, { metric: "authors", q: "sentiment:negative", by: "platform" }],
    [60, { metric: "engagement", by: "hour-of-week", q: "has:link" }],
  ];
  return { rollups, lake: files.map(([days, fields]) => ({ name: `${JSON.stringify(fields)}, ${days} d`, paths: [path(days, fields)] })) };
}
