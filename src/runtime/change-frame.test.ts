import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Change, type Contribution, type Counts, noCounts, type Post } from "../core/event.ts";
import { type AuthorId, authorIdFrom, type MentionId, type PostId, postIdFrom } from "../core/ids.ts";
import { encodeChange, parseChange } from "./change-frame.ts";

const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
const postId = bytes.map((some): PostId => postIdFrom(some));
const authorId = fc.tuple(fc.nat(99), bytes).map(([version, some]): AuthorId => authorIdFrom(version, some));
const mention = bytes.map((some): MentionId => `m_${postIdFrom(some).slice(2)}`);
const text = fc.string({ unit: "grapheme", maxLength: 40 });
const texts = fc.array(text, { maxLength: 3 });
const at = fc.nat(4_000_000_000_000);
const counts = fc.oneof(fc.constant(noCounts), fc.record({ likes: fc.nat(), shares: fc.nat(), replies: fc.nat(), views: fc.nat() })) satisfies fc.Arbitrary<Counts>;
const sensitivity = fc.constantFrom("public", "personal", "special", "private");
const label = fc.constantFrom("negative", "neutral", "positive");

const contribution = fc.record(
  {
    createdAt: at,
    author: authorId,
    platform: text,
    source: text,
    language: text,
    sentiment: label,
    terms: texts,
    sensitivity,
    region: text,
    counts,
    towards: fc.dictionary(text, fc.constantFrom("none", "negative", "neutral", "positive")),
  },
  { requiredKeys: ["createdAt", "author", "platform", "source", "language", "terms", "sensitivity", "region", "counts"] },
) satisfies fc.Arbitrary<Contribution>;
const post = fc.record(
  {
    id: postId,
    author: authorId,
    platform: text,
    source: text,
    createdAt: at,
    receivedAt: at,
    editedAt: at,
    revision: fc.maxSafeNat(),
    text,
    language: text,
    sentiment: fc.record({ label, score: fc.constantFrom(-1, -0.25, 0, 0.5, 1) }),
    terms: texts,
    hashtags: texts,
    mentions: fc.array(mention, { maxLength: 2 }),
    links: texts,
    replyTo: postId,
    root: postId,
    reshareOf: postId,
    quoteOf: postId,
    counts,
    media: fc.array(fc.record({ kind: fc.constantFrom("image", "video"), alt: text }), { maxLength: 2 }),
    sensitivity,
    region: text,
    pii: fc.array(fc.record({ start: fc.nat(), end: fc.nat(), kind: fc.constantFrom("email", "phone") }), { maxLength: 2 }),
    extra: fc.dictionary(text, fc.oneof(text, fc.nat())).map((made): Readonly<Record<string, unknown>> => ({ ...made })),
  },
  {
    requiredKeys: [
      ...(["id", "author", "platform", "source", "createdAt", "receivedAt", "revision", "text", "language"] as const),
      ...(["terms", "hashtags", "mentions", "links", "counts", "sensitivity", "region"] as const),
    ],
  },
) satisfies fc.Arbitrary<Post>;
const change = fc.record(
  {
    kind: fc.constantFrom("post", "counts", "terms", "delete", "erase"),
    id: postId,
    at,
    partition: fc.nat(63),
    from: fc.record({ offset: fc.nat(), index: fc.nat(9) }),
    generation: fc.nat(9),
    was: contribution,
    is: contribution,
    post,
    erased: fc.record({ author: authorId, upToMs: at, reason: fc.constantFrom("objection", "account-deleted") }),
    ledger: fc.string({ unit: fc.constantFrom("A", "z", "0", "-", "_"), minLength: 1, maxLength: 40 }),
  },
  { requiredKeys: ["kind", "id", "at", "partition", "from", "generation"] },
) satisfies fc.Arbitrary<Change>;

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("a change is read as it was written, in this version's form and in the first one's", () => {
  fc.assert(
    fc.property(change, fc.boolean(), (made, isSame) => {
      const one: Change = made.post !== undefined && isSame ? { ...made, post: { ...made.post, id: made.id } } : made;
      assert.deepEqual(plain(parseChange(encodeChange(one))), plain(one));
      assert.deepEqual(parseChange(JSON.stringify(one)), plain(one));
    }),
    { numRuns: 1_000 },
  );
});

test("a frame of a newer version is refused", () => {
  const [sample] = fc.sample(change, 1);
  assert.ok(sample);
  const newer = encodeChange(sample).replace(/^\[2,/, "[3,");
  assert.throws(() => parseChange(newer), { code: "FORMAT_UNKNOWN" });
});

test("what every post has costs no names: a plain post's frame is short", () => {
  const [id, author]: [PostId, AuthorId] = [postIdFrom(new Uint8Array(16)), authorIdFrom(1, new Uint8Array(16))];
  const post: Post = {
    ...{ id, author, platform: "bluesky", source: "a", createdAt: 1, receivedAt: 2, revision: 0, text: "hello", language: "en", terms: [], hashtags: [], mentions: [], links: [] },
    ...{ counts: noCounts, sensitivity: "public", region: "zz" },
  };
  const frame = encodeChange({ kind: "post", id, at: 1, partition: 0, from: { offset: 1, index: 0 }, generation: 0, post });
  assert.ok(frame.length < 160, frame);
});
