import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import fc from "fast-check";
import { idWords, type PostId, postIdFrom } from "../core/ids.ts";
import { duplicatesFile } from "./duplicates-file.ts";
import { makeDuplicatesIndex } from "./duplicates-index.ts";
import { openDuplicatesReader } from "./duplicates-reader.ts";
import { sketchOf } from "./duplicates-sketch.ts";
import { openDuplicates } from "./duplicates.ts";
import { describeStore, hand } from "./store.contract.ts";
import { handoversOf, makeAuthorId, makeHistory, makePost, makePostId, makeRandom } from "./store.fixtures.ts";

function idsIn(folder: string): PostId[] {
  const db = new DatabaseSync(path.join(folder, duplicatesFile), { readOnly: true });
  try {
    return db
      .prepare("SELECT id FROM recent UNION SELECT id FROM members")
      .all()
      .map((row) => {
        assert.ok(row["id"] instanceof Uint8Array);
        return postIdFrom(row["id"]);
      });
  } finally {
    db.close();
  }
}

describeStore({ name: "duplicates", inFolder: true, plainBytes: true, open: (folder) => openDuplicates({ folder }), ids: async (folder) => idsIn(folder) });

const text = "The bridge over the river is closed until Monday, take the ferry at the old market instead";

async function groups(texts: readonly string[], more: (history: ReturnType<typeof makeHistory>) => void = () => undefined, capacity = 1_024) {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-duplicates-"));
  try {
    const history = makeHistory();
    for (const [number, words] of texts.entries()) history.post(makePost(number, { text: words }));
    more(history);
    await using store = await openDuplicates({ folder, capacity });
    await hand(store, handoversOf(history.entries, 7));
    await store.maintain({ forget: false });
    using reader = openDuplicatesReader({ folder });
    return texts.map((_, number) => reader.groupOf(makePostId(number), 10));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("near-duplicates", () => {
  test("copies with words before and after are one group, which its oldest post stands for", async () => {
    const found = await groups([
      text,
      "Something else entirely is going on at the harvest market today",
      `RT: ${text}`,
      `${text.toUpperCase()}!!! 🔥`,
      `${text} https://t.example/abc?utm_source=x`,
      text.replace("closed", "CLOSED").replace("Monday,", "Monday –"),
    ]);
    const [first] = found;
    assert.deepEqual(first, { posts: 5, first: makePostId(0), ids: [0, 2, 3, 4, 5].map(makePostId) });
    assert.equal(found[1], undefined);
    for (const number of [2, 3, 4, 5]) assert.deepEqual(found[number], first);
  });

  test("one pattern filled with other words, short texts, and reshares are no copies", async () => {
    const found = await groups(
      [
        "I tried the new camera of Lumanto this morning and it is really wonderful",
        "I tried the new kettle of Brixaro this morning and it is really terrible",
        "Thank you!",
        "Thank you!",
        text,
      ],
      (history) => history.post(makePost(9, { text, reshareOf: makePostId(4) })),
    );
    assert.deepEqual(found, [undefined, undefined, undefined, undefined, undefined]);
  });

  test("an edit leaves its group and enters another; a deleted first post gives its place to the next; a group of one is none", async () => {
    const other = "Nobody told me that the lantern festival had moved to the botanical garden this winter";
    const found = await groups([text, text, text, other, `${other} sadly`], (history) => {
      history.remove(makePostId(0));
      history.post(makePost(2, { text: `${other}!`, revision: 1 }));
    });
    assert.deepEqual(found[1], undefined);
    assert.deepEqual(found[2], { posts: 3, first: makePostId(2), ids: [2, 3, 4].map(makePostId) });
  });

  test("a group outlives the ring, and its posts are still erased; posts alone leave the file", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "earshot-duplicates-"));
    try {
      const random = makeRandom(5);
      const words = () => Array.from({ length: 9 }, () => Math.floor(random() * 1e9).toString(36)).join(" ");
      const history = makeHistory();
      for (const number of [0, 1, 2]) history.post(makePost(number, { text }));
      for (let number = 3; number < 200; number++) history.post(makePost(number, { text: words() }));
      await using store = await openDuplicates({ folder, capacity: 64 });
      await hand(store, handoversOf(history.entries, 50));
      await store.maintain({ forget: false });
      assert.equal((await store.size()).posts, 64 + 3);
      using reader = openDuplicatesReader({ folder });
      assert.equal(reader.groupOf(makePostId(1), 10)?.posts, 3);
      assert.deepEqual((await store.find(makeAuthorId(1))).posts.includes(makePostId(1)), true);
      await store.erase(makeAuthorId(1), Number.MAX_SAFE_INTEGER);
      assert.deepEqual(reader.groupOf(makePostId(0), 10)?.ids, [makePostId(0), makePostId(2)]);
      assert.equal((await store.size()).posts, idsIn(folder).length);
      await store.erase(makeAuthorId(2), Number.MAX_SAFE_INTEGER);
      assert.equal(reader.groupOf(makePostId(0), 10), undefined);
      assert.equal((await store.size()).posts, idsIn(folder).length);
      // A copy of what has left the ring is not known as one.
      const before = history.entries.length;
      history.post(makePost(300, { text }));
      await hand(store, handoversOf(history.entries.slice(before), 5));
      assert.equal(reader.groupOf(makePostId(300), 10), undefined);
      assert.equal((await store.size()).posts, idsIn(folder).length);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("posts that come again with the same text, as when they are judged anew, push nothing out of the ring and keep their groups", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "earshot-duplicates-"));
    try {
      const history = makeHistory();
      const textOf = (number: number) => (number < 3 ? text : `the ${number} tram of line ${number * 7} stops beside gate ${number * 31} until noon`);
      const newest = 99;
      for (let number = 0; number <= newest; number++) history.post(makePost(number, { text: textOf(number) }));
      for (let number = newest; number >= 0; number--) history.post(makePost(number, { text: textOf(number), language: "la" }));
      history.post(makePost(newest + 1, { text: `${textOf(newest)} they say` }));
      await using store = await openDuplicates({ folder, capacity: 64 });
      await hand(store, handoversOf(history.entries, 50));
      await store.maintain({ forget: false });
      using reader = openDuplicatesReader({ folder });
      assert.deepEqual(reader.groupOf(makePostId(newest + 1), 10)?.ids, [newest, newest + 1].map(makePostId));
      assert.deepEqual(reader.groupOf(makePostId(0), 10)?.ids, [0, 1, 2].map(makePostId));
      assert.equal((await store.size()).posts, 64 + 3);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("a reopened store knows what came before", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "earshot-duplicates-"));
    try {
      const history = makeHistory();
      history.post(makePost(0, { text }));
      {
        await using store = await openDuplicates({ folder });
        await hand(store, handoversOf(history.entries, 5));
      }
      history.post(makePost(1, { text: `${text} again` }));
      await using store = await openDuplicates({ folder });
      await hand(store, handoversOf(history.entries, 5, await store.positions()));
      await store.flush();
      using reader = openDuplicatesReader({ folder });
      assert.equal(reader.groupOf(makePostId(0), 10)?.posts, 2);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test("the index finds the last so many posts by id and by text, and no other, whatever was added and removed", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ word: fc.nat(40), remove: fc.boolean() }), { maxLength: 200 }), (steps) => {
      const capacity = 16;
      const index = makeDuplicatesIndex(capacity);
      const held = new Map<number, string>();
      for (const [number, { word, remove }] of steps.entries()) {
        const words = `w${word} x${word} y${word} z${word} v${word} u${word} t${word}`;
        const sketch = sketchOf(words);
        assert.ok(sketch);
        const copies = [...held].filter(([at, known]) => known === words && at >= number - capacity).map(([at]) => at);
        assert.equal(index.find(sketch), copies.at(-1));
        const { high, low } = idWords(makePostId(number));
        index.add(number, sketch, high, low, word);
        held.set(number, words);
        for (const at of held.keys()) {
          const id = idWords(makePostId(at));
          assert.equal(index.numberOf(id.high, id.low), at > number - capacity ? at : undefined);
        }
        assert.deepEqual(
          index.ofAuthor(word),
          [...held].filter(([at, known]) => known === words && at > number - capacity).map(([at]) => at),
        );
        if (remove) {
          index.remove(number);
          held.delete(number);
          assert.equal(index.numberOf(high, low), undefined);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("whatever the text, the sketch is small, ascending and the same again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 3_000 }), (words) => {
      const sketch = sketchOf(words);
      if (sketch === undefined) return;
      assert.deepEqual(sketchOf(words), sketch);
      assert.ok(sketch.hashes.length <= 32 && sketch.keys.length <= 3 && sketch.runs >= sketch.hashes.length);
      for (const list of [sketch.hashes, sketch.keys])
        assert.deepEqual(
          [...new Set(list)].sort((a, b) => a - b),
          [...list],
        );
    }),
    { numRuns: 500 },
  );
});

test("addresses and the hashtags at the end are left out, at a cost that grows with the length alone", () => {
  const began = performance.now();
  for (const part of ["https://", "a.example.", "a.example/ ", "#a ", " #", "#\n"]) sketchOf(`x ${part.repeat(12_500)}`);
  // Looked at from each of its addresses or tags, one would take seconds.
  assert.ok(performance.now() - began < 1_000);
  const words = "five words and an address";
  const plain = sketchOf(`${words} end of it`);
  for (const same of [
    `${words} https://a.example/x?from=one&to=two end of it`,
    `${words} https://a.example/y end of it`,
    `${words} end of it www.a.example/a-long-on...`,
    `${words} end of it #one #two`,
    `${words} end of it\n\n#one #two\n`,
    `${words} end of it #one https://a.example/x`,
  ])
    assert.deepEqual(sketchOf(same), plain, same);
  for (const other of [`${words} #one end of it`, `${words} end of it 1/2`, `${words} end of it and/or`]) assert.notDeepEqual(sketchOf(other), plain, other);
});
