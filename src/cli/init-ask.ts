import type { Readable, Writable } from "node:stream";
import { confirm, intro, isCancel, log, multiselect, select, spinner, text } from "@clack/prompts";
import type { z } from "zod";
import type { SourceConfig } from "../core/config.ts";
import type { SourceCheck } from "../runtime/source-setup.ts";
import { answersSchema, queryForNames } from "../runtime/first-config.ts";

type Asked = z.input<typeof answersSchema>;
type Check = (source: SourceConfig) => Promise<SourceCheck>;

export interface AskOptions {
  readonly check: Check;
  /** What a query would bring and take in a day, in words; undefined where nothing can be said. */
  readonly estimate?: (query: string, keep: "matching" | "everything") => Promise<string | undefined>;
  readonly input?: Readable;
  readonly output?: Writable;
}

/** Ctrl-C, or Esc: nothing is to be written. */
class Cancelled extends Error {}

const listOf = (typed: string) =>
  typed
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
const addressOf = (typed: string) => (/^https?:\/\//.test(typed) ? typed : `https://${typed}`);
const sourceKinds = ["bluesky", "mastodon", "feeds", "hackerNews"] as const;
type SourceKind = (typeof sourceKinds)[number];
const isSourceKind = (value: unknown): value is SourceKind => sourceKinds.some((kind) => kind === value);

function isAnswer<T>(answer: T): answer is Exclude<T, symbol> {
  return !isCancel(answer);
}

/** The questions of the Welcome page, in a terminal. Undefined: the person went away. */
export async function askAnswers({ check, estimate, ...streams }: AskOptions): Promise<Asked | undefined> {
  const answered = async <T>(asking: Promise<T>): Promise<Exclude<T, symbol>> => {
    const answer = await asking;
    if (!isAnswer(answer)) throw new Cancelled();
    return answer;
  };
  const names = async (message: string, placeholder: string) => listOf((await answered(text({ ...streams, message, placeholder }))) ?? "");

  /** Tries a source before it is saved; a token is asked for where it is wanted. Undefined: left out. */
  async function tried(config: SourceConfig, label: string): Promise<{ readonly token?: string } | undefined> {
    let token: string | undefined;
    for (;;) {
      const turning = spinner(streams);
      turning.start(`trying ${label}`);
      const told = await check({ ...config, ...(token !== undefined && { token }) });
      if (told.ok) {
        turning.stop(`${label} answers`);
        return token === undefined ? {} : { token };
      }
      turning.stop(`${label}: ${told.message ?? told.code ?? "it does not answer"}`);
      if (config.use === "mastodon" && (told.code === "UPSTREAM_AUTH" || told.code === "CONFIG_SECRET_MISSING")) {
        const reference = await answered(
          text({
            ...streams,
            message: `${label} wants a token. Where does it stand? (env:NAME or file:/path; empty leaves the server out)`,
            validate: (typed) =>
              typed === undefined || typed === "" || /^(env:.+|file:\/.+)$/.test(typed) ? undefined : "A reference, env:NAME or file:/path, not the token itself",
          }),
        );
        if (reference === undefined || reference === "") return undefined;
        token = reference;
        continue;
      }
      return (await answered(confirm({ ...streams, message: `Add ${label} all the same?`, initialValue: false }))) ? (token === undefined ? {} : { token }) : undefined;
    }
  }

  try {
    intro("What should Earshot hear?", streams);
    const brands: { name: string; handles: string[] }[] = [];
    for (const name of await names("Your brands (commas between; empty for none)", "Acme, Acme Coffee"))
      brands.push({ name, handles: await names(`Accounts of ${name} (commas between; empty for none)`, "acme.example, @acme@mastodon.example") });
    const competitors = await names("Competitors", "Globex");
    const topics = await names("Topics", "flat white, oat milk");
    if (brands.length + competitors.length + topics.length === 0) log.warn("Nothing to listen for: sources that keep what matches will store nothing.", streams);
    const chosen = await answered(
      multiselect({
        ...streams,
        message: "Where from? (space chooses, enter goes on)",
        required: false,
        options: [
          { value: "bluesky", label: "Bluesky", hint: "the whole network, no key" },
          { value: "mastodon", label: "Mastodon", hint: "by server" },
          { value: "feeds", label: "Feeds", hint: "RSS, Atom, JSON Feed" },
          { value: "hackerNews", label: "Hacker News", hint: "no key" },
        ],
      }),
    );
    const kinds = new Set<SourceKind>(chosen.filter(isSourceKind));
    const mastodon: { server: string; token?: string }[] = [];
    if (kinds.has("mastodon")) {
      for (const typed of await names("Mastodon servers", "mastodon.example")) {
        const server = addressOf(typed);
        const told = await tried({ use: "mastodon", paused: false, server, timelines: ["public"] }, typed);
        if (told !== undefined) mastodon.push({ server, ...told });
      }
    }
    const feeds: string[] = [];
    if (kinds.has("feeds")) {
      for (const typed of await names("Addresses of feeds", "https://blog.example/feed.xml")) {
        const feed = addressOf(typed);
        if ((await tried({ use: "rss", paused: false, feeds: [feed] }, typed)) !== undefined) feeds.push(feed);
      }
    }
    const query = queryForNames([...brands.flatMap((brand) => [brand.name, ...brand.handles]), ...competitors, ...topics]);
    const hintFor = async (which: "matching" | "everything") => (query === "" ? undefined : await estimate?.(query, which));
    const matching = await hintFor("matching");
    const everything = (await hintFor("everything")) ?? "the whole of Bluesky takes gigabytes a day";
    const keep = await answered(
      select<"usual" | "matching" | "everything">({
        ...streams,
        message: "What is stored?",
        options: [
          { value: "usual", label: "As each source suggests", hint: "Bluesky, Mastodon: what matches; feeds, Hacker News: everything" },
          { value: "matching", label: "Only what matches a brand or topic", ...(matching !== undefined && { hint: matching }) },
          { value: "everything", label: "Everything", hint: everything },
        ],
      }),
    );
    const hours = await answered(
      text({
        ...streams,
        message: "Within how many hours must an erased author be gone from every byte?",
        initialValue: "24",
        validate: (typed) => (answersSchema.shape.forgetWithinHours.safeParse(Number(typed)).success ? undefined : "A number from 0 to 720"),
      }),
    );
    return {
      brands,
      competitors,
      topics,
      bluesky: kinds.has("bluesky"),
      hackerNews: kinds.has("hackerNews"),
      feeds,
      mastodon,
      ...(keep !== "usual" && { keep }),
      forgetWithinHours: Number(hours),
    };
  } catch (thrown) {
    if (thrown instanceof Cancelled) return undefined;
    throw thrown;
  }
}
