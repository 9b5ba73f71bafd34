import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { type AuthorPost, likenessOf } from "../src/models/likeness.ts";
import { generate } from "../world/generate.ts";

const truthSchema = z.object({
  author: z.string(),
  createdAt: z.string(),
  delivered: z.boolean(),
  deleted: z.string().nullable(),
  text: z.string(),
  links: z.array(z.string()),
  hashtags: z.array(z.string()),
  reshareOf: z.string().nullable(),
  replyTo: z.string().nullable(),
  duplicateGroup: z.string().nullable(),
});
const cut = 0.5;

test("programs of the simulated world are told from its people, but for those that post as people do", async (t) => {
  const out = await mkdtemp(join(tmpdir(), "likeness-"));
  try {
    const { drivenAuthors = [] } = await generate({ seed: "likeness", posts: 12_000, hours: 96, driven: 12, out });
    const groups = new Map<string, number>();
    const byAuthor = new Map<string, AuthorPost[]>();
    for (const line of (await readFile(join(out, "truth.ndjson"), "utf8")).trim().split("\n")) {
      const truth = truthSchema.parse(JSON.parse(line));
      if (!truth.delivered || truth.deleted !== null) continue;
      const { author, createdAt, text, links, hashtags, reshareOf, replyTo, duplicateGroup } = truth;
      if (duplicateGroup !== null && !groups.has(duplicateGroup)) groups.set(duplicateGroup, groups.size);
      const copies = duplicateGroup === null ? undefined : groups.get(duplicateGroup);
      const posts = byAuthor.get(author) ?? [];
      byAuthor.set(author, posts);
      posts.push({
        at: Date.parse(createdAt),
        text,
        links: links.length,
        hashtags: hashtags.length,
        isReshare: reshareOf !== null,
        isReply: replyTo !== null,
        ...(copies !== undefined && { copies }),
      });
    }
    const driveOf = new Map(drivenAuthors.map((one) => [one.author, one]));
    const scores = new Map<string, number[]>();
    let [right, said, programs] = [0, 0, 0];
    for (const [author, posts] of byAuthor) {
      const { score } = likenessOf(posts);
      if (score === undefined) continue;
      const driven = driveOf.get(author);
      const drive = driven?.drive ?? "person";
      scores.set(drive, [...(scores.get(drive) ?? []), score]);
      if (driven?.program === true) programs++;
      if (score < cut) continue;
      said++;
      if (driven?.program === true) right++;
    }
    const foundOf = (drive: string): number => {
      const own = scores.get(drive) ?? [];
      return own.filter((score) => score >= cut).length / own.length;
    };
    t.diagnostic(`precision ${(right / said).toFixed(3)}, recall ${(right / programs).toFixed(3)} of ${programs} programs among ${[...scores.values()].flat().length} authors`);
    for (const [drive, own] of scores)
      t.diagnostic(`${drive}: ${own.length}, mean ${(own.reduce((sum, one) => sum + one, 0) / own.length).toFixed(2)}, told ${foundOf(drive).toFixed(2)}`);
    assert.ok((scores.get("person")?.length ?? 0) > 50);
    assert.ok(right / said >= 0.95);
    for (const drive of ["clock", "copier"]) assert.ok(foundOf(drive) >= 0.9, drive);
    for (const drive of ["person", "reporter", "witness"]) assert.ok(foundOf(drive) <= 0.02, drive);
    // Such a program cannot be told by how it posts; a score that tells it would be wrong about people.
    assert.ok(foundOf("quiet") <= 0.02);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
});
