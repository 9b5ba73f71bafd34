import { createHash } from "node:crypto";
import type { Change, Post } from "../src/core/event.ts";
import { authorIdFrom, postIdFrom } from "../src/core/ids.ts";

/** Small, quick and the same everywhere (mulberry32). */
export function makeDice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const vocabulary = 20_000;
const tags = 3_000;
export const termIds = ["aster", "birch", "cedar", "daisy", "elder", "fern"] as const;
const languages = ["en", "en", "en", "de", "de", "fr", "es", "ja"] as const;
const labels = ["negative", "neutral", "neutral", "positive"] as const;
const sources = [
  { source: "firehose", platform: "bluesky" },
  { source: "firehose", platform: "bluesky" },
  { source: "town", platform: "mastodon" },
  { source: "papers", platform: "rss" },
] as const;

/** The nth word: its rank is about its frequency (Zipf). */
export const wordOf = (rank: number): string => `w${rank.toString(36)}q`;
/** Words of the posts in Japanese, which are written without spaces; the first are the most frequent. */
export const japaneseWords = (
  "今日 天気 東京 電車 仕事 時間 友達 学校 音楽 映画 写真 料理 旅行 家族 週末 花火 野球 新聞 病院 図書館 公園 食堂 牛乳 財布 自転車 飛行機 " +
  "誕生日 郵便局 動物園 水族館 美術館 交差点 消防署 温泉 神社 桜 紅葉 台風 地震 選挙 経済 歴史 科学 数学 物理 化学 英語 辞書 鉛筆 手紙 切手 電話 時計 眼鏡 帽子 靴下 布団 台所 玄関 階段"
).split(" ");
const zipf = (roll: number, most: number): number => Math.min(most - 1, Math.floor(most ** roll) - 1);

function hashOf(kind: string, number: number): Buffer {
  return createHash("md5").update(`${kind}${number}`).digest();
}

/** Changes as the log carries them, in the order of their posts' time, a batch at a time. */
export function* makeChanges(options: { readonly posts: number; readonly fromMs: number; readonly toMs: number; readonly batch: number }): Generator<readonly Change[]> {
  const { posts, fromMs, toMs, batch } = options;
  const dice = makeDice(7);
  const authors = Math.max(1_000, Math.floor(posts / 20));
  let changes: Change[] = [];
  for (let i = 0; i < posts; i++) {
    const createdAt = Math.floor(fromMs + ((toMs - fromMs) * (i + dice())) / posts);
    const language = languages[Math.floor(dice() * languages.length)] ?? "en";
    const origin = sources[Math.floor(dice() * sources.length)] ?? sources[0];
    const hashtags = dice() < 0.3 ? [`tag${zipf(dice(), tags)}`] : [];
    const many = 8 + Math.floor(dice() * 10);
    const words = Array.from({ length: many }, () => (language === "ja" ? (japaneseWords[zipf(dice(), japaneseWords.length)] ?? "") : wordOf(zipf(dice(), vocabulary))));
    const label = labels[Math.floor(dice() * labels.length)] ?? "neutral";
    const likes = Math.floor(dice() ** 8 * 400);
    const post: Post = {
      id: postIdFrom(hashOf("p", i)),
      author: authorIdFrom(1, hashOf("a", zipf(dice(), authors))),
      ...origin,
      createdAt,
      receivedAt: createdAt + 1_000,
      revision: 0,
      text: `${words.join(language === "ja" ? "の" : " ")}${hashtags.map((tag) => ` #${tag}`).join("")}`,
      language,
      ...(language !== "ja" && { sentiment: { label, score: label === "negative" ? -0.5 : label === "positive" ? 0.5 : 0 } }),
      terms: dice() < 0.25 ? [termIds[zipf(dice(), termIds.length + 1)] ?? termIds[0]] : [],
      hashtags,
      mentions: [],
      links: dice() < 0.15 ? [`https://site${zipf(dice(), 500)}.example/a`] : [],
      counts: { likes, shares: Math.floor(likes / 9), replies: Math.floor(likes / 12), views: 0 },
      sensitivity: "personal",
      region: "zz",
      ...(dice() < 0.2 && { replyTo: postIdFrom(hashOf("p", Math.max(0, i - 50))) }),
    };
    changes.push({ kind: "post", id: post.id, at: createdAt, partition: 0, from: { offset: i, index: 0 }, generation: 0, post });
    if (changes.length < batch) continue;
    yield changes;
    changes = [];
  }
  if (changes.length > 0) yield changes;
}
