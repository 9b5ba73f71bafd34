import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import type { SourceEvent, SourcePost } from "../core/event.ts";
import type { SourcePage } from "../core/source.ts";
import { installPds, type Pds, startPds } from "../../test/peers/atproto.fixtures.ts";
import bluesky from "./bluesky.ts";
import { itemsOf, keyOfEvent, makeContext, openWith, readUntil } from "./source.fixtures.ts";

const session = z.object({ did: z.string(), accessJwt: z.string() });
const made = z.object({ uri: z.string(), cid: z.string() });

test("what is done through a real PDS's API comes out of its firehose as the same events", { timeout: 400_000 }, async (t) => {
  let folder: string;
  let server: Pds;
  try {
    folder = await installPds();
    server = await startPds(folder);
  } catch (error) {
    return t.skip(`no real PDS here: ${error instanceof Error ? error.message.slice(0, 300) : String(error)}`);
  }
  await using pds = server;
  const [ann, bob, eve] = await Promise.all(
    ["ann", "bob", "eve"].map(async (name) =>
      session.parse(await pds.call("com.atproto.server.createAccount", { handle: `${name}.test`, email: `${name}@mail.test`, password: "password" })),
    ),
  );
  assert.ok(ann && bob && eve);
  const write = async (who: z.infer<typeof session>, collection: string, record: Record<string, unknown>) =>
    made.parse(
      await pds.call("com.atproto.repo.createRecord", { repo: who.did, collection, record: { $type: collection, createdAt: new Date().toISOString(), ...record } }, who.accessJwt),
    );
  const remove = async (who: z.infer<typeof session>, uri: string) =>
    pds.call("com.atproto.repo.deleteRecord", { repo: who.did, collection: uri.split("/")[3], rkey: uri.split("/")[4] }, who.accessJwt);

  const text = "héllo 😀 @bob.test about #ham";
  const at = (piece: string) => ({
    byteStart: Buffer.byteLength(text.slice(0, text.indexOf(piece))),
    byteEnd: Buffer.byteLength(text.slice(0, text.indexOf(piece) + piece.length)),
  });
  const first = await write(ann, "app.bsky.feed.post", {
    text,
    langs: ["en"],
    facets: [
      { index: at("@bob.test"), features: [{ $type: "app.bsky.richtext.facet#mention", did: bob.did }] },
      { index: at("#ham"), features: [{ $type: "app.bsky.richtext.facet#tag", tag: "ham" }] },
    ],
  });
  const reply = await write(bob, "app.bsky.feed.post", { text: "a reply", reply: { root: first, parent: first } });
  const quote = await write(eve, "app.bsky.feed.post", { text: "a quote", embed: { $type: "app.bsky.embed.record", record: first } });
  const doomed = await write(ann, "app.bsky.feed.post", { text: "not for long" });
  const like = await write(bob, "app.bsky.feed.like", { subject: first });
  const repost = await write(eve, "app.bsky.feed.repost", { subject: first });
  const many = Array.from({ length: 150 }, (_, i) => ({
    $type: "com.atproto.repo.applyWrites#create",
    collection: "app.bsky.feed.post",
    value: { $type: "app.bsky.feed.post", createdAt: new Date().toISOString(), text: `many ${i}` },
  }));
  await pds.call("com.atproto.repo.applyWrites", { repo: ann.did, writes: many }, ann.accessJwt);
  await pds.call(
    "com.atproto.repo.putRecord",
    {
      repo: bob.did,
      collection: "app.bsky.feed.post",
      rkey: reply.uri.split("/")[4],
      record: { $type: "app.bsky.feed.post", createdAt: new Date().toISOString(), text: "a better reply", reply: { root: first, parent: first } },
    },
    bob.accessJwt,
  );
  await remove(ann, doomed.uri);
  await remove(bob, like.uri);
  await pds.call("com.atproto.server.deactivateAccount", {}, eve.accessJwt);

  await using context = makeContext();
  const { open, parse } = openWith(bluesky, { via: "firehose", endpoints: [pds.url.replace("http", "ws")], startAt: "oldest" });
  const source = await open(context);
  const events: SourceEvent[] = [];
  const take = (bytes: Uint8Array): SourceEvent[] =>
    parse(bytes).flatMap((outcome) => {
      assert.ok(!("reject" in outcome), "reject" in outcome ? outcome.reject.message : "");
      return "keep" in outcome ? [outcome.keep] : [];
    });
  const pages = await readUntil(source, undefined, (all) => {
    for (const item of itemsOf(all.slice(-1))) {
      for (const event of take(item.bytes)) {
        const key = keyOfEvent(event);
        assert.deepEqual(item.key, key === "all" ? { all: true } : key);
        events.push(event);
      }
    }
    return events.some((event) => event.type === "erase");
  });

  const posts = new Map<string, SourcePost>();
  for (const event of events) if (event.type === "post") posts.set(event.post.id, event.post);
  const root = posts.get(first.uri);
  assert.deepEqual([root?.text, root?.author.id, root?.languages], [text, ann.did, ["en"]]);
  assert.deepEqual(
    root?.spans?.map(({ start, end, kind, value }) => [text.slice(start, end), kind, value]),
    [
      ["@bob.test", "mention", bob.did],
      ["#ham", "hashtag", "ham"],
    ],
  );
  const answered = posts.get(reply.uri);
  assert.deepEqual([answered?.text, answered?.replyTo, answered?.root], ["a better reply", first.uri, first.uri]);
  assert.ok((answered?.revision ?? 0) > 0);
  assert.equal(posts.get(quote.uri)?.quoteOf, first.uri);
  assert.equal([...posts.values()].filter((post) => /^many \d+$/.test(post.text)).length, 150);
  const of = (type: SourceEvent["type"]) => events.filter((event) => event.type === type);
  assert.deepEqual(
    of("reaction").map((event) => event.type === "reaction" && [event.id, event.mark, event.actor, event.count]),
    [
      [first.uri, like.uri, bob.did, "likes"],
      [first.uri, repost.uri, eve.did, "shares"],
    ],
  );
  assert.deepEqual(
    of("unreaction").map((event) => event.type === "unreaction" && event.mark),
    [like.uri],
  );
  assert.deepEqual(
    of("delete").map((event) => event.type === "delete" && event.id),
    [doomed.uri],
  );
  assert.deepEqual(
    of("erase").map((event) => event.type === "erase" && [event.author, event.reason]),
    [[eve.did, "account-deleted"]],
  );
  assert.deepEqual(new Set(of("identity").map((event) => event.type === "identity" && event.author.handle)), new Set(["ann.test", "bob.test", "eve.test"]));

  const ended = (all: readonly SourcePage[]) => itemsOf(all).some((item) => take(item.bytes).some((event) => event.type === "erase"));
  const whole = itemsOf(pages).map((item) => Buffer.from(item.bytes).toString());
  const rest = itemsOf(await readUntil(source, "10", ended)).map((item) => Buffer.from(item.bytes).toString());
  assert.ok(rest.length > 0 && rest.length < whole.length);
  assert.deepEqual(rest, whole.slice(-rest.length), "what follows a cursor is what came after it");

  const anew = await readUntil(source, "999999999", ended);
  assert.match(anew[0]?.gap?.reason ?? "", /set up anew/);
  assert.equal(itemsOf(anew).length, whole.length);
});
