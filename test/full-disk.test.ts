import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { statfsSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "./api.fixtures.ts";
import { earshot, makePlace, token } from "./start.fixtures.ts";

const canMount = process.getuid?.() === 0 && spawnSync("unshare", ["--mount", "sh", "-c", "mount -t tmpfs none /mnt"]).status === 0;
const tryAgainExit = 75;

/** A disk of its own, which only programs started `within` its holder see under its folder. */
async function makeDisk(folder: string, megabytes: number) {
  const holder = spawn("unshare", ["--mount", "sh", "-c", `mount -t tmpfs -o size=${megabytes}m none "${folder}" && echo mounted && exec sleep 900`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  const { pid } = holder;
  assert.ok(pid !== undefined);
  const filler = join(`/proc/${pid}/root`, folder, "filler");
  return {
    holder: pid,
    fill(leftMegabytes: number) {
      const { bavail, bsize } = statfsSync(join(`/proc/${pid}/root`, folder));
      writeFileSync(filler, Buffer.alloc(bavail * bsize - leftMegabytes * 1024 * 1024));
    },
    free: () => rm(filler),
    [Symbol.dispose]: () => void holder.kill(),
  };
}

const day = Date.now() - 86_400_000;
const line = (i: number, word: string) =>
  JSON.stringify({
    id: `${word}-${i}`,
    author: `author-${i % 50}`,
    text: `${word} ${Array.from({ length: 40 }, (_, at) => `w${(i * 7_919 + at * 104_729) % 200_003}`).join(" ")}`,
    createdAt: new Date(day + i * 1_000).toISOString(),
  });

test(
  "a disk that fills up is told by a sentence and an exit code, and what was acknowledged is there once after the next start",
  { skip: canMount ? false : "needs the right to mount a small disk", timeout: 300_000 },
  async () => {
    await using place = await makePlace();
    using disk = await makeDisk(place.folder, 400);
    // The configuration lies on the disk that all see.
    await using outside = await makePlace();
    const config = await outside.config("quiet.ts", "export default { world: false, workers: 1, limits: { minFreeGb: 0 } };\n");
    const env = { EARSHOT_CONFIG: config, EARSHOT_DATA: join(place.folder, "data"), EARSHOT_TOKEN: token };
    const ask = (address: string, path: string, body?: string) =>
      fetch(`${address}/api/v1/${path}`, {
        headers: { authorization: `Bearer ${token}` },
        ...(body !== undefined && { method: "POST", body }),
      });

    const first = earshot(["start"], { env, within: disk.holder });
    const address = await first.ready;
    const few = [1, 2, 3].map((i) => line(i, "bittern")).join("\n");
    assert.equal((await ask(address, "import", few)).status, 200);
    disk.fill(6);
    const many = Array.from({ length: 20_000 }, (_, i) => line(i, "corncrake")).join("\n");
    const refused = await ask(address, "import", many).then(
      async (answer) => `${answer.status} ${await answer.text()}`,
      () => "cut",
    );
    assert.match(refused, /^(?:507 .*DISK_FULL|cut)/);
    const { code, output } = await first.exit;
    assert.equal(code, tryAgainExit, output);
    assert.match(output, /\nDISK_FULL: .*no space is left/);

    await disk.free();
    const second = earshot(["start"], { env, within: disk.holder });
    const again = await second.ready;
    const answer: unknown = await (await ask(again, "import", many)).json();
    const told = typeof answer === "object" && answer !== null ? { ...answer } : {};
    assert.ok("accepted" in told && "duplicate" in told && Number(told.accepted) + Number(told.duplicate) === 20_000, JSON.stringify(told));
    for (const [word, posts] of [
      ["bittern", 3],
      ["corncrake", 20_000],
    ] as const) {
      await until(`${posts} of ${word}`, async () => JSON.stringify(await (await ask(again, `posts/count?q=${word}`)).json()) === JSON.stringify({ posts, exact: true }), 60_000);
    }
    second.kill("SIGTERM");
    assert.equal((await second.exit).code, 0);
  },
);
