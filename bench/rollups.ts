import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { RollupRequest } from "../src/runtime/engine.ts";
import type { Input } from "./input.ts";
import { truthsOf } from "./truth.ts";

const rowSchema = z.object({
  by: z.enum(["language", "brand"]),
  minute: z.string(),
  platform: z.string(),
  brand: z.string().optional(),
  posts: z.number(),
  likes: z.number(),
  shares: z.number(),
  replies: z.number(),
});

interface Sums {
  posts: number;
  likes: number;
  shares: number;
  /** undefined: not counted by this platform's connector. */
  replies: number | undefined;
}

interface Row extends Omit<Sums, "replies"> {
  readonly at?: number;
  readonly platform?: string;
  readonly term?: string;
  readonly replies: number;
}

export type AskRollups = (request: RollupRequest) => Promise<{ readonly rows: readonly Row[] }>;

export interface RollupComparison {
  readonly compared: number;
  readonly wrong: number;
  readonly examples: readonly string[];
}

const hourMs = 3_600_000;

/** Compares the sums of every hour, by platform and by platform and brand, with the oracle's. */
export async function compareRollups(input: Input, ask: AskRollups, erased: ReadonlySet<string> = new Set()): Promise<RollupComparison> {
  const expected = new Map<string, Sums>();
  const addTo = (sums: Map<string, Sums>, key: string, platform: string, row: Omit<Row, "at">, sign: 1 | -1 = 1) => {
    const before = sums.get(key) ?? { posts: 0, likes: 0, shares: 0, replies: platform === "mastodon" ? 0 : undefined };
    const replies = before.replies === undefined ? undefined : before.replies + sign * row.replies;
    const posts = before.posts + sign * row.posts;
    if (posts === 0) sums.delete(key);
    else sums.set(key, { posts, likes: before.likes + sign * row.likes, shares: before.shares + sign * row.shares, replies });
  };
  for await (const line of createInterface({ input: createReadStream(join(input.folder, "truth-rollups.ndjson")) })) {
    const row = rowSchema.parse(JSON.parse(line));
    const hour = Math.floor(Date.parse(`${row.minute}:00Z`) / hourMs);
    // Languages are told by us, not by the world: their sums are compared, not they.
    addTo(expected, `${hour} ${row.platform} ${row.by === "brand" ? row.brand : ""}`, row.platform, row);
  }
  if (erased.size > 0) {
    for await (const { author, platform, brands, createdAt, delivered, deleted, likes, shares, replies } of truthsOf(input)) {
      if (!erased.has(author) || !delivered || deleted !== null) continue;
      for (const term of ["", ...brands]) addTo(expected, `${Math.floor(Date.parse(createdAt) / hourMs)} ${platform} ${term}`, platform, { posts: 1, likes, shares, replies }, -1);
    }
  }
  const found = new Map<string, Sums>();
  const span = {
    fromMs: Math.floor(input.startMs / hourMs) * hourMs - 24 * hourMs,
    toMs: Math.ceil((input.startMs + (input.hours + 24) * hourMs) / hourMs) * hourMs,
    grain: "hour",
    filter: {},
  } as const;
  for (const by of [["platform"], ["platform", "term"]] as const) {
    for (const row of (await ask({ ...span, by })).rows) {
      const { at = 0, platform = "", term = "" } = row;
      if (by.length === 2 && term === "") continue;
      addTo(found, `${at / hourMs} ${platform} ${term}`, platform, row);
    }
  }
  /** By hour: statuses without a date that can be read. Taking them by the time in their id (milliseconds × 65,536) is as right as refusing them. */
  const maybe = new Map<number, number>();
  for (const id of input.ambiguousIds) {
    if (!/^\d+$/.test(id)) continue;
    const hour = Math.floor(Number(BigInt(id) >> 16n) / hourMs);
    maybe.set(hour, (maybe.get(hour) ?? 0) + 1);
  }
  let wrong = 0;
  const examples: string[] = [];
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const one = JSON.stringify(expected.get(key));
    const other = JSON.stringify(found.get(key));
    if (one === other) continue;
    const [hour, platform] = key.split(" ");
    const more = (found.get(key)?.posts ?? 0) - (expected.get(key)?.posts ?? 0);
    if (platform === "mastodon" && more > 0 && more <= (maybe.get(Number(hour)) ?? 0)) continue;
    wrong++;
    if (examples.length < 8) examples.push(`${key}: expected ${one}, found ${other}`);
  }
  return { compared: expected.size, wrong, examples };
}
