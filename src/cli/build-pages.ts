import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
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

/** Builds web/ where its sources have changed; returns the folder of the built pages. */
export async function buildPages(root: string, say: (text: string) => void): Promise<string> {
  const folder = join(root, "web", "dist");
  const mark = join(folder, ".sources");
  const hash = hashOfSources(root);
  if (existsSync(mark) && readFileSync(mark, "utf8") === hash) return folder;
  say("building the pages");
  const { build } = await import("vite");
  await build({ configFile: join(root, "web", "vite.config.ts"), logLevel: "warn" });
  writeFileSync(mark, hash);
  return folder;
}
