import { z } from "zod";
import { asCode } from "./parts/configuration.ts";

const name = z.string().trim().min(1).max(200);
const subject = z.union([
  name.transform((text) => ({ name: text, handles: [], query: undefined })),
  z.strictObject({ name, handles: z.array(name.transform((text) => text.replace(/^@/, ""))).default([]), query: z.string().min(1).max(10_000).optional() }),
]);
type Subject = z.output<typeof subject>;

/** As people type an address: without https:// it is meant. */
const address = z
  .string()
  .trim()
  .max(2_000)
  .transform((text) => (/^https?:\/\//.test(text) ? text : `https://${text}`))
  .refine((text) => URL.canParse(text), "expected an address");
const server = z.union([
  address.transform((text) => ({ server: text, token: undefined })),
  z.strictObject({
    server: address,
    token: z
      .string()
      .regex(/^(env:.+|file:\/.+)$/s, "expected a reference, env:NAME or file:/path, not the token itself")
      .optional(),
  }),
]);

/** What `earshot init` asks for; the same as JSON. */
export const answersSchema = z.strictObject({
  brands: z.array(subject).max(100).default([]),
  competitors: z.array(subject).max(100).default([]),
  topics: z.array(subject).max(100).default([]),
  bluesky: z.boolean().default(false),
  hackerNews: z.boolean().default(false),
  feeds: z.array(address).max(1_000).default([]),
  mastodon: z.array(server).max(100).default([]),
  keep: z.enum(["matching", "everything"]).optional(),
  forgetWithinHours: z.number().min(0).max(720).optional(),
});
export type Answers = z.output<typeof answersSchema>;

/** Any of the names: plain words as they are, the rest in quotes. */
export function queryForNames(names: readonly string[]): string {
  const texts = [...new Set(names.map((each) => each.replaceAll('"', " ").trim()))].filter((each) => each !== "");
  return texts.map((each) => (/^[\p{L}\p{N}_]+$/u.test(each) && !/^(?:AND|OR|NOT|NEAR)$/.test(each) ? each : `"${each}"`)).join(" OR ");
}

function idFor(text: string, taken: ReadonlySet<string>): string {
  const folded = text
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 50)
    .replace(/-+$/, "");
  const base = folded === "" ? "term" : folded;
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(id)) return id;
  }
}

type Entries = Record<string, Readonly<Record<string, unknown>>>;
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
function entriesOf(value: unknown): Entries {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).filter((entry): entry is [string, Record<string, unknown>] => isRecord(entry[1]))) : {};
}

export interface Draft {
  readonly config: Readonly<Record<string, unknown>>;
  /** What stood there already and stays as it is. */
  readonly kept: readonly string[];
}

/** The configuration with what was answered put in: nothing that stands there goes, and nothing comes twice. */
export function configFrom(answers: Answers, before: unknown): Draft {
  const old = isRecord(before) ? before : {};
  const terms = entriesOf(old["terms"]);
  const sources = entriesOf(old["sources"]);
  const kept: string[] = [];

  const addTerm = (kind: "brand" | "competitor" | "topic", { name: text, handles, query }: Subject) => {
    if (Object.values(terms).some((term) => String(term["name"]).toLowerCase() === text.toLowerCase())) {
      kept.push(text);
      return;
    }
    const accounts = kind === "topic" ? [] : handles;
    terms[idFor(text, new Set(Object.keys(terms)))] = { name: text, kind, query: query ?? queryForNames([text, ...accounts]), ...(accounts.length > 0 && { handles: accounts }) };
  };
  for (const each of answers.brands) addTerm("brand", each);
  for (const each of answers.competitors) addTerm("competitor", each);
  for (const each of answers.topics) addTerm("topic", each);

  const addSource = (
    id: string,
    use: string,
    keep: "matching" | "everything",
    options: Readonly<Record<string, unknown>>,
    isSame: (source: Readonly<Record<string, unknown>>) => boolean,
  ) => {
    if (Object.values(sources).some((source) => source["use"] === use && isSame(source))) {
      kept.push(id);
      return;
    }
    sources[idFor(id, new Set(Object.keys(sources)))] = { use, keep: answers.keep ?? keep, ...options };
  };
  if (answers.bluesky) addSource("bluesky", "bluesky", "matching", {}, () => true);
  if (answers.hackerNews) addSource("hacker-news", "hackernews", "everything", {}, () => true);
  for (const feed of answers.feeds) {
    const isSame = (source: Readonly<Record<string, unknown>>) =>
      Array.isArray(source["feeds"]) && source["feeds"].some((each: unknown) => each === feed || (isRecord(each) && each["url"] === feed));
    addSource(new URL(feed).host, "rss", "everything", { feeds: [feed] }, isSame);
  }
  for (const { server: at, token } of answers.mastodon)
    addSource(
      new URL(at).host,
      "mastodon",
      "matching",
      { server: at, timelines: ["public"], ...(token !== undefined && { token }) },
      (source) => String(source["server"]).replace(/\/$/, "") === at.replace(/\/$/, ""),
    );

  const config = { ...old, sources, terms, ...(answers.forgetWithinHours !== undefined && { forgetWithinHours: answers.forgetWithinHours }) };
  return { config, kept };
}

/** @param definer where `defineConfig` is imported from, seen from the file */
export function writeFirstConfig(config: Readonly<Record<string, unknown>>, definer: string): string {
  return `import { defineConfig } from ${JSON.stringify(definer)};\n\n/** The running system. \`npm run earshot -- init\` adds to it, \`npm run earshot -- doctor\` checks it. */\nexport default defineConfig(${asCode(config, 0)});\n`;
}
