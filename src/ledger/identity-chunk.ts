import { z } from "zod";
import { EarshotError } from "../core/errors.ts";
import type { SourceAuthor } from "../core/event.ts";
import type { AuthorId, PostId } from "../core/ids.ts";
import { type Identity, parseJson, type PostIdentity } from "./identity-record.ts";

/*
 * What is sealed together: templates of native ids and permalinks, then key, record, key, record … The key of an author is its
 * AuthorId; of a post, "p" and the first 60 bits of its PostId. A post's record: six letters of its author, the template's
 * number (one letter, from "0"), then the last part of the native id. So a post costs little more than what tells it from others.
 */
export interface IdentityChunk {
  readonly templates: readonly string[];
  readonly records: readonly (readonly [key: string, record: string])[];
}

/** No template may have a number beyond one letter of 16 bits; far fewer records than that share a chunk. */
export interface ChunkBuilder {
  addAuthor(author: AuthorId, record: string): void;
  addPost(id: PostId, post: PostIdentity, author: AuthorId, source: SourceAuthor): void;
  text(): string;
}

export function makeChunk(): ChunkBuilder {
  const templates: string[] = [];
  const records: string[] = [];
  return {
    addAuthor: (author, record) => void records.push(author, record),
    addPost(id, post, author, source) {
      const { template, last } = split(post, source);
      let index = templates.indexOf(template);
      if (index < 0) index = templates.push(template) - 1;
      records.push(keyOfPost(id), authorTag(author) + String.fromCharCode(firstNumber + index) + last);
    },
    text: () => packChunk(templates, records),
  };
}

/** Templates that no record needs any more are emptied, their numbers stay: a template may hold a handle. */
export function repackChunk({ templates }: IdentityChunk, records: IdentityChunk["records"]): string {
  const used = new Set(records.filter(([key]) => isKeyOfPost(key)).map(([, record]) => numberOf(record)));
  return packChunk(
    templates.map((template, i) => (used.has(i) ? template : "")),
    records.flat(),
  );
}

function packChunk(templates: readonly string[], records: readonly string[]): string {
  return JSON.stringify([templates, records]);
}

const chunkSchema = z.tuple([z.array(z.string()), z.array(z.string())]);

/** Throws STORE_CORRUPT. */
export function unpackChunk(text: string): IdentityChunk {
  const parsed = chunkSchema.safeParse(parseJson(text));
  if (!parsed.success || parsed.data[1].length % 2 !== 0) throw new EarshotError("STORE_CORRUPT", "identities: a chunk cannot be read");
  const [templates, flat] = parsed.data;
  const records: (readonly [string, string])[] = [];
  for (let i = 0; i < flat.length; i += 2) records.push([flat[i] ?? "", flat[i + 1] ?? ""]);
  return { templates, records };
}

const firstNumber = 48;

/** Six letters of a pseudonym, after those that chose its bucket. */
export function authorTag(author: AuthorId): string {
  const start = author.indexOf("_") + 3;
  return author.slice(start, start + 6);
}

export function keyOfPost(id: PostId): string {
  return `p${id.slice(2, 12)}`;
}

function isKeyOfPost(key: string): boolean {
  return key.startsWith("p");
}

function numberOf(record: string): number {
  return record.charCodeAt(6) - firstNumber;
}

/** @param author the identity of who wrote it; absent where it is gone */
export function unpackPost({ templates }: IdentityChunk, record: string, author: Identity | undefined): PostIdentity {
  const template = templates[numberOf(record)];
  if (template === undefined) throw new EarshotError("STORE_CORRUPT", "identities: a post's record cannot be read");
  if (template.startsWith(literalMark)) {
    const [nativeId, permalink] = literalSchema.parse(parseJson(template.slice(1)));
    return { nativeId, ...(permalink !== null && { permalink }) };
  }
  if (template.includes(authorMark) && author === undefined) throw new EarshotError("STORE_CORRUPT", "identities: a post's author is not there");
  const last = record.slice(7);
  const fill = (text: string): string => text.replace(authorMark, () => author?.nativeId ?? "").replace(lastMark, () => last);
  const [prefix = "", permalink] = template.split("\n");
  return { nativeId: fill(prefix) + last, ...(permalink !== undefined && { permalink: fill(permalink) }) };
}

const literalSchema = z.tuple([z.string(), z.string().nullable()]);
// Letters that JSON does not escape and ids do not have.
const authorMark = "\u007f";
const lastMark = "\u0080";
const literalMark = "\u0081";
const ours = /[\n\u007f-\u0081]/;

// A handle in a permalink stays spelled out: it may change later, the permalink of then does not.
function split({ nativeId, permalink }: PostIdentity, source: SourceAuthor): { readonly template: string; readonly last: string } {
  if (ours.test(nativeId) || (permalink !== undefined && ours.test(permalink))) {
    return { template: literalMark + JSON.stringify([nativeId, permalink ?? null]), last: "" };
  }
  const at = nativeId.lastIndexOf("/") + 1;
  const last = nativeId.slice(at);
  const prefix = withoutAuthor(nativeId.slice(0, at), source);
  if (permalink === undefined) return { template: prefix, last };
  const shared = last.length > 3 && permalink.endsWith(last) ? permalink.slice(0, -last.length) + lastMark : permalink;
  return { template: `${prefix}\n${withoutAuthor(shared, source)}`, last };
}

function withoutAuthor(text: string, source: SourceAuthor): string {
  return source.id.length > 3 ? text.replace(source.id, () => authorMark) : text;
}
