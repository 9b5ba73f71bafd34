import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** Everything that the built pages are made of. */
function hashOfSources(root: string): string {
  const hash = createHash("sha256");
  const walk = (folder: string) => {
    for (const name of readdirSync(folder).sort()) {
      if (name === "dist" || name === "node_modules" || /\.test\.tsx?$/.test(name)) continue;
      const path = join(folder, name);
      if (statSync(path).isDirectory()) walk(path);
      else hash.update(name).update(readFileSync(path));
    }
  };
  walk(join(root, "web"));
  hash.update(readFileSync(join(root, "package-lock.json")));
  return hash.digest("hex");
}

/**
 * Builds web/ where its sources have changed; returns the folder of the built pages, named by what it was made of.
 * Several processes may build at once: each into a folder of its own, and the first to finish is kept.
 */
export async function buildPages(root: string, say: (text: string) => void): Promise<string> {
  const dist = join(root, "web", "dist");
  const name = hashOfSources(root).slice(0, 16);
  const folder = join(dist, name);
  if (existsSync(folder)) return folder;
  say("building the pages");
  const work = join(dist, `.building-${process.pid}`);
  const { build } = await import("vite");
  await build({ configFile: join(root, "web", "vite.config.ts"), logLevel: "warn", build: { outDir: work } });
  try {
    renameSync(work, folder);
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  for (const other of readdirSync(dist)) if (other !== name && !other.startsWith(".building-")) rmSync(join(dist, other), { recursive: true, force: true });
  return folder;
}
