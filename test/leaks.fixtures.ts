import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answer, recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { signInAs } from "./people.fixtures.ts";

/** Of the data that somebody may not see: texts that must stand in no answer to them, and figures that must not. */
export interface Hidden {
  readonly markers: readonly string[];
  readonly figures: readonly number[];
}

export interface KeptActor {
  readonly name: string;
  readonly cookie: string;
  /** How many posts they may see. */
  readonly posts: number;
  readonly hidden: Hidden;
}

export interface LeakWorld extends AsyncDisposable {
  readonly api: RunningApi;
  readonly actors: readonly KeptActor[];
  /** What only the admin may see. */
  readonly foreign: { readonly post: string; readonly author: string; readonly cursor: string; readonly rejected: string };
  readonly ownPost: string;
}

const foreignSource = "markersource";
const foreignPlatform = "markernet";
const own = 11;
const shared = 3;
const untagged = 83;
const foreign = 137;

/** All sums that tell of a hidden part: each holds at least one hidden class of posts. */
function sumsWith(hidden: readonly number[], visible: readonly number[]): readonly number[] {
  const sums = (numbers: readonly number[]): number[] => numbers.reduce<number[]>((known, number) => known.concat(known.map((sum) => sum + number)), [0]);
  return sums(hidden).flatMap((sum) => (sum === 0 ? [] : sums(visible).map((more) => sum + more)));
}

function expect200({ status, text }: Answer): void {
  if (status !== 200) throw new Error(text);
}

const post = (id: string, text: string, author: string, more: object = {}) =>
  JSON.stringify({ id, author, text, createdAt: "2026-11-01T10:00:00Z", language: "en", likes: 1, ...more });
const many = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i));

/** Two brands, two platforms, two sources: who is kept to one of them must not learn of the other. */
export async function startLeakWorld(): Promise<LeakWorld> {
  const folder = mkdtempSync(join(tmpdir(), "earshot-leaks-"));
  const api = await startApi({ config: { terms: { acme: { name: "Acme", query: "acme" }, zenithal: { name: "Zenith Holding", query: "quartzite", colour: "#abcdef" } } } });
  try {
    expect200(await api.ask("PUT", "/api/v1/entities/markerentity", { body: { name: "Quartzite", term: "zenithal" } }));
    const files: Readonly<Record<string, readonly string[]>> = {
      townhall: [
        ...many(own, (i) => post(`o${i}`, `acme opens a shop ${i} #shopping`, "neighbour")),
        ...many(shared, (i) => post(`s${i}`, `acme and quartzite side by side ${i}`, "neighbour")),
        ...many(untagged, (i) => post(`u${i}`, `markerplain weather ${i} #markerweather`, `weatherman${i % 3}`)),
      ],
      [foreignSource]: [
        ...many(foreign, (i) => post(`f${i}`, `markerword quartzite rises ${i} #markertag https://markerhost.example/a`, "rival", { language: "is", likes: 977 })),
        '{"id":"broken","text":"markerbroken"}',
      ],
    };
    for (const [id, lines] of Object.entries(files)) {
      const path = join(folder, `${id}.ndjson`);
      writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
      const put = await api.ask("PUT", `/api/v1/sources/${id}`, {
        body: { use: "files", paths: [path], platform: id === foreignSource ? foreignPlatform : "forum", keep: "everything" },
      });
      expect200(put);
    }
    for (const [method, body] of [
      ["PUT", { name: "Oldrival", query: "oldrivalword" }],
      ["DELETE", undefined],
    ] as const)
      await api.ask(method, "/api/v1/terms/oldrival", body === undefined ? {} : { body });
    const countOf = async (q: string) => (await api.ask("GET", `/api/v1/posts/count?${new URLSearchParams({ q }).toString()}`)).body["posts"];
    await until("all is searchable", async () => (await countOf("")) === own + shared + untagged + foreign);
    await until("all is summed", async () => {
      const { body } = await api.ask("GET", "/api/v1/rollups?grain=all&from=2026-10-01T00:00:00Z&to=2026-12-01T00:00:00Z");
      return rowsOf(body, "rows")[0]?.["posts"] === own + shared + untagged + foreign;
    });
    let rejected = "";
    await until("the broken line is in the quarantine", async () => {
      rejected = String(rowsOf((await api.ask("GET", "/api/v1/quarantine")).body)[0]?.["id"] ?? "");
      return rejected !== "";
    });
    const found = (await api.ask("GET", "/api/v1/posts?q=markerword&limit=2")).body;
    const cursor = String((await api.ask("GET", "/api/v1/posts?limit=2")).body["next"]);
    const [first] = rowsOf(found);
    const all = rowsOf((await api.ask("GET", "/api/v1/posts?limit=1000")).body);
    const idsOf = (of: (found: Readonly<Record<string, unknown>>) => boolean) => [...new Set(all.filter(of).flatMap((each) => [String(each["id"]), String(each["author"])]))];
    const foreignMarkers = [
      "markernote",
      "markerview",
      "markerword",
      "markertag",
      "markerhost",
      "markerbroken",
      foreignSource,
      foreignPlatform,
      ...idsOf((each) => each["platform"] === foreignPlatform),
    ];
    const people = { role: "analyst" } as const;
    const actors: readonly KeptActor[] = [
      {
        name: "kept to a brand",
        cookie: await signInAs(api, { name: "bea", ...people, terms: ["acme"] }),
        posts: own + shared,
        hidden: {
          markers: [
            ...foreignMarkers,
            "markerplain",
            "markerweather",
            "markerentity",
            "zenith",
            "Zenith",
            "#abcdef",
            "oldrival",
            "Oldrival",
            ...idsOf((each) => String(each["text"]).includes("markerplain")),
          ],
          figures: [...sumsWith([untagged, foreign], [own, shared]), 977],
        },
      },
      {
        name: "kept to a platform",
        cookie: await signInAs(api, { name: "pia", ...people, platforms: ["forum"] }),
        posts: own + shared + untagged,
        hidden: { markers: foreignMarkers, figures: [...sumsWith([foreign], [own, shared, untagged]), 977] },
      },
      {
        name: "kept to a brand on a platform",
        cookie: await signInAs(api, { name: "nora", ...people, terms: ["zenithal"], platforms: ["forum"] }),
        posts: shared,
        hidden: { markers: [...foreignMarkers, "markerentity", "markerplain", "Acme", "oldrival"], figures: [...sumsWith([own, untagged, foreign], [shared]), 977] },
      },
    ];
    const noted = { at: "2026-11-01T10:00:00Z", text: "markernote of the rival" };
    for (const body of [noted, { ...noted, term: "zenithal" }]) expect200(await api.ask("POST", "/api/v1/annotations", { body }));
    expect200(await api.ask("POST", "/api/v1/views", { body: { name: "markerview", path: "/explore", query: "term=zenithal", shared: true } }));
    expect200(await api.ask("PUT", `/api/v1/posts/${String(first?.["id"])}/labels/language`, { body: { to: "de" } }));
    const ownPost = String(rowsOf((await api.ask("GET", "/api/v1/posts?q=shop&limit=1")).body)[0]?.["id"]);
    return {
      api,
      actors,
      foreign: { post: String(recordAt(first)["id"]), author: String(recordAt(first)["author"]), cursor, rejected },
      ownPost,
      async [Symbol.asyncDispose]() {
        await api[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await api[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
