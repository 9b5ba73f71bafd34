import assert from "node:assert/strict";
import { test } from "node:test";
import { eraseNow, idsOf, makeFolder, settle, startIn, totalsBy, until } from "./e2e/system.fixtures.ts";
import { installPds, type Pds, startPds } from "./peers/atproto.fixtures.ts";

const post = "app.bsky.feed.post";

test("what is done through a real PDS's API is what the whole system finds, counts and forgets, also after a restart", { timeout: 400_000 }, async (t) => {
  let started: Pds;
  try {
    started = await startPds(await installPds());
  } catch (error) {
    return t.skip(`no real PDS here: ${error instanceof Error ? error.message.slice(0, 300) : String(error)}`);
  }
  await using pds = started;
  using folder = makeFolder();
  const [ann, bob, eve] = [await pds.join("ann"), await pds.join("bob"), await pds.join("eve")];
  const config = {
    sources: { network: { use: "bluesky", via: "firehose", keep: "everything" as const, endpoints: [pds.url.replace("http", "ws")], startAt: "oldest" } },
    terms: { ham: { name: "Ham", kind: "topic" as const, query: "ham OR #ham" } },
  };
  const total = (posts: number, likes: number, shares: number) => ({ bluesky: { posts, likes, shares, replies: 0 } });
  const uris: string[] = [];
  {
    await using running = await startIn(folder.path, config);
    const { engine, pseudonyms } = running;
    const seen = (uri: string) =>
      until(
        () => `${uri} is found`,
        async () => (await engine.post(pseudonyms.postId("bluesky", uri), {})) !== undefined,
      );
    const gone = (uri: string) =>
      until(
        () => `${uri} is gone`,
        async () => (await engine.post(pseudonyms.postId("bluesky", uri), {})) === undefined,
      );
    const counted = (uri: string, likes: number, shares: number) =>
      until(
        () => `${uri}: ${likes} likes, ${shares} shares`,
        async () => {
          const counts = (await engine.post(pseudonyms.postId("bluesky", uri), {}))?.counts;
          return counts?.likes === likes && counts.shares === shares;
        },
      );

    const first = await pds.write(ann, post, { text: "héllo 😀 about #ham", langs: ["en"] });
    const reply = await pds.write(bob, post, { text: "a reply to hello", reply: { root: first, parent: first } });
    const quote = await pds.write(eve, post, { text: "a quote of ham", embed: { $type: "app.bsky.embed.record", record: first } });
    const doomed = await pds.write(ann, post, { text: "not for long" });
    uris.push(first.uri, reply.uri, quote.uri);
    for (const uri of [...uris, doomed.uri]) await seen(uri);

    const like = await pds.write(bob, "app.bsky.feed.like", { subject: first });
    await pds.write(eve, "app.bsky.feed.like", { subject: first });
    await pds.write(eve, "app.bsky.feed.repost", { subject: first });
    await counted(first.uri, 2, 1);
    await pds.remove(bob, like.uri);
    await counted(first.uri, 1, 1);
    await pds.remove(ann, doomed.uri);
    await gone(doomed.uri);
    const [, , , , rkey] = reply.uri.split("/");
    await pds.call(
      "com.atproto.repo.putRecord",
      { repo: bob.did, collection: post, rkey, record: { $type: post, createdAt: new Date().toISOString(), text: "a better reply", reply: { root: first, parent: first } } },
      bob.accessJwt,
    );
    await until(
      () => "the edit",
      async () => (await idsOf(running, "better")).size === 1,
    );
    await settle(running);
    assert.equal((await engine.post(pseudonyms.postId("bluesky", first.uri), {}))?.text, "héllo 😀 about #ham");
    assert.equal((await idsOf(running, "reply NOT better")).size, 0, "the words before the edit are gone");
    assert.deepEqual(await totalsBy(running, "platform"), total(3, 1, 1));
    assert.equal((await totalsBy(running, "term"))["ham"]?.posts, 2);
    const replied = await engine.post(pseudonyms.postId("bluesky", reply.uri), {});
    assert.deepEqual([replied?.replyTo, replied?.root], [pseudonyms.postId("bluesky", first.uri), pseudonyms.postId("bluesky", first.uri)]);

    // The platform's word that an account is gone.
    await pds.call("com.atproto.server.deactivateAccount", {}, eve.accessJwt);
    await gone(quote.uri);
    await settle(running);
    assert.deepEqual(await totalsBy(running, "platform"), total(2, 1, 1));
    const [erasure] = await engine.erasures();
    assert.deepEqual([erasure?.authors, erasure?.reason, erasure?.objection], [[pseudonyms.authorId("bluesky", eve.did)], "account-deleted", false]);
    assert.deepEqual(
      running.told.filter((line) => line.startsWith("error")),
      [],
    );
  }
  // What happens while nobody listens is read from where the cursor stands.
  const missed = await pds.write(bob, post, { text: "said in the meantime" });
  await using running = await startIn(folder.path, config);
  await until(
    () => "what was missed",
    async () => (await idsOf(running, "meantime")).size === 1,
  );
  await settle(running);
  assert.deepEqual(await totalsBy(running, "platform"), total(3, 1, 1));
  const [author] = await running.engine.resolveAuthor("bluesky:bob.test");
  assert.equal(author?.author, running.pseudonyms.authorId("bluesky", bob.did), "by its handle");
  assert.ok((await running.engine.find(bob.did)).total > 0);
  const erased = await eraseNow(running, author.author, true);
  assert.deepEqual([erased.state, erased.posts], ["gone", 2]);
  for (const asked of [bob.did, "bob.test", missed.uri]) {
    const { total: left, stores } = await running.engine.find(asked);
    assert.equal(left, 0, `${asked}: ${JSON.stringify(stores.filter(({ hits }) => hits > 0))}`);
  }
  assert.deepEqual(await totalsBy(running, "platform"), total(1, 1, 1));
  await pds.write(bob, post, { text: "said after the objection" });
  const last = await pds.write(ann, post, { text: "the last word" });
  await until(
    () => "the last word",
    async () => (await running.engine.post(running.pseudonyms.postId("bluesky", last.uri), {})) !== undefined,
  );
  await settle(running);
  assert.equal((await idsOf(running, "objection")).size, 0);
  assert.deepEqual(await totalsBy(running, "platform"), total(2, 1, 1));
});
