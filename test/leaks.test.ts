import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isRecord, recordAt, rowsOf } from "./api.fixtures.ts";
import { type KeptActor, type LeakWorld, startLeakWorld } from "./leaks.fixtures.ts";
import { askAs } from "./people.fixtures.ts";

/** Requests of a route at most: parameters are crossed until then, the rest goes by even steps. */
const mostOfRoute = 250;
const together = 8;

/** What a parameter can be, where its schema says it: its words, or its bounds. */
function choicesOf(schema: unknown): readonly (string | undefined)[] | undefined {
  if (!isRecord(schema)) return undefined;
  if (schema["type"] === "boolean") return [undefined, "true"];
  if (schema["type"] === "integer") return [undefined, ...[schema["minimum"], schema["maximum"]].filter((bound) => typeof bound === "number").map(String)];
  const named = Array.isArray(schema["anyOf"]) ? schema["anyOf"].filter(isRecord).flatMap((part) => part["const"] ?? part["enum"]) : schema["enum"];
  return Array.isArray(named) && named.every((name) => typeof name === "string") ? [undefined, ...named] : undefined;
}

async function eachTogether<Item>(items: readonly Item[], each: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values();
  const one = async () => {
    for (const item of left) await each(item);
  };
  await Promise.all(Array.from({ length: together }, one));
}

describe("who is kept to a part of the data", () => {
  let world: LeakWorld;
  before(async () => {
    world = await startLeakWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  /** Values to try for each parameter, by its name; `undefined` leaves it out. */
  const triedFor = (): Readonly<Record<string, readonly (string | undefined)[]>> => {
    const { post, author, cursor, rejected } = world.foreign;
    return {
      label: [undefined, "spam", "markerword"],
      model: [undefined, "spam@00000000"],
      a: ["embedded", "spam@00000000"],
      b: ["embedded", "spam@00000000"],
      q: [
        undefined,
        "markerword",
        "marker*",
        "term:zenithal",
        "term:zenithal OR term:acme",
        "NOT term:acme",
        "NOT shop",
        "quartzite",
        "platform:markernet",
        "source:markersource",
        "hashtag:markertag",
        "link:markerhost.example",
        "link:https://markerhost.example/a",
        "entity:markerentity",
        "language:is",
        `author:${author}`,
      ],
      by: [
        undefined,
        "term",
        "platform",
        "language",
        "source",
        "hashtag",
        "entity",
        "day",
        "sentiment",
        "source,term",
        "platform,term",
        "platform,language,sentiment,term,hashtag,day",
      ],
      top: [undefined],
      limit: [undefined, "1000"],
      cursor: [undefined, cursor],
      reveal: [undefined, "because I want to"],
      from: ["2026-10-01T00:00:00Z"],
      to: ["2026-12-01T00:00:00Z"],
      grain: [undefined, "all", "day", "minute"],
      term: [undefined, "zenithal", "acme", "acme,zenithal", "oldrival"],
      language: [undefined, "is"],
      platform: [undefined, "markernet", "forum,markernet"],
      code: [undefined],
      source: [undefined, "markersource"],
      state: [undefined],
      metric: [undefined, "engagement", "authors", "share-of-voice"],
      order: [undefined, "oldest", "engaged", "relevance"],
      work: [undefined, "1000"],
      format: [undefined, "csv"],
      error: [undefined],
      error_description: [undefined],
      iss: [undefined],
      what: [undefined, "language"],
      mine: [undefined, "true"],
      days: [undefined],
      day: [undefined, "2026-11-01"],
      slice: [undefined, "all"],
      actor: [undefined],
      action: [undefined],
      subject: [undefined],
      before: [undefined],
      failure: [undefined],
      class: [undefined],
      sample: [undefined],
      compare: [undefined, "before"],
      task: [undefined, "sentiment"],
      item: ["none"],
      name: ["nothing"],
      id: [post, world.ownPost, "zenithal", "oldrival", "acme", author, "markersource", rejected],
    };
  };

  interface Request {
    readonly path: string;
    readonly asked: readonly string[];
  }

  /** Every GET of the served description, with all that is worth trying for its parameters. */
  function requests(): readonly Request[] {
    const tried = triedFor();
    return Object.entries(recordAt(world.api.described, "paths")).flatMap(([path, methods]) => {
      const operation = isRecord(methods) ? methods["get"] : undefined;
      // The live stream does not end; it has its own test.
      if (!isRecord(operation) || path === "/api/v1/live") return [];
      const parameters = Array.isArray(operation["parameters"]) ? operation["parameters"].filter(isRecord) : [];
      let crossed: readonly Readonly<Record<string, string>>[] = [{}];
      for (const parameter of parameters) {
        const name = String(parameter["name"]);
        const values = tried[name] ?? choicesOf(parameter["schema"]);
        assert.ok(values !== undefined, `GET ${path} has a parameter \`${name}\` that test/leaks.test.ts does not know: add to \`triedFor\` what a curious reader would try there`);
        crossed = crossed.flatMap((known) => values.map((value) => (value === undefined ? known : { ...known, [name]: value })));
      }
      const step = Math.max(1, crossed.length / mostOfRoute);
      const chosen = Array.from({ length: Math.ceil(crossed.length / step) }, (_, i) => crossed[Math.floor(i * step)] ?? {});
      return chosen.map((values) => {
        const query = new URLSearchParams();
        let filled = path;
        for (const parameter of parameters) {
          const name = String(parameter["name"]);
          const value = values[name];
          if (value === undefined) continue;
          if (parameter["in"] === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(value));
          else query.set(name, value);
        }
        const text = query.toString();
        return { path: text === "" ? filled : `${filled}?${text}`, asked: Object.values(values) };
      });
    });
  }

  function figuresIn(value: unknown): number[] {
    if (typeof value === "number") return [value];
    if (Array.isArray(value)) return value.flatMap(figuresIn);
    if (!isRecord(value)) return [];
    // Where a changed word stands in the text that the same answer shows counts nothing.
    const { start: _start, end: _end, normalStart, normalEnd: _normalEnd, ...rest } = value;
    return Object.values(normalStart === undefined ? value : rest).flatMap(figuresIn);
  }

  function leaksIn(actor: KeptActor, text: string, body: unknown): readonly string[] {
    const { markers, figures } = actor.hidden;
    return [
      ...markers.filter((marker) => text.includes(marker)),
      ...figuresIn(body)
        .filter((figure) => figures.includes(figure))
        .map(String),
    ];
  }

  it("meets no word, name, id or figure of the rest on any route, whatever is asked", async () => {
    const all = requests();
    assert.ok(all.length > 500, `${all.length} requests`);
    for (const actor of world.actors) {
      const leaks: string[] = [];
      let answered = 0;
      await eachTogether(all, async ({ path, asked }) => {
        const answer = await askAs(world.api, actor.cookie, "GET", path);
        if (answer.status === 200) answered++;
        // A refusal may repeat what was asked for.
        const text = answer.status === 200 ? answer.text : asked.flatMap((value) => value.split(/[,:\s]+/)).reduce((rest, value) => rest.replaceAll(value, ""), answer.text);
        const body: unknown = answer.type === "application/x-ndjson" ? answer.text.split("\n").flatMap((line): unknown[] => (line === "" ? [] : [JSON.parse(line)])) : answer.body;
        const found = path.startsWith("/api/v1/openapi.json") || answer.status !== 200 ? leaksIn(actor, text, undefined) : leaksIn(actor, text, body);
        if (found.length > 0) leaks.push(`${actor.name}: GET ${path} told of ${found.slice(0, 5).join(", ")}`);
      });
      assert.deepEqual(leaks.slice(0, 20), []);
      assert.ok(answered > 200, `${actor.name}: only ${answered} of ${all.length} requests were answered: the crawl tries what is not there`);
    }
  });

  it("would meet the markers if nothing kept them from it: an admin who asks the same does", async () => {
    const [actor] = world.actors;
    assert.ok(actor !== undefined);
    const seen = new Set<string>();
    await eachTogether(requests(), async ({ path }) => {
      const answer = await world.api.ask("GET", path);
      if (answer.status === 200) for (const found of leaksIn(actor, answer.text, answer.body)) seen.add(found);
    });
    for (const marker of [
      "markerword",
      "markertag",
      "markerhost",
      "markersource",
      "markernet",
      "markerbroken",
      "markerplain",
      "markerentity",
      "zenith",
      "Zenith",
      "Oldrival",
      "137",
      "234",
      "977",
      world.foreign.post,
      world.foreign.author,
    ])
      assert.ok(seen.has(marker), `an admin meets ${marker}`);
  });

  it("is told of their part what is there", async () => {
    for (const actor of world.actors) {
      const get = async (path: string) => (await askAs(world.api, actor.cookie, "GET", path)).body;
      const exported = await askAs(world.api, actor.cookie, "GET", "/api/v1/posts/export");
      assert.deepEqual(
        {
          count: (await get("/api/v1/posts/count"))["posts"],
          facets: (await get("/api/v1/posts/facets"))["posts"],
          page: rowsOf(await get("/api/v1/posts?limit=1000")).length,
          exported: exported.text.split("\n").filter((line) => line !== "").length,
          status: (await get("/api/v1/status"))["posts"],
          rollups: rowsOf(await get("/api/v1/rollups?grain=all&from=2026-10-01T00:00:00Z&to=2026-12-01T00:00:00Z"), "rows")[0]?.["posts"],
          sources: rowsOf(await get("/api/v1/sources")).map((source) => source["id"]),
        },
        { count: actor.posts, facets: actor.posts, page: actor.posts, exported: actor.posts, status: actor.posts, rollups: actor.posts, sources: ["townhall"] },
        actor.name,
      );
    }
  });

  it("cannot tell what is hidden from what is not there", async () => {
    const [actor] = world.actors;
    assert.ok(actor !== undefined);
    const answerTo = async (path: string, name: string) => {
      const { status, text } = await askAs(world.api, actor.cookie, "GET", path.replace("NAME", encodeURIComponent(name)));
      return [status, text.replaceAll(name, "NAME")];
    };
    const noPost = `p_${"A".repeat(world.foreign.post.length - 2)}`;
    for (const [path, hidden, absent] of [
      ["/api/v1/posts/NAME", world.foreign.post, noPost],
      ["/api/v1/terms/NAME/versions", "zenithal", "absent"],
      ["/api/v1/terms/NAME/versions", "oldrival", "absent"],
      ["/api/v1/posts/count?q=term:NAME", "zenithal", "absent"],
      ["/api/v1/posts/facets?q=term:NAME", "zenithal", "absent"],
      ["/api/v1/posts/count?q=NAME", "markerword", "absent"],
      ["/api/v1/posts?q=source:NAME", "markersource", "absent"],
    ] as const)
      assert.deepEqual(await answerTo(path, hidden), await answerTo(path, absent), path);
    const { freshAt: _, ...hidden } = (await askAs(world.api, actor.cookie, "GET", "/api/v1/rollups?term=zenithal&from=2026-10-01T00:00:00Z&to=2026-12-01T00:00:00Z")).body;
    assert.deepEqual(rowsOf(hidden, "rows"), []);
  });

  it("hears in the live stream of their own posts only, in number and in text", async () => {
    const signal = AbortSignal.timeout(120_000);
    const streams = await Promise.all(
      world.actors.map(async (actor) => {
        const response = await fetch(`${world.api.address}/api/v1/live`, { headers: { cookie: actor.cookie }, signal });
        assert.equal(response.status, 200);
        return { actor, response };
      }),
    );
    const line = (id: string, text: string, platform: string) => ({ id, platform, author: "speaker", text, createdAt: "2026-11-02T10:00:00Z" });
    await world.api.import([
      ...Array.from({ length: 5 }, (_, i) => line(`lf${i}`, `markerword quartzite again ${i}`, "markernet")),
      line("lu", "markerplain again", "elsewhere"),
      line("lo", "acme and quartzite live", "forum"),
    ]);
    const heard = await Promise.all(
      streams.map(async ({ actor, response }) => {
        let text = "";
        const decoder = new TextDecoder();
        for await (const piece of response.body ?? []) {
          text += decoder.decode(piece, { stream: true });
          const counts = [...text.matchAll(/event: tick\ndata: \{"at":"[^"]+","posts":(\d+)[^\n]*\n\n/g)].map(([, count]) => Number(count));
          const first = counts.findIndex((count) => count > 0);
          // What else came of the import would be counted in the ticks right after.
          if (first >= 0 && counts.length > first + 3) return { actor, text, posts: counts.reduce((sum, count) => sum + count, 0) };
        }
        return { actor, text, posts: -1 };
      }),
    );
    for (const { actor, text, posts } of heard) {
      assert.equal(posts, 1, actor.name);
      assert.match(text, /acme and quartzite live/);
      assert.deepEqual(leaksIn(actor, text, undefined), [], actor.name);
    }
  });

  it("loses the live stream within seconds of a change of rights, and with the session", async () => {
    const [brand, platform] = world.actors;
    assert.ok(brand !== undefined && platform !== undefined);
    const open = async (cookie: string) => {
      const response = await fetch(`${world.api.address}/api/v1/live`, { headers: { cookie }, signal: AbortSignal.timeout(15_000) });
      assert.equal(response.status, 200);
      return response.text();
    };
    const startedAt = performance.now();
    const [changed, ended] = [open(brand.cookie), open(platform.cookie)];
    await world.api.ask("PATCH", "/api/v1/users/bea", { body: { terms: ["zenithal"] } });
    await world.api.ask("DELETE", "/api/v1/users/pia");
    await Promise.all([changed, ended]);
    assert.ok(performance.now() - startedAt < 10_000);
    assert.equal((await askAs(world.api, platform.cookie, "GET", "/api/v1/me")).status, 401);
  });
});
