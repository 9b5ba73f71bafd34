import type { Author } from "../authors.ts";
import type { Draft, Part } from "../compose.ts";
import type { LivePost } from "../post.ts";
import { base32Letters, mix32, type Random } from "../random.ts";

/** Jetstream's JSON messages and the records of app.bsky.feed.* in them. */
export const tidLetters = "234567abcdefghijklmnopqrstuvwxyz";

/** A timestamp identifier: 53 bits of microseconds and 10 bits of clock id in base32-sortable (AT Protocol, "TID"). */
export function tidOf(timeUs: number, clockId = 7): string {
  let text = "";
  // Eleven letters of microseconds, then two letters of clock id.
  let high = timeUs;
  let low = clockId & 1023;
  for (let index = 0; index < 2; index += 1) {
    text = (tidLetters[low & 31] ?? "") + text;
    low >>>= 5;
  }
  for (let index = 0; index < 11; index += 1) {
    text = (tidLetters[high % 32] ?? "") + text;
    high = Math.floor(high / 32);
  }
  return text;
}

export function makeCid(random: Random): string {
  return `bafyrei${random.letters(base32Letters, 52)}`;
}

interface Facet {
  readonly index: { readonly byteStart: number; readonly byteEnd: number };
  readonly features: readonly Readonly<Record<string, string>>[];
}

/** The record's text and its facets, whose offsets count UTF-8 bytes. */
export function renderText(parts: readonly Part[]): { text: string; facets: Facet[] } {
  let text = "";
  let bytes = 0;
  const facets: Facet[] = [];
  const add = (piece: string): void => {
    text += piece;
    bytes += Buffer.byteLength(piece);
  };
  const mark = (piece: string, feature: Record<string, string>): void => {
    const byteStart = bytes;
    add(piece);
    facets.push({ index: { byteStart, byteEnd: bytes }, features: [feature] });
  };
  for (const part of parts) {
    switch (part.kind) {
      case "text":
        add(part.text);
        break;
      case "break":
        add("\n");
        break;
      case "paragraph":
        add("\n\n");
        break;
      case "mention":
        mark(`@${part.name}`, { $type: "app.bsky.richtext.facet#mention", did: part.account.nativeId });
        break;
      case "hashtag":
        mark(`#${part.tag}`, { $type: "app.bsky.richtext.facet#tag", tag: part.tag });
        break;
      case "link":
        mark(shownLink(part.url), { $type: "app.bsky.richtext.facet#link", uri: part.url });
        break;
    }
  }
  return { text, facets };
}

/** Half of the links are shown cut, as the app does. */
function shownLink(url: string): string {
  const bare = url.replace("https://", "");
  return url.length % 2 === 0 && bare.length > 27 ? `${bare.slice(0, 24)}...` : url;
}

const pictureWords = ["a cup on a table", "a bicycle in the rain", "screenshot of an app", "sunset over a lake", "a queue of people", "receipt with a total"];

function embedOf(post: LivePost, draft: Draft): unknown {
  const roll = mix32(post.extrasSeed) % 100;
  const quoted = post.quoted === undefined ? undefined : { uri: post.quoted.id, cid: post.quoted.cid };
  const images =
    roll < 6
      ? {
          $type: "app.bsky.embed.images",
          images: Array.from({ length: 1 + (roll % 2) }, (_unused, index) => ({
            alt: (post.extrasSeed + index) % 3 === 0 ? "" : `Simulated: ${pictureWords[(post.extrasSeed + index) % pictureWords.length] ?? ""}`,
            aspectRatio: { height: 1000, width: 750 },
            image: { $type: "blob", ref: { $link: fakeCid(post.extrasSeed + index) }, mimeType: "image/jpeg", size: 120_000 + (post.extrasSeed % 400_000) },
          })),
        }
      : undefined;
  if (quoted !== undefined && images !== undefined) {
    return { $type: "app.bsky.embed.recordWithMedia", record: { $type: "app.bsky.embed.record", record: quoted }, media: images };
  }
  if (quoted !== undefined) return { $type: "app.bsky.embed.record", record: quoted };
  const url = draft.links[0];
  if (url !== undefined && roll < 45) {
    return { $type: "app.bsky.embed.external", external: { uri: url, title: "Simulated page", description: "A page of the simulated world." } };
  }
  return images;
}

function fakeCid(seed: number): string {
  let text = "bafkrei";
  let state = seed >>> 0;
  for (let index = 0; index < 52; index += 1) {
    if (index % 6 === 0) state = mix32(state + index + 1);
    text += base32Letters[state & 31] ?? "";
    state >>>= 5;
  }
  return text;
}

export function postRecord(post: LivePost, createdAt: string): Record<string, unknown> {
  const { text, facets } = renderText(post.draft.parts);
  const embed = embedOf(post, post.draft);
  const langs = post.draft.secondLanguage === undefined ? [post.draft.language] : [post.draft.language, post.draft.secondLanguage];
  return {
    $type: "app.bsky.feed.post",
    createdAt,
    ...(embed !== undefined && { embed }),
    ...(facets.length > 0 && { facets }),
    langs,
    ...(post.parent !== undefined && {
      reply: {
        parent: { cid: post.parent.cid, uri: post.parent.id },
        root: { cid: (post.root ?? post.parent).cid, uri: (post.root ?? post.parent).id },
      },
    }),
    text,
  };
}

export interface CommitParts {
  readonly did: string;
  readonly timeUs: number;
  readonly operation: "create" | "update" | "delete";
  readonly collection: string;
  readonly rkey: string;
  readonly record?: unknown;
  readonly cid?: string;
}

export function commitMessage(parts: CommitParts): string {
  const { did, timeUs, operation, collection, rkey, record, cid } = parts;
  return JSON.stringify({
    did,
    time_us: timeUs,
    kind: "commit",
    commit: { rev: tidOf(timeUs, 1), operation, collection, rkey, ...(record !== undefined && { record }), ...(cid !== undefined && { cid }) },
  });
}

export function subjectRecord(type: "app.bsky.feed.like" | "app.bsky.feed.repost", post: LivePost, createdAt: string): Record<string, unknown> {
  return { $type: type, createdAt, subject: { cid: post.cid, uri: post.id } };
}

export function identityMessage(author: Author, timeUs: number, seq: number, time: string): string {
  return JSON.stringify({ did: author.nativeId, time_us: timeUs, kind: "identity", identity: { did: author.nativeId, handle: author.handle, seq, time } });
}

export function accountMessage(author: Author, timeUs: number, seq: number, time: string, active: boolean, status: string | undefined): string {
  return JSON.stringify({
    did: author.nativeId,
    time_us: timeUs,
    kind: "account",
    account: { active, did: author.nativeId, seq, ...(status !== undefined && { status }), time },
  });
}
