import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { makeDiskFiles } from "../core/disk-files.ts";
import { makeFrameBatchBuilder } from "../core/log.ts";
import { makeSharedLogState } from "../logs/embedded-shared.ts";
import { openEmbeddedLog } from "../logs/embedded.ts";
import { scanFolder, type ScanResult } from "./scan.ts";

const planted = "did:plc:plantedneedle0000000000";
const needles = [{ name: "needle", bytes: Buffer.from(planted) }];

function makeFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "earshot-scan-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const scan = (folder: string): ScanResult => scanFolder(folder, needles);
const words = (count: number, seed: number) => Array.from({ length: count }, (_, i) => `word${(i * 2_654_435_761 + seed) % 99_991}`).join(" ");

test("nothing is found where nothing was planted, and every file is read", () => {
  using folder = makeFolder();
  mkdirSync(join(folder.path, "deep", "er"), { recursive: true });
  writeFileSync(join(folder.path, "one"), words(1_000, 1));
  writeFileSync(join(folder.path, "deep", "er", "two"), zstdCompressSync(Buffer.from(words(1_000, 2))));
  writeFileSync(join(folder.path, "empty"), "");
  const result = scan(folder.path);
  assert.deepEqual([result.files, result.hits], [3, 0]);
  assert.ok(result.bytesScanned > 8_000);
});

test("a needle is found once where it stands plainly, also across the border of two windows", () => {
  using folder = makeFolder();
  const bytes = Buffer.alloc(17 * 1024 * 1024, 0x20);
  bytes.write(planted, 8 * 1024 * 1024 - 7);
  bytes.write(planted, 16 * 1024 * 1024 - planted.length);
  bytes.write(planted, bytes.length - planted.length);
  writeFileSync(join(folder.path, "plain"), bytes);
  assert.equal(scan(folder.path).hits, 3);
});

test("a needle is found in each zstd frame of a file, wherever the frame lies", () => {
  using folder = makeFolder();
  const frame = zstdCompressSync(Buffer.from(`${words(30_000, 3)} ${planted} ${words(30_000, 4)}`));
  assert.equal(frame.indexOf(planted), -1, "compressed beyond a plain search");
  const noise = Buffer.alloc(8 * 1024 * 1024 - Math.floor(frame.length / 2), 0x2e);
  writeFileSync(join(folder.path, "frames"), Buffer.concat([frame, Buffer.from("between"), frame, noise, frame]));
  const { hits, places } = scan(folder.path);
  assert.equal(hits, 3);
  assert.ok(places.every((place) => place.includes("compressed")));
});

test("a frame that is longer than what is read at once is found, and a false start before it hides nothing", () => {
  using folder = makeFolder();
  const frame = zstdCompressSync(Buffer.concat([randomBytes(12 * 1024 * 1024), Buffer.from(planted), randomBytes(100)]));
  const falseStart = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0xf8, 0xff, 0xff]);
  const before = Buffer.concat([Buffer.alloc(7 * 1024 * 1024, 0x2e), falseStart, zstdCompressSync(Buffer.from(`small ${planted}`))]);
  writeFileSync(join(folder.path, "long"), Buffer.concat([before, frame, frame.subarray(0, 1_000)]));
  assert.deepEqual(scan(folder.path).hits, 2 + (frame.includes(planted) ? 1 : 0));
});

test("a broken frame and one cut off at the end of the file keep the rest from nothing", () => {
  using folder = makeFolder();
  const frame = zstdCompressSync(Buffer.from(`${words(5_000, 5)} ${planted}`));
  const damaged = Buffer.from(frame);
  damaged.fill(0xff, 20, 40);
  writeFileSync(join(folder.path, "broken"), Buffer.concat([damaged, frame, frame.subarray(0, frame.length - 9)]));
  assert.ok(scan(folder.path).hits >= 1);
});

for (const journal of ["delete", "wal"] as const) {
  test(`needles in SQLite are found in text, in values longer than a page, in compressed values and in deleted rows (journal ${journal})`, () => {
    using folder = makeFolder();
    const file = join(folder.path, "store.sqlite");
    const database = new DatabaseSync(file);
    database.exec(`pragma journal_mode = ${journal}; create table t (id integer primary key, value)`);
    const insert = database.prepare("insert into t (value) values (?)");
    const plant = (value: string | Buffer, expected: number) => {
      insert.run(value);
      const { hits } = scan(folder.path);
      assert.ok(hits >= expected, `${hits} of ${expected} found`);
    };
    plant(`short ${planted}`, 1);
    // Across the border of two overflow pages no plain search can see it.
    for (let at = 0; at < 4_200; at += 300) insert.run(`${"x".repeat(8_000 + at)}${planted}${"y".repeat(9_000)}`);
    assert.ok(scan(folder.path).hits >= 15);
    plant(Buffer.concat([Buffer.from("head"), zstdCompressSync(Buffer.from(`${words(3_000, 6)} ${planted}`))]), 16);
    plant(zstdCompressSync(Buffer.from(`${words(40_000, 7)} ${planted}`)), 17);
    database.exec("pragma secure_delete = off; delete from t where id = 1");
    assert.ok(scan(folder.path).hits >= 17, "a deleted row's bytes lie in the file until it is rewritten");
    database.exec("delete from t; vacuum");
    database.exec("pragma wal_checkpoint(truncate)");
    assert.equal(scan(folder.path).hits, 0);
    database.close();
    assert.equal(scan(folder.path).hits, 0);
  });
}

test("needles are found in Parquet pages under each compression that DuckDB writes", async () => {
  using folder = makeFolder();
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  for (const compression of ["zstd", "uncompressed"]) {
    const file = join(folder.path, `${compression}.parquet`);
    await connection.run(
      `copy (select i, 'row ' || hash(i) || case when i = 30000 then ' ${planted}' else '' end as text from range(60000) r(i)) to '${file}' (format parquet, compression ${compression}, row_group_size 20000)`,
    );
  }
  connection.closeSync();
  instance.closeSync();
  const { places } = scan(folder.path);
  for (const compression of ["zstd", "uncompressed"])
    assert.ok(
      places.some((place) => place.startsWith(compression)),
      `${compression}: ${places.join("; ")}`,
    );
});

test("needles are found in the log's open segment, in its compressed segments, and no more once it has forgotten them", async () => {
  using folder = makeFolder();
  const files = makeDiskFiles();
  await using log = await openEmbeddedLog({ folder: folder.path, files, partitions: 1, shared: makeSharedLogState(1), segmentBytes: 256 * 1024 });
  const append = async (from: number) => {
    const builder = makeFrameBatchBuilder();
    for (let i = 0; i < 500; i++) builder.add({ keyHigh: i + 1, keyLow: 1, actorHigh: 1, actorLow: 1, time: 1 }, `${words(20, from + i)} ${i === 250 ? planted : ""}`);
    await log.append("events", 0, builder.take());
  };
  await append(0);
  assert.equal(scan(folder.path).hits, 1, "open");
  for (let i = 1; i < 8; i++) await append(i * 1_000);
  while ((await log.maintain()).owed > 0);
  const sealed = scan(folder.path);
  assert.ok(sealed.hits >= 8, `${sealed.hits} of 8`);
  assert.ok(
    sealed.places.some((place) => place.includes("compressed")),
    sealed.places.join("; "),
  );
  await log.forget("events", 0, { remove: () => false, needles: [Buffer.from(planted)] });
  assert.equal(scan(folder.path).hits, 0);
});

test("files that are left out by name are not read", () => {
  using folder = makeFolder();
  writeFileSync(join(folder.path, "one"), planted);
  writeFileSync(join(folder.path, "two"), planted);
  assert.deepEqual(
    scanFolder(folder.path, needles, (name) => name === "one"),
    { files: 1, bytesScanned: planted.length, hits: 1, places: ["two: needle"] },
  );
});
