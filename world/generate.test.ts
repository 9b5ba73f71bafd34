import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { generate } from "./generate.ts";

const files = ["jetstream.ndjson", "mastodon.ndjson", "truth.ndjson", "truth-rollups.ndjson", "truth-summary.json"];

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "world-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function digests(folder: string): Promise<string[]> {
  return Promise.all(
    files.map(async (name) =>
      createHash("sha256")
        .update(await readFile(join(folder, name)))
        .digest("hex"),
    ),
  );
}

test("the same seed writes the same bytes, another seed others", async () => {
  await inFolder(async (folder) => {
    const wish = { posts: 1_500, hours: 24 };
    await generate({ ...wish, seed: "one", out: join(folder, "a") });
    await generate({ ...wish, seed: "one", out: join(folder, "b") });
    await generate({ ...wish, seed: "two", out: join(folder, "c") });
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => digests(join(folder, name))));
    assert.deepEqual(a, b);
    for (const [index, digest] of (c ?? []).entries()) assert.notEqual(digest, a?.[index]);
  });
});

test("the files hold the mix that is asked for, in envelopes of the real sizes, with many words", async () => {
  await inFolder(async (out) => {
    const posts = 20_000;
    const { summary, files: written } = await generate({ seed: "mix", posts, out });
    const near = (name: string, got: number, want: number) => assert.ok(Math.abs(got - want) < want * 0.15 + 12, `${name}: ${got} instead of ${want}`);
    const { sent } = summary;
    assert.equal(summary.posts, posts);
    near("redelivered", sent.redelivered, posts * 0.05);
    near("engagement", sent.reactions + sent.counts, posts * 0.1);
    near("edits", sent.edits, posts * 0.03);
    near("deletes", sent.deletes, posts * 0.03);
    near("late", sent.late, posts * 0.05);
    near("malformed", sent.rejected + sent.ambiguous, posts * 0.001);
    near("bluesky", summary.byPlatform.bluesky.posts, posts * 0.7);
    assert.equal(sent.messages, (written["jetstream.ndjson"]?.lines ?? 0) + (written["mastodon.ndjson"]?.lines ?? 0));

    const lines = (await readFile(join(out, "jetstream.ndjson"), "utf8")).split("\n").filter((line) => line.includes(`"operation":"create","collection":"app.bsky.feed.post"`));
    const jetstreamBytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) / lines.length;
    assert.ok(jetstreamBytes > 500 && jetstreamBytes < 650, `${jetstreamBytes} bytes`);
    const statuses = (await readFile(join(out, "mastodon.ndjson"), "utf8")).split("\n").filter((line) => line.includes(`"event":"update"`));
    const statusBytes = statuses.reduce((sum, line) => sum + Buffer.byteLength(line), 0) / statuses.length;
    assert.ok(statusBytes > 2_100 && statusBytes < 3_000, `${statusBytes} bytes`);

    // 500,000 posts have more than 400,000 words; a twenty-fifth of them more than 25,000 (words grow slower than posts).
    const words = new Set<string>();
    for (const line of (await readFile(join(out, "truth.ndjson"), "utf8")).split("\n")) {
      if (line === "") continue;
      for (const word of String(JSON.parse(line).text)
        .toLowerCase()
        .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [])
        words.add(word);
    }
    assert.ok(words.size > 25_000, `${words.size} words`);
  });
});
