import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { makePopulation } from "./authors.ts";
import { brands } from "./brands.ts";
import { compose, type Mood } from "./compose.ts";
import type { Delivery } from "./delivery.ts";
import { makeEngine } from "./engine.ts";
import { makeAgenda } from "./heap.ts";
import { benchMix } from "./options.ts";
import { makeOracle } from "./oracle.ts";
import { ibanCheck, luhnDigit, pickPii } from "./pii.ts";
import { makeRandom } from "./random.ts";
import { plain } from "./reference.ts";
import type { Truth } from "./truth.ts";
import { languages } from "./vocabulary.ts";
import { renderText, tidLetters, tidOf } from "./wire/bluesky.ts";
import { renderStatus } from "./wire/mastodon.ts";

const startMs = Date.UTC(2026, 8, 1);

function world(seed: string, posts: number): { sent: Delivery[]; truths: Truth[] } {
  const truths: Truth[] = [];
  const oracle = makeOracle({ settledPostsAtMost: 0, onSettled: (truth) => truths.push(truth) });
  const sent: Delivery[] = [];
  const engine = makeEngine(
    { seed, startMs, mix: { ...benchMix, pii: 0.2 }, blueskyShare: 0.7, accounts: 200, postsAtMost: posts, delayFactor: 1, ratePerSecondAt: () => 1, crisesAt: () => undefined },
    { ...oracle, deliver: (delivery) => void sent.push(delivery) },
  );
  while (engine.step());
  engine.close();
  return { sent, truths };
}

const { sent, truths } = world("wire", 3_000);
const draftOf = (seed: number) => {
  const random = makeRandom(`draft/${seed}`);
  const moods: readonly Mood[] = ["positive", "negative", "neutral"];
  return compose(random, {
    language: random.pick(languages),
    mood: random.pick(moods),
    brand: random.chance(0.5) ? random.pick(brands) : undefined,
    campaign: undefined,
    mention: random.chance(0.5) ? { nativeId: "did:plc:someone", handle: "someone.simulated.example" } : undefined,
    lettersAtMost: 285,
    piiShare: 0.5,
  });
};

test("facets mark exactly the bytes of their mention, hashtag or link", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { parts, links } = draftOf(seed);
      const { text, facets } = renderText(parts);
      const bytes = Buffer.from(text);
      for (const { index, features } of facets) {
        const shown = bytes.subarray(index.byteStart, index.byteEnd).toString();
        const [feature = {}] = features;
        if (feature["tag"] !== undefined) assert.equal(shown, `#${feature["tag"]}`);
        else if (feature["did"] !== undefined) assert.equal(shown, "@someone.simulated.example");
        else assert.ok(links.includes(feature["uri"] ?? "") && (shown === feature["uri"] || feature["uri"]?.includes(shown.slice(0, -3))));
      }
      assert.equal(facets.length, parts.filter((part) => ["mention", "hashtag", "link"].includes(part.kind)).length);
    }),
  );
});

test("a post on Bluesky has at most 300 graphemes", () => {
  const segmenter = new Intl.Segmenter();
  for (const truth of truths) {
    if (truth.platform === "bluesky" && truth.revision === 0) assert.ok([...segmenter.segment(truth.text)].length <= 300, truth.text);
  }
});

test("a status's HTML and its plain text say the same", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { html, text } = renderStatus(draftOf(seed).parts);
      assert.equal(plain(html), text);
    }),
  );
});

test("a text with signs that HTML gives a meaning is escaped", () => {
  assert.equal(renderStatus([{ kind: "text", text: `a < b & "c" > 'd'` }]).html, "<p>a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;</p>");
});

test("a post's message has the members that Jetstream gives it", () => {
  const messages = sent.filter(({ platform, kind, drifted }) => platform === "bluesky" && kind === "post" && !drifted);
  assert.ok(messages.length > 1_000);
  for (const { wire, did } of messages) {
    const message = JSON.parse(wire);
    assert.deepEqual(Object.keys(message), ["did", "time_us", "kind", "commit"]);
    assert.deepEqual(Object.keys(message.commit), ["rev", "operation", "collection", "rkey", "record", "cid"]);
    assert.equal(message.did, did);
    assert.match(message.did, /^did:plc:[a-z2-7]{24}$/u);
    assert.match(message.commit.rkey, /^[234567a-j][234567a-z]{12}$/u);
    assert.match(message.commit.cid, /^bafyrei[a-z2-7]{52}$/u);
    assert.ok(Number.isSafeInteger(message.time_us));
    assert.equal(message.commit.record.$type, "app.bsky.feed.post");
    assert.ok(message.commit.record.langs.length >= 1);
    const { reply } = message.commit.record;
    if (reply !== undefined) for (const ref of [reply.parent, reply.root]) assert.match(ref.uri, /^at:\/\/did:plc:[a-z2-7]{24}\/app\.bsky\.feed\.post\//u);
  }
});

test("likes, withdrawals, identities and endings have Jetstream's forms", () => {
  const first = (kind: string) => JSON.parse(sent.find((delivery) => delivery.platform === "bluesky" && delivery.kind === kind)?.wire ?? "{}");
  assert.deepEqual(Object.keys(first("reaction").commit.record), ["$type", "createdAt", "subject"]);
  assert.deepEqual(Object.keys(first("unreaction").commit), ["rev", "operation", "collection", "rkey"]);
  assert.deepEqual(Object.keys(first("delete").commit), ["rev", "operation", "collection", "rkey"]);
  assert.deepEqual(Object.keys(first("identity").identity), ["did", "handle", "seq", "time"]);
  assert.equal(first("erase").account.active, false);
  assert.equal(first("edit").commit.operation, "update");
});

test("a status has the members that Mastodon gives it, and its event a payload that is a text", () => {
  const wanted = [
    "id",
    "created_at",
    "in_reply_to_id",
    "in_reply_to_account_id",
    "sensitive",
    "spoiler_text",
    "visibility",
    "language",
    "uri",
    "url",
    "replies_count",
    "reblogs_count",
    "favourites_count",
    "edited_at",
    "content",
    "reblog",
    "account",
    "media_attachments",
    "mentions",
    "tags",
    "emojis",
    "card",
    "poll",
  ];
  const messages = sent.filter(({ platform, kind, drifted }) => platform === "mastodon" && kind === "post" && !drifted);
  assert.ok(messages.length > 500);
  let boosts = 0;
  for (const { wire } of messages) {
    const message = JSON.parse(wire);
    assert.deepEqual(message.stream, ["public"]);
    assert.equal(typeof message.payload, "string");
    const status = JSON.parse(message.payload);
    for (const name of wanted) assert.ok(name in status, name);
    assert.match(status.id, /^\d{18}$/u);
    assert.ok(status.account.acct.length > 0 && /\.simulated\.example/u.test(status.account.url));
    if (status.reblog !== null) {
      boosts += 1;
      assert.equal(status.content, "");
      assert.ok(status.reblog.content.startsWith("<p>"));
    }
  }
  assert.ok(boosts > 0);
});

test("nobody's message names a host outside the simulated world", () => {
  for (const { wire, kind } of sent) {
    if (kind === "malformed") continue;
    for (const [, host = ""] of wire.matchAll(/https?:\/\/([a-z0-9.-]+)/gu)) assert.ok(host.endsWith("simulated.example"), host);
  }
});

test("a brand is mentioned exactly where its name stands as a word", () => {
  for (const truth of truths) {
    const text = truth.text.replace(/https?:\S+/gu, " ");
    for (const brand of brands)
      assert.equal(new RegExp(`(?<![\\p{L}\\p{N}])${brand.name}(?![\\p{L}\\p{N}])`, "iu").test(text), truth.brands.includes(brand.id), `${brand.id}: ${truth.text}`);
  }
});

test("cards pass the Luhn check and accounts the IBAN check, and belong to nobody", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { kind, text } = pickPii(makeRandom(`pii/${seed}`));
      const bare = text.replace(/ /gu, "");
      if (kind === "card") assert.equal(luhnDigit(bare.slice(0, -1)), bare.at(-1));
      if (kind === "iban") {
        assert.equal(ibanCheck(bare.slice(0, 2), bare.slice(4)), bare.slice(2, 4));
        assert.equal(bare.length, 22);
      }
      if (kind === "email") assert.ok(text.endsWith("simulated.example"));
    }),
    { numRuns: 400 },
  );
});

test("a card number and an account number known from the standards have the right check digits", () => {
  assert.equal(luhnDigit("411111111111111"), "1");
  assert.equal(ibanCheck("GB", "WEST12345698765432"), "82");
});

test("timestamp identifiers sort as their times do", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 50 }), fc.integer({ min: 1, max: 2 ** 40 }), (timeUs, laterUs) => {
      const rank = (tid: string) =>
        tid
          .split("")
          .map((letter) => String(tidLetters.indexOf(letter)).padStart(2, "0"))
          .join("");
      assert.ok(rank(tidOf(timeUs)) < rank(tidOf(timeUs + laterUs)));
      assert.equal(tidOf(timeUs).length, 13);
    }),
  );
});

test("an agenda gives back what was added in the order of time, equal times as they were added", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
      const agenda = makeAgenda<{ at: number; order: number }>();
      times.forEach((at, order) => agenda.add(at, { at, order }));
      const taken = times.map(() => agenda.take());
      assert.deepEqual(
        taken,
        times.map((at, order) => ({ at, order })).toSorted((a, b) => a.at - b.at || a.order - b.order),
      );
      assert.equal(agenda.take(), undefined);
      assert.equal(agenda.nextAtMs(), Infinity);
    }),
  );
});

test("accounts that end never like or reshare", () => {
  const random = makeRandom("lasting");
  const population = makePopulation("lasting", "bluesky", 300, 0.5, startMs);
  for (let index = 0; index < 300; index += 1) assert.equal(population.pickLasting(random).ending, undefined);
});
