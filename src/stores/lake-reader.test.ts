import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { makeFakeClock } from "../core/clock.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import type { Post } from "../core/event.ts";
import { isAllowed } from "../core/filter.ts";
import { type Lake, type LakeOptions, openLake } from "./lake.ts";
import { makeFileManifest } from "./lake-manifest.ts";
import type { LakeQuery } from "./lake-query.ts";
import { hand } from "./store.contract.ts";
import { handoversOf, type History, historyStartMs, makeAuthorId, makeHistory, makeMentionId, makePost, makePostId, makeRandomHistory } from "./store.fixtures.ts";

const files = makeDiskFiles();
const dayMs = 86_400_000;

async function withLake(history: History, run: (lake: Lake, folder: string) => Promise<void>, options: Pick<LakeOptions, "limits" | "compaction"> = {}): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-lake-"));
  try {
    await using lake = await openLake({ folder, files, clock: makeFakeClock(Date.UTC(2026, 10, 22)), manifest: makeFileManifest(files, folder), ...options });
    await hand(lake, handoversOf(history.entries, 50));
    await lake.flush();
    await run(lake, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const small = { limits: { bufferedChanges: 60 }, compaction: { stepRows: 120, freshFiles: 3, joinFiles: 2, bucketRows: 12 } };

async function maintained(lake: Lake): Promise<void> {
  while ((await lake.maintain({ forget: false })).owed > 0);
}

const fullPost: Post = makePost(1, {
  editedAt: historyStartMs + 5_000,
  revision: 9_007_199_254_740_991,
  text: "Zwei Zeilen\nund ein 'Zeichen' \\ 天気 🌦️",
  sentiment: { label: "positive", score: 0.123456789 },
  terms: ["acme", "with, comma"],
  hashtags: ["天気", "a"],
  mentions: [makeMentionId(1), makeMentionId(2)],
  links: ["https://example.org/?a='b'"],
  replyTo: makePostId(2),
  root: makePostId(3),
  reshareOf: makePostId(4),
  quoteOf: makePostId(5),
  counts: { likes: 3_000_000_000, shares: 1, replies: 2, views: 9_007_199_254_740_991 },
  media: [{ kind: "image", url: "https://example.org/a.png", alt: "Ein Bild", mimeType: "image/png", sizeBytes: 12 }],
  sensitivity: "special",
  region: "de",
  pii: [{ start: 0, end: 4, kind: "email" }],
  extra: { nested: { list: [1, "two", null] } },
});

test("a post comes back as it was stored, with every field, before and after compaction", async () => {
  const history = makeHistory(1);
  history.post(fullPost);
  history.post(makePost(2, { text: "" }));
  for (let number = 3; number < 30; number++) history.post(makePost(number));
  const check = async (lake: Lake) => {
    const { posts } = await lake.reader.bodies([
      { id: fullPost.id, createdAt: fullPost.createdAt },
      { id: makePostId(2), createdAt: historyStartMs + 2_000, author: makeAuthorId(2), platform: "bluesky" },
    ]);
    assert.deepEqual(posts.get(fullPost.id), fullPost);
    assert.deepEqual(posts.get(makePostId(2)), makePost(2, { text: "" }));
  };
  await withLake(
    history,
    async (lake) => {
      await check(lake);
      await maintained(lake);
      await check(lake);
    },
    { limits: { bufferedChanges: 8 }, compaction: { freshFiles: 2, bucketRows: 4 } },
  );
});

test("posts are those of the time, platform, language, term, author and filter asked for, newest first", async () => {
  const history = makeRandomHistory(50, 500);
  const all = [...history.left.values()];
  const pickers = {
    fromMs: fc.integer({ min: historyStartMs, max: historyStartMs + 40 * dayMs }),
    platforms: fc.subarray(["bluesky", "mastodon", "reddit"]),
    languages: fc.subarray(["en", "de", "ja", "und"]),
    sentiments: fc.subarray(["negative", "neutral", "positive", "none"] as const),
    terms: fc.subarray(["acme", "globex", "umbrella"], { minLength: 1 }),
    author: fc.integer({ min: 0, max: 12 }).map(makeAuthorId),
    filter: fc.record(
      { sources: fc.subarray(["world", "north", "south"]), sensitivities: fc.subarray(["public", "special"] as const), regions: fc.subarray(["de", "zz"]) },
      { requiredKeys: [] },
    ),
  };
  const matches = (post: Post, query: LakeQuery) =>
    post.createdAt >= (query.fromMs ?? 0) &&
    (query.platforms?.includes(post.platform) ?? true) &&
    (query.languages?.includes(post.language) ?? true) &&
    (query.sentiments?.includes(post.sentiment?.label ?? "none") ?? true) &&
    (query.terms?.some((term) => post.terms.includes(term)) ?? true) &&
    (query.author === undefined || query.author === post.author) &&
    isAllowed(query.filter ?? {}, post);
  await withLake(
    history,
    async (lake) => {
      await maintained(lake);
      await fc.assert(
        fc.asyncProperty(fc.record(pickers, { requiredKeys: [] }), async (query) => {
          const expected = all.filter((post) => matches(post, query));
          const { posts } = await lake.reader.posts(query, 10_000);
          assert.deepEqual(posts.map(({ id }) => id).sort(), expected.map(({ id }) => id).sort());
          assert.ok(posts.every((post, index) => index === 0 || post.createdAt <= (posts[index - 1]?.createdAt ?? 0)));
          const { groups } = await lake.reader.groups(query, { by: [] });
          assert.equal(
            groups.reduce((sum, group) => sum + group.posts, 0),
            expected.length,
          );
        }),
        { numRuns: 40 },
      );
    },
    small,
  );
});

test("groups by hour, platform and term equal a recount of the posts", async () => {
  const history = makeRandomHistory(51, 400);
  await withLake(
    history,
    async (lake) => {
      await maintained(lake);
      const expected = new Map<string, { posts: number; likes: number; authors: Set<string> }>();
      for (const post of history.left.values()) {
        for (const term of post.terms.length > 0 ? post.terms : ["none"]) {
          const key = [Math.floor(post.createdAt / 3_600_000) * 3_600_000, post.platform, term].join(" ");
          const group = expected.get(key) ?? { posts: 0, likes: 0, authors: new Set() };
          expected.set(key, { posts: group.posts + 1, likes: group.likes + post.counts.likes, authors: group.authors.add(post.author) });
        }
      }
      const { groups } = await lake.reader.groups({}, { by: ["platform", "term"], everyMs: 3_600_000 });
      const found = groups.map(({ at, keys, posts, likes, authors }) => [[at, keys.platform, keys.term].join(" "), { posts, likes, authors }] as const);
      assert.deepEqual(new Map(found), new Map([...expected].map(([key, group]) => [key, { ...group, authors: group.authors.size }])));
      assert.equal(found.length, expected.size);
    },
    small,
  );
});

test("groups by hashtag, whole and the most frequent alone, equal a recount: spellings are one, a post counts once under each, labels and likes too", async () => {
  const history = makeHistory();
  const tags = [["Ernte"], ["ernte", "ERNTE", "Wald"], ["wald"], ["Éclair"], ["eclair", "ernte"], []];
  for (let i = 0; i < 300; i++) {
    const label = (["negative", "neutral", "positive", undefined] as const)[i % 4];
    history.post(
      makePost(i, {
        createdAt: historyStartMs + i * 1_800_000,
        hashtags: tags[i % tags.length] ?? [],
        counts: { likes: i, shares: 1, replies: 0, views: 0 },
        ...(label && { sentiment: { label, score: 0 } }),
      }),
    );
  }
  for (let i = 0; i < 300; i += 7) history.counts(makePostId(i), { likes: 1_000 });
  for (let i = 3; i < 300; i += 11) history.remove(makePostId(i));
  await withLake(
    history,
    async (lake) => {
      await maintained(lake);
      const fold = (tag: string) => tag.toLowerCase().normalize("NFD").replaceAll(/\p{M}/gu, "");
      for (const everyMs of [undefined, 3_600_000, 86_400_000]) {
        const expected = new Map<string, { posts: number; likes: number; negative: number }>();
        const totals = new Map<string, number>();
        for (const post of history.left.values()) {
          for (const tag of new Set(post.hashtags.map(fold))) {
            const key = `${everyMs === undefined ? 0 : Math.floor(post.createdAt / everyMs) * everyMs} ${tag}`;
            const { posts, likes, negative } = expected.get(key) ?? { posts: 0, likes: 0, negative: 0 };
            expected.set(key, { posts: posts + 1, likes: likes + post.counts.likes, negative: negative + (post.sentiment?.label === "negative" ? 1 : 0) });
            totals.set(tag, (totals.get(tag) ?? 0) + 1);
          }
        }
        const best = new Set(
          [...totals]
            .toSorted((a, b) => b[1] - a[1])
            .slice(0, 2)
            .map(([tag]) => tag),
        );
        for (const withoutAuthors of [true, false]) {
          for (const top of [undefined, 2]) {
            const { groups, values } = await lake.reader.groups(
              {},
              { by: ["hashtag"], withoutAuthors, ...(everyMs !== undefined && { everyMs }), ...(top !== undefined && { top }) },
            );
            const found = groups.map(({ at, keys, posts, likes, negative }) => [`${at} ${keys.hashtag}`, { posts, likes, negative }] as const);
            const wanted = [...expected].filter(([key]) => top === undefined || best.has(key.slice(key.indexOf(" ") + 1)));
            assert.deepEqual(new Map(found), new Map(wanted));
            assert.equal(found.length, wanted.length);
            assert.equal(values, top === undefined ? undefined : totals.size);
          }
        }
      }
    },
    small,
  );
});

test("a time range reads the files of its dates only, and says how many bytes", async () => {
  const history = makeRandomHistory(52, 600);
  await withLake(
    history,
    async (lake) => {
      await maintained(lake);
      const whole = await lake.reader.posts({}, 1);
      const day = await lake.reader.posts({ fromMs: historyStartMs + 10 * dayMs, toMs: historyStartMs + 11 * dayMs, platforms: ["bluesky"] }, 1);
      assert.equal(whole.filesScanned, whole.filesTotal);
      assert.ok(day.filesScanned < whole.filesScanned / 3, `${day.filesScanned} of ${whole.filesScanned}`);
      assert.ok(day.bytesScanned > 0 && day.bytesScanned < whole.bytesScanned / 3, `${day.bytesScanned} of ${whole.bytesScanned}`);
      const stored = lake.state().files.reduce((sum, file) => sum + (file.dataset === "posts" ? file.sizeBytes : 0), 0);
      assert.ok(whole.bytesScanned <= stored && whole.bytesScanned > stored / 20, `${whole.bytesScanned} of ${stored}`);
      const sums = await lake.reader.groups({}, { by: ["platform"] });
      assert.ok(sums.bytesScanned < whole.bytesScanned / 2, "sums read no text");
    },
    small,
  );
});

test("a read under way keeps its files: forgetting waits with the bytes, and the read ends whole", async () => {
  const history = makeRandomHistory(53, 400);
  await withLake(
    history,
    async (lake, folder) => {
      const reading = lake.reader.all({})[Symbol.asyncIterator]();
      const first = await reading.next();
      const before = lake.state().files.map((file) => file.path);
      await maintained(lake);
      for (let step = 0; step < 50; step++) await lake.maintain({ forget: true });
      let seen = first.done === true ? 0 : first.value.length;
      for (let next = await reading.next(); next.done !== true; next = await reading.next()) seen += next.value.length;
      assert.equal(seen, history.left.size);
      await lake.maintain({ forget: true });
      const named = new Set(lake.state().files.map((file) => file.path));
      const left = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".parquet"));
      assert.deepEqual(left.map((name) => name.replaceAll(path.sep, "/")).sort(), [...named].sort());
      assert.notDeepEqual(before.sort(), [...named].sort());
    },
    small,
  );
});

test("exports write what is shown, with ids as the API writes them", async () => {
  const history = makeRandomHistory(54, 120);
  await withLake(history, async (lake, folder) => {
    const target = path.join(folder, "tmp", "out.ndjson");
    const { posts } = await lake.reader.copyTo({ languages: ["en"] }, target, "ndjson");
    const expected = [...history.left.values()].filter((post) => post.language === "en");
    assert.equal(posts, expected.length);
    const lines = (await readFile(target, "utf8")).trim().split("\n");
    const found = lines.map((line): unknown => JSON.parse(line));
    assert.deepEqual(
      found.map((line) => (typeof line === "object" && line !== null && "id" in line && "author" in line ? `${line.id} ${line.author}` : "")).sort(),
      expected.map(({ id, author }) => `${id} ${author}`).sort(),
    );
    for (const format of ["csv", "parquet"] as const) assert.equal((await lake.reader.copyTo({}, path.join(folder, "tmp", `out.${format}`), format)).posts, history.left.size);
  });
});

test("texts with NUL, lone surrogates and list separators do no harm to what stands beside them", async () => {
  const history = makeHistory(1);
  history.post(makePost(1, { text: "a\u0000b", hashtags: ["one\u001ftwo", "three"] }));
  history.post(makePost(2, { text: "lone \ud800 surrogate", terms: ["\ud83c"] }));
  await withLake(history, async (lake) => {
    const { posts } = await lake.reader.posts({}, 10);
    const [second, first] = posts;
    assert.deepEqual(first?.hashtags, ["onetwo", "three"]);
    assert.equal(first?.text, "a\u0000b");
    assert.equal(second?.text, "lone \ufffd surrogate");
  });
});
