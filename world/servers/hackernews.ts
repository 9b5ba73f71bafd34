import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { makeRandom } from "../random.ts";
import { type FaultLevel, type Faults, faultsOf } from "./faults.ts";
import { portOf } from "./feeds.ts";
import { makeRestFaults } from "./rest-faults.ts";
import { writeStory } from "./story.ts";
import { makeWaits } from "./waits.ts";

export interface NewsOptions {
  readonly seed: string;
  readonly nowMs: () => number;
  /** Items that are there at the start. */
  readonly items?: number;
  readonly faults?: FaultLevel | Partial<Faults>;
  /** Share of items that are `null` the first time that they are asked for, as on the real one. */
  readonly lateShare?: number;
  readonly host?: string;
}

/** An item as the API gives it (github.com/HackerNews/API). */
export interface NewsItem {
  readonly id: number;
  readonly type: "story" | "comment" | "job" | "poll" | "pollopt";
  readonly by?: string;
  readonly time: number;
  text?: string;
  title?: string;
  url?: string;
  score?: number;
  descendants?: number;
  kids?: number[];
  parts?: number[];
  readonly parent?: number;
  readonly poll?: number;
  deleted?: true;
  dead?: true;
}

export interface NewsWorld extends AsyncDisposable {
  /** The base of the API. */
  readonly url: string;
  readonly items: ReadonlyMap<number, NewsItem>;
  /** Story, comment, poll or job, as chance has it. */
  publish(): NewsItem;
  vote(id: number, by: number): void;
  edit(id: number): void;
  kill(id: number): void;
  /** The author takes it back: what is left has no text. */
  remove(id: number): void;
  setFaults(faults: FaultLevel | Partial<Faults>): void;
  readonly answered: ReadonlyMap<number, number>;
  /** The most requests that were open at once. */
  readonly mostAtOnce: number;
  /** Calls that came while a 429 held; the API has no limit of its own (github.com/HackerNews/API, "Rate limit", 2026-11). */
  readonly beyond: number;
  /** Milliseconds that 429s made the reader wait. */
  readonly forcedMs: number;
}

const firstId = 40_000_000;
const updatesShown = 60;
/** Several calls are open at once: those on their way when a 429 is said are none of its fault. */
const underWayMs = 200;

export async function startNews(options: NewsOptions): Promise<NewsWorld> {
  const { seed, nowMs, host = "127.0.0.1", lateShare = 0 } = options;
  const random = makeRandom(`${seed}/news`);
  let faults = faultsOf(options.faults);
  const waits = makeWaits(nowMs, underWayMs);
  const restFaults = makeRestFaults(() => faults, makeRandom(`${seed}/faults/news`), nowMs, waits, "retry-after");
  const items = new Map<number, NewsItem>();
  const late = new Set<number>();
  let updated: number[] = [];
  let nextId = firstId;
  const answered = new Map<number, number>();
  let open = 0;
  let mostAtOnce = 0;

  const touch = (id: number): void => {
    updated = [id, ...updated.filter((one) => one !== id)].slice(0, updatesShown);
  };
  const add = (item: Omit<NewsItem, "id" | "time">): NewsItem => {
    const made = { id: nextId, time: Math.floor(nowMs() / 1_000), ...item };
    nextId += 1;
    items.set(made.id, made);
    if (random.chance(lateShare)) late.add(made.id);
    return made;
  };
  const rootOf = (item: NewsItem): NewsItem | undefined => {
    let at: NewsItem | undefined = item;
    while (at?.parent !== undefined) at = items.get(at.parent);
    return at;
  };

  const publish = (): NewsItem => {
    const by = `sim_${random.int(200)}`;
    const { title, html, text } = writeStory(random);
    const roll = random.next();
    const above = [...items.values()].slice(-200).filter((one) => one.type !== "pollopt" && one.type !== "job" && one.deleted === undefined && one.dead === undefined);
    if (roll < 0.75 && above.length > 0) {
      const parent = random.pick(above);
      const comment = add({ type: "comment", by, parent: parent.id, text: html.replace(/^<p>/u, "").replaceAll("</p>", "").replaceAll("/", "&#x2F;") });
      (parent.kids ??= []).push(comment.id);
      const root = rootOf(comment);
      if (root !== undefined) root.descendants = (root.descendants ?? 0) + 1;
      touch(parent.id);
      if (random.chance(0.03)) comment.dead = true;
      return comment;
    }
    if (roll < 0.95 || items.size < 10)
      return add({ type: "story", by, title, score: 1, descendants: 0, ...(random.chance(0.8) ? { url: `https://news.simulated.example/${nextId}` } : { text }) });
    if (roll < 0.97) return add({ type: "job", by, title, score: 1, url: `https://jobs.simulated.example/${nextId}` });
    const poll = add({ type: "poll", by, title, text: "", score: 1, descendants: 0 });
    poll.parts = [1, 2].map((n) => add({ type: "pollopt", by, poll: poll.id, text: `Option ${n}`, score: 1 }).id);
    return poll;
  };
  for (let made = 0; made < (options.items ?? 100); made += 1) publish();

  const answer = (_request: IncomingMessage, response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
    answered.set(status, (answered.get(status) ?? 0) + 1);
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers }).end(typeof body === "string" ? body : JSON.stringify(body));
  };
  const serve = (request: IncomingMessage, response: ServerResponse, path: string): void => {
    const id = Number(/^\/v0\/item\/(\d+)\.json$/u.exec(path)?.[1]);
    if (Number.isSafeInteger(id)) answer(request, response, 200, late.delete(id) ? null : (items.get(id) ?? null));
    else if (path === "/v0/maxitem.json") answer(request, response, 200, nextId - 1);
    else if (path === "/v0/updates.json") answer(request, response, 200, { items: updated, profiles: [] });
    else if (path === "/v0/topstories.json" || path === "/v0/newstories.json") {
      const stories = [...items.values()].filter((one) => one.type === "story" && one.dead === undefined && one.deleted === undefined);
      const sorted = path.includes("top") ? stories.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0)) : stories.toReversed();
      answer(
        request,
        response,
        200,
        sorted.slice(0, 500).map((one) => one.id),
      );
    } else answer(request, response, 404, null);
  };
  const server = createServer((request, response) => {
    open += 1;
    mostAtOnce = Math.max(mostAtOnce, open);
    response.once("close", () => (open -= 1));
    const path = new URL(request.url ?? "/", "http://world.simulated.example").pathname;
    restFaults(request, response, {}, answer, () => serve(request, response, path));
  });
  server.listen(0, host);
  await once(server, "listening");

  const change = (id: number, how: (item: NewsItem) => void): void => {
    const item = items.get(id);
    if (item === undefined) return;
    how(item);
    touch(id);
  };
  return {
    url: `http://${host}:${portOf(server.address())}/v0`,
    items,
    publish,
    vote: (id, by) => change(id, (item) => (item.score = (item.score ?? 1) + by)),
    edit: (id) => change(id, (item) => (item.text = `${item.text ?? ""}<p>EDIT: more words`)),
    kill: (id) => change(id, (item) => (item.dead = true)),
    remove(id) {
      const item = items.get(id);
      if (item === undefined) return;
      items.set(id, { id, type: item.type, time: item.time, ...(item.parent !== undefined && { parent: item.parent }), deleted: true });
      touch(id);
    },
    setFaults(wish) {
      faults = faultsOf(wish);
    },
    answered,
    get mostAtOnce() {
      return mostAtOnce;
    },
    get beyond() {
      return waits.beyond;
    },
    get forcedMs() {
      return waits.forcedMs;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
