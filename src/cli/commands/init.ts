import { existsSync, readFileSync, realpathSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { buildCommand } from "@stricli/core";
import { z } from "zod";
import { systemClock } from "../../core/clock.ts";
import { configSchema, faultsOf, parseEnvironment, refuseFaults, sourceConfigSchema } from "../../core/config.ts";
import { makeDiskFiles } from "../../core/disk-files.ts";
import { EarshotError } from "../../core/errors.ts";
import { openHttp } from "../../http/client.ts";
import { type Answers, answersSchema, configFrom, writeFirstConfig } from "../../runtime/first-config.ts";
import { checkConfig, readExported } from "../../runtime/load-config.ts";
import { makeSourceCheck } from "../../runtime/parts/source-check.ts";
import { makeCredentials } from "../../http/credentials.ts";
import { readSecret } from "../../runtime/secrets.ts";
import { root } from "../../runtime/system.ts";
import { openRunningClient } from "../client.ts";
import { askAnswers } from "../init-ask.ts";
import { lineDiff } from "../line-diff.ts";
import { exitCodes, guarded, print } from "../output.ts";

interface Flags {
  readonly brand?: readonly string[];
  readonly competitor?: readonly string[];
  readonly topic?: readonly string[];
  readonly bluesky: boolean;
  readonly hackerNews: boolean;
  readonly feed?: readonly string[];
  readonly mastodon?: readonly string[];
  readonly keep?: "matching" | "everything";
  readonly forgetWithinHours?: number;
  readonly json?: string;
  readonly check: boolean;
  readonly yes: boolean;
}

/** What was said without a question; undefined: nothing. @throws CONFIG_INVALID, USAGE */
async function toldAnswers(flags: Flags): Promise<Answers | undefined> {
  const { json, yes, check: _check, brand, competitor, topic, feed, ...rest } = flags;
  let told: unknown = { ...rest, brands: brand, competitors: competitor, topics: topic, feeds: feed };
  const isFlagged = Object.values({ brand, competitor, topic, feed, ...rest }).some((value) => value !== undefined && value !== false);
  if (json !== undefined) {
    if (isFlagged) throw new EarshotError("USAGE", "--json: expected all answers in it, and no other flag but --yes and --no-check");
    const text = json === "-" ? await textOf(process.stdin) : readAnswers(json);
    try {
      told = JSON.parse(text);
    } catch (cause) {
      throw new EarshotError("JSON_INVALID", `--json ${json}: expected JSON`, { cause });
    }
  } else if (!isFlagged && !yes) return undefined;
  const parsed = answersSchema.safeParse(told);
  if (!parsed.success) refuseFaults("answers", faultsOf(parsed.error));
  return answersSchema.parse(told);
}

function readAnswers(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new EarshotError("USAGE", `--json ${path}: expected a file, or - for the standard input`, { cause });
  }
}

/** Servers that were named by a flag are tried as the questions would. @throws UPSTREAM_AUTH for one that wants a token */
async function refuseSilentServers(answers: Answers, check: ReturnType<typeof makeSourceCheck>): Promise<void> {
  for (const { server, token } of answers.mastodon) {
    const told = await check(sourceConfigSchema.parse({ use: "mastodon", server, timelines: ["public"], ...(token !== undefined && { token }) }));
    if (told.code === "UPSTREAM_AUTH" || told.code === "CONFIG_SECRET_MISSING")
      throw new EarshotError(told.code, `${server}: it wants a token; give {"server": …, "token": "env:NAME"} by --json (${told.message ?? ""}). Nothing was written.`);
    if (!told.ok) process.stderr.write(`warning: ${server}: ${told.message ?? told.code ?? "no answer"}\n`);
  }
}

const figures = z.looseObject({
  state: z.string(),
  sample: z.looseObject({ simulated: z.boolean() }),
  storedPerDay: z.looseObject({ low: z.number(), high: z.number() }).optional(),
  storedGbPerDay: z.looseObject({ low: z.number(), high: z.number() }).optional(),
});

/** By what a running Earshot holds of real posts; silent without one. */
async function estimate(query: string, keep: "matching" | "everything"): Promise<string | undefined> {
  try {
    await using client = await openRunningClient();
    const parsed = figures.safeParse(await client?.send("POST", "/api/v1/estimate", { query, keep }));
    if (!parsed.success || parsed.data.state !== "ok" || parsed.data.sample.simulated) return undefined;
    const { storedPerDay: posts, storedGbPerDay: room } = parsed.data;
    const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
    const span = ({ low, high }: { readonly low: number; readonly high: number }) => (low === high ? number.format(low) : `${number.format(low)} to ${number.format(high)}`);
    return posts === undefined ? undefined : `${span(posts)} posts a day${room === undefined ? "" : `, ${span(room)} GB`}, by what is stored now`;
  } catch (thrown) {
    if (thrown instanceof EarshotError) return undefined;
    throw thrown;
  }
}

const strings = (brief: string, placeholder: string) => ({ kind: "parsed", parse: String, brief, placeholder, variadic: true, optional: true }) as const;

export const initCommand = buildCommand({
  docs: {
    brief: "Ask what to hear and from where, and write earshot.config.ts",
    fullDescription:
      "What stands in the file stays, the answers are added to it; before a file is changed, the difference is shown and asked for. Without a terminal give the answers by flags or as JSON: {brands, competitors, topics, bluesky, hackerNews, feeds, mastodon, keep, forgetWithinHours}; a brand may be {name, handles, query}, a server {server, token}.",
  },
  parameters: {
    flags: {
      brand: strings("A brand of yours; may come again", "name"),
      competitor: strings("A competitor", "name"),
      topic: strings("A topic", "words"),
      bluesky: { kind: "boolean", brief: "Listen to Bluesky", default: false },
      hackerNews: { kind: "boolean", brief: "Listen to Hacker News", default: false },
      feed: strings("A feed", "url"),
      mastodon: strings("A Mastodon server; tried before it is written", "server"),
      keep: { kind: "enum", values: ["matching", "everything"], brief: "For every source; absent: as each suggests", optional: true },
      forgetWithinHours: { kind: "parsed", parse: Number, brief: "How soon an erased author is gone from every byte", optional: true },
      json: { kind: "parsed", parse: String, brief: "All answers as JSON, from a file or - for the standard input", optional: true },
      check: { kind: "boolean", brief: "Try servers before they are written", default: true },
      yes: { kind: "boolean", brief: "Ask nothing", default: false },
    },
  },
  func: (flags: Flags) =>
    guarded(async () => {
      const file = resolve(parseEnvironment(process.env).EARSHOT_CONFIG);
      const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
      const told = await toldAnswers(flags);
      if (told === undefined && !isTerminal) throw new EarshotError("USAGE", "there is no terminal to ask in: give the answers by flags or --json (see --help)");
      const exported = await readExported(file);
      await using http = openHttp({ clock: systemClock, report: () => undefined, env: process.env });
      const secret = (reference: string) => readSecret(reference, process.env);
      const { credential } = makeCredentials({ readSecret: secret, http, clock: systemClock });
      const check = makeSourceCheck({ files: makeDiskFiles(), http, clock: systemClock, readSecret: secret, credential, egress: {} });
      if (told !== undefined && flags.check) await refuseSilentServers(told, check);
      const asked = told ?? (await askAnswers({ check, estimate }));
      if (asked === undefined) return nothingWritten();
      const { config, kept } = configFrom(told ?? answersSchema.parse(asked), exported);
      await checkConfig(config, "what the answers make");
      for (const each of kept) print(`  ${each}: stands there already, and stays as it is`);

      const stands = existsSync(file);
      const place = stands ? realpathSync(file) : file;
      const before = stands ? readFileSync(place, "utf8") : "";
      const written = writeFirstConfig(config, definerFor(place));
      if (stands && isUnchanged(exported, config)) {
        print(`${file}: it says all of that already`);
        return exitCodes.ok;
      }
      if (stands) print(lineDiff(before, written));
      if (stands && !flags.yes) {
        if (!isTerminal) throw new EarshotError("USAGE", `${file}: it is there already; --yes changes it as shown. Nothing was written.`);
        const { confirm, isCancel } = await import("@clack/prompts");
        const answer = await confirm({ message: `Change ${file} so?`, initialValue: true });
        if (isCancel(answer) || !answer) return nothingWritten();
      }
      await replaceText(place, written);
      print(`${file}: written. \`npm start\` runs it; a running Earshot takes it with its next start.`);
      return exitCodes.ok;
    }),
});

function nothingWritten(): number {
  print("Nothing was written.");
  return exitCodes.failed;
}

/** An import path from the file to the configuration's types. */
function definerFor(file: string): string {
  const way = relative(dirname(file), join(root, "src", "core", "config.ts"))
    .split(sep)
    .join("/");
  return way.startsWith(".") ? way : `./${way}`;
}

function isUnchanged(before: unknown, after: unknown): boolean {
  const whole = (config: unknown) => JSON.stringify(configSchema.safeParse(config).data);
  return whole(before) === whole(after);
}

/** Whole or not at all. */
async function replaceText(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}.new`;
  try {
    await writeFile(beside, text, { flag: "wx" });
    await rename(beside, file);
  } catch (cause) {
    await rm(beside, { force: true });
    throw new EarshotError("FOLDER_UNUSABLE", `${file}: it cannot be written (${cause instanceof Error ? cause.message : String(cause)})`, { cause });
  }
}
