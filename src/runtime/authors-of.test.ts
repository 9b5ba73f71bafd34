import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { makeFakeClock } from "../core/clock.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import { openLake } from "../stores/lake.ts";
import { makeFileManifest } from "../stores/lake-manifest.ts";
import { hand } from "../stores/store.contract.ts";
import { handoversOf, makeRandomHistory } from "../stores/store.fixtures.ts";
import { makeAuthorsOf } from "./authors-of.ts";

const hourMs = 3_600_000;
const files = makeDiskFiles();

test("tells each bucket exactly the authors whose posts are left in it, whatever the keys, after edits and deletions", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-authors-"));
  try {
    await using lake = await openLake({ folder, files, clock: makeFakeClock(Date.UTC(2026, 10, 22)), manifest: makeFileManifest(files, folder), limits: { bufferedChanges: 60 } });
    const history = makeRandomHistory(7, 900);
    await hand(lake, handoversOf(history.entries, 50));
    await lake.flush();
    const left = [...history.left.values()];
    const expected = new Map<string, Set<string>>();
    const buckets = left.flatMap(({ createdAt, platform, source, language, sensitivity, region, terms, author }) => {
      const fromMs = Math.floor(createdAt / hourMs) * hourMs;
      return [...terms, ""].flatMap((term) => {
        const bucket = { fromMs, toMs: fromMs + hourMs, platform, source, language, sensitivity, region, term };
        const known = expected.get(JSON.stringify(bucket));
        if (known !== undefined) {
          known.add(author);
          return [];
        }
        expected.set(JSON.stringify(bucket), new Set([author]));
        return [bucket];
      });
    });
    assert.ok(buckets.length > 100);
    const found = await makeAuthorsOf(lake)(buckets, await lake.positions());
    for (const [index, bucket] of buckets.entries()) assert.deepEqual(new Set(found[index]), expected.get(JSON.stringify(bucket)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("says nothing while the lake stands behind the rollups", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-authors-"));
  try {
    await using lake = await openLake({ folder, files, clock: makeFakeClock(Date.UTC(2026, 10, 22)), manifest: makeFileManifest(files, folder) });
    const bucket = { fromMs: 0, toMs: hourMs, platform: "x", source: "x", language: "en", sensitivity: "public", region: "zz", term: "" };
    const ahead = new Map([[0, { offset: 5, from: { offset: 4, index: 0 }, generation: 0 }]]);
    assert.deepEqual(await makeAuthorsOf(lake)([bucket], ahead), [undefined]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
