import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeDiskFiles } from "../core/disk-files.ts";
import { type Change, noCounts, type Post } from "../core/event.ts";
import { authorIdFrom, type AuthorId, type PostId, postIdFrom } from "../core/ids.ts";
import { type Ledger, type LedgerOptions, openLedger, type Place } from "./ledger.ts";

export const files = makeDiskFiles();

/** A folder that goes with the scope. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(path.join(tmpdir(), "earshot-ledger-"));
  return { path: folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

export function postIdOf(n: number): PostId {
  const bytes = Buffer.alloc(16, 7);
  bytes.writeUInt32BE((n * 2_654_435_761) >>> 0, 0);
  bytes.writeUInt32BE(n, 12);
  return postIdFrom(bytes);
}

export function authorIdOf(n: number): AuthorId {
  const bytes = Buffer.alloc(16, 9);
  bytes.writeUInt32BE((n * 2_246_822_519) >>> 0, 0);
  return authorIdFrom(1, bytes);
}

export function makeTestPost(n: number, parts: Partial<Post> = {}): Post {
  return {
    id: postIdOf(n),
    author: authorIdOf(n % 10),
    platform: "bluesky",
    source: "jetstream",
    createdAt: 1_700_000_000_000 + n,
    receivedAt: 1_700_000_001_000 + n,
    revision: 0,
    text: `post ${n}`,
    language: "en",
    terms: [],
    hashtags: [],
    mentions: [],
    links: [],
    counts: noCounts,
    sensitivity: "public",
    region: "zz",
    ...parts,
  };
}

/** 16 hex digits that stand for a content. */
export function hashOf(content: number): string {
  return content.toString(16).padStart(16, "0");
}

/** Places of `events`, one after the other. */
export function makePlaces(generation = 0, offset = 0): () => Place {
  return () => ({ from: { offset: offset++, index: 0 }, generation });
}

export function openTestLedger(folder: string, options: Partial<LedgerOptions> = {}): Promise<Ledger> {
  return openLedger({ files, folder, partition: 7, ...options });
}

export function changeOf(result: Change | { readonly drop: string }): Change {
  if ("drop" in result) throw new Error(`expected a change, came the drop ${result.drop}`);
  return result;
}
export function dropOf(result: Change | { readonly drop: string }): string | undefined {
  return "drop" in result ? result.drop : undefined;
}
