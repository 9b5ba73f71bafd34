import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { Counts, Post } from "../src/core/event.ts";
import type { PostId } from "../src/core/ids.ts";
import type { Pseudonyms } from "../src/ledger/pseudonyms.ts";
import { mastodonServer } from "./feed.ts";
import type { Input } from "./input.ts";

/** A line of the oracle's truth.ndjson, as far as it is compared. */
export const truthSchema = z.object({
  platform: z.enum(["bluesky", "mastodon"]),
  id: z.string(),
  author: z.string(),
  brands: z.array(z.string()),
  createdAt: z.string(),
  delivered: z.boolean(),
  late: z.boolean(),
  editedAt: z.string().nullable(),
  text: z.string(),
  likes: z.number(),
  shares: z.number(),
  replies: z.number(),
  deleted: z.enum(["delete", "erase"]).nullable(),
  reshareOf: z.string().nullable(),
  duplicateGroup: z.string().nullable(),
  saying: z.string().nullable(),
});
type Truth = z.output<typeof truthSchema>;

/** What the oracle says of one post. */
export interface Expected {
  readonly live: boolean;
  readonly createdAt: number;
  readonly editedAt: number | undefined;
  /** Without accounts, white space and queries of links, which we write in another way. */
  readonly text: string;
  readonly likes: number;
  readonly shares: number;
  /** undefined: this connector does not count them. */
  readonly replies: number | undefined;
  readonly late: boolean;
}

export interface Truths {
  readonly posts: Map<PostId, Expected>;
  /** Rejecting them and taking them are both right. */
  readonly ambiguous: Set<PostId>;
}

export function nativeIdOf(platform: string, id: string): string {
  return platform === "mastodon" ? `${mastodonServer}/${id}` : id;
}

const bareText = (text: string) =>
  text
    .normalize("NFC")
    .replace(/@\S+/g, "@")
    .replace(/(https?:\/\/[^\s?]+)\?\S*/g, "$1")
    .replace(/\s+/g, " ")
    .trim();

export async function* truthsOf(input: Input): AsyncGenerator<Truth> {
  for await (const line of createInterface({ input: createReadStream(join(input.folder, "truth.ndjson")) })) yield truthSchema.parse(JSON.parse(line));
}

export const idOfTruth = ({ platform, id }: Truth, pseudonyms: Pseudonyms): PostId => pseudonyms.postId(platform, nativeIdOf(platform, id));

export interface ReadTruthsOptions {
  /** Added to these. */
  readonly into?: Truths;
  /** Native ids of authors of whom nothing may be left. */
  readonly erased?: ReadonlySet<string>;
}

export async function readTruths(input: Input, pseudonyms: Pseudonyms, options: ReadTruthsOptions = {}): Promise<Truths> {
  const { into = { posts: new Map(), ambiguous: new Set() }, erased = new Set() } = options;
  for await (const truth of truthsOf(input)) {
    into.posts.set(idOfTruth(truth, pseudonyms), {
      live: truth.delivered && truth.deleted === null && !erased.has(truth.author),
      createdAt: Date.parse(truth.createdAt),
      editedAt: truth.editedAt === null ? undefined : Date.parse(truth.editedAt),
      text: bareText(truth.text),
      likes: truth.likes,
      shares: truth.shares,
      replies: truth.platform === "mastodon" ? truth.replies : undefined,
      late: truth.late,
    });
  }
  for (const id of input.ambiguousIds) {
    for (const platform of ["bluesky", "mastodon"]) into.ambiguous.add(pseudonyms.postId(platform, nativeIdOf(platform, id)));
  }
  return into;
}

export interface Comparison {
  readonly store: string;
  posts: number;
  /** Live posts that are not there. */
  lost: number;
  /** Posts that are there more than once. */
  duplicated: number;
  /** Posts whose form is not the last: text, time of edit, or counts. */
  reordered: number;
  /** Deleted or erased posts that are there. */
  revived: number;
  /** Posts that nobody sent. */
  invented: number;
  readonly examples: string[];
}

const mostExamples = 12;

export interface StoredPost {
  readonly id: PostId;
  readonly counts: Counts;
  /** undefined: the store has it without its body. */
  readonly body: Pick<Post, "text" | "editedAt"> | undefined;
}

export async function compare(store: string, stored: AsyncIterable<readonly StoredPost[]> | Iterable<readonly StoredPost[]>, truths: Truths): Promise<Comparison> {
  const result: Comparison = { store, posts: 0, lost: 0, duplicated: 0, reordered: 0, revived: 0, invented: 0, examples: [] };
  const example = (what: string, id: PostId, detail = "") => {
    if (result.examples.length < mostExamples) result.examples.push(`${what} ${id} ${detail}`);
  };
  const seen = new Set<PostId>();
  for await (const some of stored) {
    for (const { id, counts, body } of some) {
      result.posts++;
      const expected = truths.posts.get(id);
      if (seen.has(id)) {
        result.duplicated++;
        example("twice", id);
      } else if (expected === undefined) {
        if (truths.ambiguous.has(id)) continue;
        result.invented++;
        example("invented", id, body?.text.slice(0, 60));
      } else if (!expected.live) {
        result.revived++;
        example("revived", id);
      } else {
        const wrong = differenceOf(expected, counts, body);
        if (wrong !== undefined) {
          result.reordered++;
          example("not the last form", id, wrong);
        }
      }
      seen.add(id);
    }
  }
  for (const [id, { live }] of truths.posts) {
    if (!live || seen.has(id)) continue;
    result.lost++;
    example("lost", id);
  }
  return result;
}

function differenceOf(expected: Expected, counts: Counts, body: StoredPost["body"]): string | undefined {
  for (const name of ["likes", "shares", "replies"] as const) {
    if (expected[name] !== undefined && expected[name] !== counts[name]) return `${name}: ${expected[name]} were told, ${counts[name]} are stored`;
  }
  if (body === undefined) return undefined;
  if (expected.editedAt !== undefined && expected.editedAt !== body.editedAt) return `edited at ${expected.editedAt}, stored ${body.editedAt}`;
  const text = bareText(body.text);
  if (text === expected.text) return undefined;
  let same = 0;
  while (text[same] === expected.text[same]) same++;
  const from = Math.max(0, same - 20);
  return `text: ${JSON.stringify(expected.text.slice(from, same + 40))}, stored ${JSON.stringify(text.slice(from, same + 40))}`;
}
