import { Compile } from "typebox/compile";
import { Type } from "typebox";
import { EarshotError, type ErrorCode } from "../core/errors.ts";
import type { Outcome, SourceAuthor, SourceEvent, SourcePost } from "../core/event.ts";

/** UTF-16 units of a post's text. */
export const maxTextLength = 100_000;
const maxIdLength = 2_048;
const maxItems = 1_000;
/** 1990-01-01, before which nothing was posted. */
const earliestMs = Date.UTC(1990, 0, 1);
const dayMs = 86_400_000;

const Id = Type.String({ minLength: 1, maxLength: maxIdLength });
const Short = Type.String({ maxLength: 10_000 });
const Url = Type.String({ maxLength: 16_384 });
const Count = Type.Number({ minimum: 0, maximum: 1e15 });
const Counts = Type.Object({ likes: Type.Optional(Count), shares: Type.Optional(Count), replies: Type.Optional(Count), views: Type.Optional(Count) });
const Author = Type.Object({
  id: Id,
  handle: Type.Optional(Short),
  name: Type.Optional(Short),
  avatarUrl: Type.Optional(Url),
  profileUrl: Type.Optional(Url),
  bot: Type.Optional(Type.Boolean()),
  followers: Type.Optional(Count),
});
const At = Type.Number();
const Post = Type.Object({
  id: Id,
  author: Author,
  createdAt: At,
  editedAt: Type.Optional(At),
  revision: Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  text: Type.String(),
  format: Type.Union([Type.Literal("text"), Type.Literal("html")]),
  languages: Type.Optional(Type.Array(Type.String({ maxLength: 100 }), { maxItems })),
  spans: Type.Optional(
    Type.Array(
      Type.Object({
        start: Type.Integer({ minimum: 0 }),
        end: Type.Integer({ minimum: 0 }),
        kind: Type.Union([Type.Literal("mention"), Type.Literal("hashtag"), Type.Literal("link")]),
        value: Url,
      }),
      { maxItems },
    ),
  ),
  mentions: Type.Optional(Type.Array(Type.Object({ id: Id, handle: Short, url: Type.Optional(Url) }), { maxItems })),
  hashtags: Type.Optional(Type.Array(Short, { maxItems })),
  links: Type.Optional(Type.Array(Url, { maxItems })),
  replyTo: Type.Optional(Id),
  root: Type.Optional(Id),
  reshareOf: Type.Optional(Id),
  quoteOf: Type.Optional(Id),
  counts: Type.Optional(Counts),
  media: Type.Optional(
    Type.Array(
      Type.Object({
        kind: Type.Union([Type.Literal("image"), Type.Literal("video"), Type.Literal("audio"), Type.Literal("link"), Type.Literal("other")]),
        url: Type.Optional(Url),
        alt: Type.Optional(Type.String({ maxLength: maxTextLength })),
        mimeType: Type.Optional(Short),
        sizeBytes: Type.Optional(Count),
      }),
      { maxItems },
    ),
  ),
  permalink: Type.Optional(Url),
  visibility: Type.Union([Type.Literal("public"), Type.Literal("unlisted"), Type.Literal("private")]),
  sensitive: Type.Optional(Type.Boolean()),
  place: Type.Optional(
    Type.Object({
      name: Type.Optional(Short),
      countryCode: Type.Optional(Type.String({ pattern: "^[A-Za-z]{2}$" })),
      latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
      longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
    }),
  ),
  extra: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
const schemas = {
  post: Type.Object({ post: Post }),
  engagement: Type.Object({ id: Id, at: At, counts: Counts }),
  reaction: Type.Object({
    id: Id,
    mark: Id,
    actor: Id,
    at: At,
    count: Type.Union([Type.Literal("likes"), Type.Literal("shares"), Type.Literal("replies"), Type.Literal("views")]),
  }),
  unreaction: Type.Object({ mark: Id, at: At }),
  delete: Type.Object({ id: Id, at: At, by: Type.Optional(Id) }),
  erase: Type.Object({
    author: Id,
    reason: Type.Union([Type.Literal("account-deleted"), Type.Literal("subject-request"), Type.Literal("objection"), Type.Literal("platform-takedown"), Type.Literal("retention")]),
    at: At,
  }),
  identity: Type.Object({ author: Author, at: At }),
  volume: Type.Object({ query: Short, fromMs: At, toMs: At, posts: Count }),
};
const checks = {
  post: Compile(schemas.post),
  engagement: Compile(schemas.engagement),
  reaction: Compile(schemas.reaction),
  unreaction: Compile(schemas.unreaction),
  delete: Compile(schemas.delete),
  erase: Compile(schemas.erase),
  identity: Compile(schemas.identity),
  volume: Compile(schemas.volume),
};

function refuse(code: ErrorCode, message: string): { readonly reject: EarshotError } {
  return { reject: new EarshotError(code, message) };
}

/**
 * What a parser made, held to the contract: shape, lengths, dates from 1990 to tomorrow, counts. Lone surrogates and
 * control characters in what people wrote are mended; in ids they are refused. Rejects with FIELD_MISSING, FIELD_INVALID,
 * DATE_INVALID, ITEM_TOO_LARGE or PRIVATE_REFUSED.
 */
export function validateEvent(event: SourceEvent, nowMs: number): Outcome<SourceEvent> {
  const check = Object.hasOwn(checks, event.type) ? checks[event.type] : undefined;
  if (check === undefined) return refuse("FIELD_INVALID", `type: expected ${Object.keys(checks).join(", ")}, came ${shown(event.type)}`);
  if (event.type === "post" && typeof event.post?.text === "string" && event.post.text.length > maxTextLength) {
    return refuse("ITEM_TOO_LARGE", `post.text: expected at most ${maxTextLength} characters, came ${event.post.text.length}`);
  }
  const sound: boolean = check.Check(event);
  if (!sound) return faultOf(event);
  if (event.type === "volume") {
    const date = faultOfDate("fromMs", event.fromMs, nowMs) ?? faultOfDate("toMs", event.toMs, nowMs);
    return date ?? { keep: event };
  }
  if (event.type !== "post") {
    const date = faultOfDate("at", event.at, nowMs);
    if (date !== undefined) return date;
    const id = event.type === "identity" ? event.author.id : event.type === "erase" ? event.author : event.type === "unreaction" ? event.mark : event.id;
    if (!isCleanId(id)) return refuse("FIELD_INVALID", "id: expected no control characters and no lone surrogates");
    if (event.type === "identity") {
      const author = mendAuthor(event.author);
      return { keep: author === event.author ? event : { ...event, author } };
    }
    return { keep: event };
  }
  const { post } = event;
  if (post.visibility === "private") return refuse("PRIVATE_REFUSED", "post.visibility: private, and no right allows it");
  const date = faultOfDate("post.createdAt", post.createdAt, nowMs) ?? (post.editedAt === undefined ? undefined : faultOfDate("post.editedAt", post.editedAt, nowMs));
  if (date !== undefined) return date;
  if (!isCleanId(post.id) || !isCleanId(post.author.id)) return refuse("FIELD_INVALID", "post.id, post.author.id: expected no control characters and no lone surrogates");
  const mended = mendPost(post);
  return { keep: mended === post ? event : { type: "post", post: mended } };
}

function shown(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, 60))
    : value === null
      ? "null"
      : Array.isArray(value)
        ? "a list"
        : typeof value === "object"
          ? "an object"
          : String(value).slice(0, 60);
}

function faultOf(event: SourceEvent): { readonly reject: EarshotError } {
  const [first] = checks[event.type].Errors(event);
  const where = (first?.instancePath ?? "").split("/").filter(Boolean).join(".") || event.type;
  const message = first?.message ?? "the shape of the contract";
  const isDate = first?.keyword !== "required" && /(?:^|\.)(?:createdAt|editedAt|at)$/.test(where);
  return refuse(isDate ? "DATE_INVALID" : first?.keyword === "required" ? "FIELD_MISSING" : "FIELD_INVALID", `${where}: ${message}`);
}

function faultOfDate(where: string, ms: number, nowMs: number): { readonly reject: EarshotError } | undefined {
  if (ms >= earliestMs && ms <= nowMs + dayMs && Number.isFinite(ms)) return undefined;
  return refuse("DATE_INVALID", `${where}: expected 1990 to tomorrow in milliseconds, came ${shown(ms)}`);
}

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]/;
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]+/g;

function isCleanId(id: string): boolean {
  return !control.test(id) && id.isWellFormed();
}

/** The same string when there is nothing to mend. */
function mend(text: string): string {
  if (!control.test(text)) return text.isWellFormed() ? text : text.toWellFormed();
  return text.toWellFormed().replace(controls, "");
}

function mendAuthor(author: SourceAuthor): SourceAuthor {
  const { handle, name } = author;
  const newHandle = handle === undefined ? undefined : mend(handle);
  const newName = name === undefined ? undefined : mend(name);
  if (newHandle === handle && newName === name) return author;
  return { ...author, ...(newHandle !== undefined && { handle: newHandle }), ...(newName !== undefined && { name: newName }) };
}

/** Control characters would move the spans: they become spaces in a text that has any. */
function mendPost(post: SourcePost): SourcePost {
  const author = mendAuthor(post.author);
  const { text } = post;
  const newText = control.test(text) ? text.toWellFormed().replaceAll(controls, (run) => " ".repeat(run.length)) : text.isWellFormed() ? text : text.toWellFormed();
  const media =
    post.media?.some((one) => one.alt !== undefined && mend(one.alt) !== one.alt) === true
      ? post.media.map((one) => (one.alt === undefined ? one : { ...one, alt: mend(one.alt) }))
      : post.media;
  const hashtags = post.hashtags?.some((tag) => mend(tag) !== tag) === true ? post.hashtags.map((tag) => mend(tag)) : post.hashtags;
  if (author === post.author && newText === text && media === post.media && hashtags === post.hashtags) return post;
  return { ...post, author, text: newText, ...(media && { media }), ...(hashtags && { hashtags }) };
}
