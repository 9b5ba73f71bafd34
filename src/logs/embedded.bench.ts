import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeDiskFiles } from "../core/disk-files.ts";
import { type FrameBatch, makeFrameBatchBuilder } from "../core/log.ts";
import { openEmbeddedLog } from "./embedded.ts";

/* node src/logs/embedded.bench.ts [batches] [file of JSON lines]: figures per second of CPU (all threads of the process) and of wall. */
const batchCount = Number(process.argv[2] ?? 500);
const sample = process.argv[3];
const framesInBatch = 1_000;

async function makeBatches(): Promise<FrameBatch[]> {
  const lines =
    sample === undefined ? Array.from({ length: 20_000 }, (_, i) => madeUp(i)) : (await makeDiskFiles().read(path.resolve(sample))).toString("utf8").split("\n").filter(Boolean);
  const builder = makeFrameBatchBuilder();
  const batches: FrameBatch[] = [];
  for (let i = 0; i + framesInBatch <= lines.length; i += framesInBatch) {
    for (let j = i; j < i + framesInBatch; j++)
      builder.add({ keyHigh: hashOf(j), keyLow: hashOf(j + 1), actorHigh: hashOf(j % 977), actorLow: hashOf(j % 977), time: 1_700_000_000_000 + j }, lines[j] ?? "");
    batches.push(builder.take());
  }
  return batches;
}

function hashOf(number: number): number {
  return Math.imul(number + 1, 0x9e3779b1) >>> 0;
}

const words = "the quick brown fox says that no brand should ever ship late again while we wait here for another coffee and the rain stops over town maybe tomorrow".split(" ");

/** About 600 bytes, as a post of a network's stream looks. */
function madeUp(i: number): string {
  const id = (n: number) =>
    hashOf(n).toString(36).padStart(7, "0") +
    hashOf(n * 31 + 7)
      .toString(36)
      .padStart(7, "0") +
    hashOf(n * 17 + 3)
      .toString(36)
      .padStart(7, "0");
  const text = Array.from({ length: 18 + (hashOf(i) % 20) }, (_, n) => words[hashOf(i * 41 + n) % words.length]).join(" ");
  const record = { $type: "app.bsky.feed.post", createdAt: new Date(1_700_000_000_000 + i * 37).toISOString(), langs: ["en"], text };
  return JSON.stringify({
    did: `did:plc:${id(i % 977)}`,
    time_us: 1_700_000_000_000_000 + i * 37_123,
    kind: "commit",
    commit: { rev: id(i * 3), operation: "create", collection: "app.bsky.feed.post", rkey: id(i), record, cid: `bafyrei${id(i * 5)}${id(i * 7)}` },
  }).padEnd(600, " ");
}

async function measured(name: string, frames: number, work: () => Promise<string>): Promise<void> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const detail = await work();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - start) / 1000;
  const cpuSeconds = (user + system) / 1e6;
  console.log(`${name.padEnd(28)} ${thousands(frames / cpuSeconds)}k/CPU-s ${thousands(frames / seconds)}k/s wall  ${detail}`);
}

function thousands(number: number): string {
  return (number / 1000).toFixed(0).padStart(6);
}

const folder = await mkdtemp(path.join(tmpdir(), "earshot-log-bench-"));
try {
  const batches = await makeBatches();
  const batchAt = (i: number): FrameBatch => batches[i % batches.length] ?? makeFrameBatchBuilder().take();
  const perFrame = batches.reduce((sum, batch) => sum + batch.bytes.length, 0) / batches.length / framesInBatch;
  const total = batchCount * framesInBatch;
  console.log(`${total} frames of ${perFrame.toFixed(0)} bytes, batches of ${framesInBatch}`);
  await using log = await openEmbeddedLog({ folder: path.join(folder, "log"), files: makeDiskFiles(), partitions: 1 });
  const replay = async (): Promise<string> => {
    let seen = 0;
    for await (const { frames } of log.read("posts", 0, 0)) seen += frames.count;
    return `${seen} frames`;
  };
  await measured("append, fdatasync each", total, async () => {
    for (let i = 0; i < batchCount; i++) await log.append("posts", 0, batchAt(i));
    return "";
  });
  await measured("append, 4 at once", total, async () => {
    for (let i = 0; i < batchCount; i += 4) await Promise.all([0, 1, 2, 3].map((n) => log.append("events", 0, batchAt(i + n))));
    return "";
  });
  await measured("replay, raw", total, replay);
  await measured("replay, raw, again", total, replay);
  const [before] = await log.state("posts");
  const owed = 1 + (await log.maintain()).owed;
  let longestMs = 0;
  // CPU of this thread: another process on the same core must not count.
  const threadMs = (): number => (process.threadCpuUsage().user + process.threadCpuUsage().system) / 1000;
  let last = threadMs();
  const ticking = setInterval(() => {
    longestMs = Math.max(longestMs, threadMs() - last);
    last = threadMs();
  }, 1);
  await measured("compress closed segments", total * 2, async () => {
    for (let left = owed; left > 0;) left = (await log.maintain()).owed;
    return `longest hold of the thread ${longestMs.toFixed(1)} ms of its CPU`;
  });
  clearInterval(ticking);
  const [after] = await log.state("posts");
  console.log(`size of closed segments: ${(((after?.sizeBytes ?? 0) / (before?.sizeBytes ?? 1)) * 100).toFixed(1)} % of what it was (with the open one)`);
  await measured("replay, compressed", total, replay);
  await measured("forget, 1 needle, none there", total, async () =>
    JSON.stringify(await log.forget("posts", 0, { remove: () => false, needles: [Buffer.from("did:plc:nowhere")] })),
  );
  const needles = Array.from({ length: 1_000 }, (_, i) => Buffer.from(`did:plc:nobody${hashOf(i).toString(36).padStart(10, "0")}`));
  await measured("forget, 1,000 needles", total, async () => JSON.stringify(await log.forget("posts", 0, { remove: () => false, needles })));
  await measured("forget one author", total, async () =>
    JSON.stringify(await log.forget("posts", 0, { remove: (_high, _low, actorHigh) => actorHigh === hashOf(5), needles: [] })),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
