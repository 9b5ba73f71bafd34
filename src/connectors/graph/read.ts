import { createHash } from "node:crypto";
import type { SourceContext } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { BudgetUse } from "../../core/http.ts";
import type { Parse, Raw, SourcePage } from "../../core/source.ts";
import { type Json, isJson } from "../json/decode.ts";
import { parseInstant } from "../json/fields.ts";
import { type Message, type Shapes, messagesOf } from "./answers.ts";
import type { GraphClient } from "./client.ts";
import { type Cursor, type ListState, type Pending, formatCursor, parseCursor, rememberPost } from "./cursor.ts";
import { softId, totalOf } from "./fields.ts";
import { type InsightsPlan, makeInsights } from "./insights.ts";
import { rawOf } from "./parse.ts";

/** A list of the graph, newest first. */
export interface Listing {
  /** Names it in the cursor. */
  readonly key: string;
  readonly path: string;
  readonly page?: string;
  readonly query: (next: Readonly<Record<string, string>> | undefined, since: number) => Readonly<Record<string, string>>;
  /** The list in an answer; absent: the answer itself. */
  readonly listOf?: (body: Json) => Json | undefined;
  /** The platform keeps it no longer than this. */
  readonly keptMs?: number;
  /** Young posts are read again: counts, edits, deletion. */
  readonly isRefreshed: boolean;
  /** How many comments an item tells; undefined: they are not read. */
  readonly commentsOf?: (item: Json) => number | undefined;
  readonly budgets?: readonly BudgetUse[];
}

export interface Plan {
  readonly shapes: Shapes;
  readonly parse: Parse;
  /** The lists of a round; may ask the platform first (ids of hashtags), and throw for one that cannot be asked. */
  readonly listings: (cursor: Cursor, signal: AbortSignal) => AsyncIterable<Listing> | Iterable<Listing>;
  /** Comments of a post, or replies of a comment; `newestFirst`: what was read before ends the walk. */
  readonly comments: (id: string, isReplies: boolean, list: string) => Listing & { readonly newestFirst: boolean };
  /** Figures of each post, and of the accounts named (each with its page); absent: they are not read. */
  readonly insights?: { readonly posts: InsightsPlan; readonly accounts: readonly { readonly id: string; readonly page?: string; readonly plan: InsightsPlan }[] };
}

export interface ReadOptions {
  readonly pollSeconds: number;
  readonly backfillDays: number;
  readonly refreshDays: number;
  /** Older posts that are read again after each round. */
  readonly rereadPosts: number;
  /** Between two looks at the figures of a post. */
  readonly insightsHours: number;
}

/** Clocks of the platform and ours differ, and posts appear late. */
const overlapSeconds = 600;
const daySeconds = 86_400;
const mostSeen = 50_000;
const mostPages = 5_000;
const mostHeldPosts = 500;
const mostHeldComments = 5_000;
/** Comments of one post that are asked about one by one. */
const mostAsked = 100;

interface PageRead {
  readonly list: Json;
  readonly data: readonly Json[];
  readonly items: Raw[];
  readonly commentIds: readonly string[];
}

export async function* readGraph(
  plan: Plan,
  client: GraphClient,
  options: ReadOptions,
  context: SourceContext,
  saved: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<SourcePage> {
  const { clock, status, report } = context;
  const cursor = parseCursor(saved);
  /** Digests of what was given to the log, by key: what did not change is not sent again. */
  const seen = new Map<string, string>();
  /** Comments that a post had when they were read last, in this process: what is not there any more is asked about. */
  const comments = new Map<string, ReadonlySet<string>>();
  const listings = new Map<string, Listing>();
  const insights = makeInsights(options, client, context);
  let accountsReadAt = 0;
  const seconds = () => Math.floor(clock.now() / 1_000);

  for (;;) {
    let failure: EarshotError | undefined;
    let succeeded = 0;
    // What a cut left over comes first.
    yield* readPending(undefined);
    for await (const listing of plan.listings(cursor, signal)) {
      listings.set(listing.key, listing);
      try {
        yield* walk(listing);
        succeeded++;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", listing.key);
        const isItsOwn = error.code === "UPSTREAM_NOT_FOUND" || error.code === "UPSTREAM_REFUSED" || error.failure?.class === "permission";
        if (!isItsOwn) throw error;
        failure = error;
        report("warn", `${listing.key}: ${error.message}`, { source: context.id, code: error.code });
      }
    }
    if (failure !== undefined && succeeded === 0) throw failure;
    yield* readAgain();
    yield* readInsights();
    status({ state: "polling", ...(failure !== undefined && { detail: failure.code }) });
    try {
      await clock.sleep(options.pollSeconds * 1_000, signal);
    } catch {
      return;
    }
  }

  async function* walk(listing: Listing): AsyncGenerator<SourcePage> {
    const known = cursor.lists.get(listing.key);
    const first = known === undefined;
    const keptSince = listing.keptMs === undefined ? 0 : Math.floor((clock.now() - listing.keptMs) / 1_000);
    const state: ListState = known ?? { since: Math.max(keptSince, seconds() - Math.ceil(options.backfillDays * daySeconds)) };
    let gap = gapOf(first, state.readAt ?? state.since, keptSince);
    const refreshFrom = listing.isRefreshed ? seconds() - Math.ceil(options.refreshDays * daySeconds) : Number.POSITIVE_INFINITY;
    const from = Math.max(0, Math.min(state.since - overlapSeconds, refreshFrom), keptSince);
    const isWhole = state.next === undefined;
    const told = new Set<string>();
    const startedAt = seconds();
    status({ state: first ? "backfilling" : "polling", detail: listing.key });
    let walkState: ListState = state;
    for (let pages = 0; pages < mostPages; pages++) {
      const { list, items, data } = await page(listing, walkState.next, from);
      const times = data.map(timeOf).filter((time) => time !== undefined);
      const newest = Math.max(walkState.newest ?? 0, ...times);
      const next = nextOf(list, listing.listOf !== undefined);
      const done = next === undefined || data.length === 0 || (times.length > 0 && Math.min(...times) < from);
      for (const item of data) {
        const id = softId(item["id"]);
        if (id === undefined) continue;
        told.add(id);
        noteComments(listing, id, item);
      }
      walkState = done ? { since: Math.max(state.since, Math.min(newest, startedAt)), readAt: startedAt } : { ...state, next, newest };
      cursor.lists.set(listing.key, walkState);
      yield { items, cursor: formatCursor(cursor), ...(gap !== undefined && { gap }) };
      gap = undefined;
      yield* readPending(listing.key);
      if (done) break;
    }
    if (listing.isRefreshed && isWhole && walkState.next === undefined) yield* findGone(listing, told, from);
  }

  function gapOf(first: boolean, readAt: number, keptSince: number): SourcePage["gap"] {
    if (first) return { toMs: readAt * 1_000, reason: "older posts are not read on a first start" };
    return readAt < keptSince ? { fromMs: readAt * 1_000, toMs: keptSince * 1_000, reason: "the platform no longer lists posts of that time" } : undefined;
  }

  /** One page as raw messages; a page link that the platform takes no longer begins the walk anew. */
  async function page(listing: Listing, next: Readonly<Record<string, string>> | undefined, since: number): Promise<PageRead> {
    const ask = (fields: Readonly<Record<string, string>> | undefined) =>
      client.get(
        {
          path: listing.path,
          query: listing.query(fields, since),
          ...(listing.page !== undefined && { page: listing.page }),
          ...(listing.budgets !== undefined && { budgets: listing.budgets }),
        },
        signal,
      );
    let body: Json;
    try {
      body = await ask(next);
    } catch (thrown) {
      if (next === undefined || !(thrown instanceof EarshotError) || thrown.code !== "UPSTREAM_REFUSED") throw thrown;
      body = await ask(undefined);
    }
    const list = (listing.listOf === undefined ? body : listing.listOf(body)) ?? {};
    const found: unknown[] = Array.isArray(list["data"]) ? list["data"] : [];
    const items: Raw[] = [];
    const commentIds: string[] = [];
    for (const message of messagesOf({ headers: {}, body, url: `https://graph.facebook.com/${listing.path}` }, plan.shapes, clock.now())) {
      const id = message.graph === "comment" && isJson(message.value) ? softId(message.value["id"]) : undefined;
      if (id !== undefined) commentIds.push(id);
      const raw = fresh(message);
      if (raw !== undefined) items.push(raw);
    }
    return { list, data: found.filter(isJson), items, commentIds };
  }

  /** Undefined: the log has it as it is. */
  function fresh(message: Message): Raw | undefined {
    const raw = rawOf(Buffer.from(JSON.stringify(message)), plan.parse, clock.now());
    if (typeof raw.key !== "string") return raw;
    const name = `${message.graph}/${raw.key}`;
    const digest = createHash("sha1").update(JSON.stringify(message.value)).digest("base64url").slice(0, 12);
    if (seen.get(name) === digest) return undefined;
    seen.delete(name);
    seen.set(name, digest);
    if (seen.size > mostSeen) seen.delete(seen.keys().next().value ?? "");
    return raw;
  }

  function noteComments(listing: Listing, id: string, item: Json): void {
    const known = cursor.posts.get(id);
    const createdAt = timeOf(item) ?? 0;
    if (listing.commentsOf === undefined) {
      if (listing.isRefreshed) rememberPost(cursor, id, { list: listing.key, createdAt, count: 0, since: 0 });
      return;
    }
    const count = listing.commentsOf(item);
    rememberPost(cursor, id, known ?? { list: listing.key, createdAt, count: -1, since: 0 });
    if (count !== undefined && count > 0 && count !== known?.count && !cursor.pending.has(id)) cursor.pending.set(id, { count });
  }

  async function* readPending(list: string | undefined): AsyncGenerator<SourcePage> {
    for (const [id, state] of cursor.pending) {
      const post = cursor.posts.get(id);
      try {
        yield* readComments(id, state, list ?? post?.list ?? "");
      } catch (thrown) {
        if (
          !(thrown instanceof EarshotError) ||
          signal.aborted ||
          (thrown.code !== "UPSTREAM_NOT_FOUND" && thrown.code !== "UPSTREAM_REFUSED" && thrown.failure?.class !== "permission")
        )
          throw thrown;
        // The post went, or its comments are closed: it is asked about again when its count changes.
        report("warn", `comments: ${thrown.message}`, { source: context.id, code: thrown.code });
        finish(id, state);
      }
    }
  }

  async function* readComments(id: string, state: Pending, list: string): AsyncGenerator<SourcePage> {
    const listing = plan.comments(id, state.isReplies === true, list);
    const isWhole = state.next === undefined && state.isReplies !== true;
    const told = new Set<string>();
    const since = listing.newestFirst && state.isAgain !== true ? Math.max(0, (cursor.posts.get(id)?.since ?? 0) - overlapSeconds) : 0;
    for (let pages = 0; pages < mostPages; pages++) {
      const { list: answer, data, items, commentIds } = await page(listing, state.next, since);
      for (const comment of commentIds) told.add(comment);
      const times = data.map(timeOf).filter((time) => time !== undefined);
      state.newest = Math.max(state.newest ?? 0, ...times);
      for (const item of data) {
        const replies = isJson(item["replies"]) ? item["replies"] : undefined;
        const next = replies === undefined ? undefined : nextOf(replies);
        const comment = softId(item["id"]);
        if (next !== undefined && comment !== undefined && !cursor.pending.has(comment)) cursor.pending.set(comment, { count: totalOf(replies) ?? 0, isReplies: true, next });
      }
      const next = nextOf(answer);
      const done = next === undefined || data.length === 0 || (since > 0 && times.length > 0 && Math.min(...times) < since);
      if (done) finish(id, state);
      else state.next = next;
      yield { items, cursor: formatCursor(cursor) };
      if (!done) continue;
      if (isWhole && since === 0) {
        if (state.isAgain === true) yield* tellGone([...(comments.get(id) ?? [])].filter((comment) => !told.has(comment)).slice(0, mostAsked), listing.page);
        holdComments(id, told);
      } else if (state.isReplies !== true) holdComments(id, (comments.get(id) ?? new Set<string>()).union(told));
      return;
    }
  }

  function holdComments(id: string, told: ReadonlySet<string>): void {
    comments.delete(id);
    if (told.size > 0 && told.size <= mostHeldComments) comments.set(id, told);
    if (comments.size > mostHeldPosts) comments.delete(comments.keys().next().value ?? "");
  }

  /** Posts older than those that every poll reads: some in turn, those read longest ago first, each with its comments. */
  async function* readAgain(): AsyncGenerator<SourcePage> {
    const youngest = seconds() - Math.ceil(options.refreshDays * daySeconds);
    const due = [...cursor.posts].filter(([, { list, createdAt }]) => createdAt < youngest && listings.get(list)?.isRefreshed === true).slice(0, options.rereadPosts);
    for (const [id, post] of due) {
      const listing = listings.get(post.list);
      const fields = listing?.query(undefined, 0)["fields"];
      if (listing === undefined || fields === undefined) continue;
      try {
        const { items, list: item } = await page({ ...listing, path: id, query: () => ({ fields }), listOf: (body) => body }, undefined, 0);
        rememberPost(cursor, id, post);
        const count = listing.commentsOf?.(item) ?? post.count;
        // Also where none is told any more: what was there is gone.
        if (listing.commentsOf !== undefined && (count > 0 || post.count > 0) && !cursor.pending.has(id)) cursor.pending.set(id, { count, isAgain: true });
        yield { items, cursor: formatCursor(cursor) };
      } catch (thrown) {
        if (!(thrown instanceof EarshotError) || (thrown.code !== "UPSTREAM_NOT_FOUND" && thrown.failure?.class !== "permission")) throw thrown;
        // What may not be seen any more is no deletion; it is asked for again when its turn comes.
        rememberPost(cursor, id, post);
        if (thrown.code === "UPSTREAM_NOT_FOUND") yield { items: [goneOf(id)], cursor: formatCursor(cursor) };
      }
      yield* readPending(undefined);
    }
  }

  async function* readInsights(): AsyncGenerator<SourcePage> {
    const { posts, accounts } = plan.insights ?? {};
    if (posts === undefined || accounts === undefined) return;
    const give = (id: string, body: Json | undefined): SourcePage => {
      const told = body === undefined ? [] : [...messagesOf({ headers: {}, body, url: `https://graph.facebook.com/${id}/insights` }, plan.shapes, clock.now())];
      return { items: told.map(fresh).filter((raw) => raw !== undefined), cursor: formatCursor(cursor) };
    };
    if (clock.now() - accountsReadAt >= options.insightsHours * 3_600_000) {
      accountsReadAt = clock.now();
      for (const { id, page, plan: asked } of accounts) yield give(id, await insights.read(id, asked, page, signal));
    }
    for (const id of insights.due(cursor, (list) => listings.get(list)?.isRefreshed === true)) {
      const page = listings.get(cursor.posts.get(id)?.list ?? "")?.page;
      yield give(id, await insights.read(id, posts, page, signal));
    }
  }

  async function* tellGone(ids: readonly string[], ofPage: string | undefined): AsyncGenerator<SourcePage> {
    const items: Raw[] = [];
    for (const id of ids) if (await isGone(id, ofPage)) items.push(goneOf(id));
    if (items.length > 0) yield { items, cursor: formatCursor(cursor) };
  }

  async function isGone(id: string, ofPage: string | undefined): Promise<boolean> {
    try {
      await client.get({ path: id, query: { fields: "id" }, ...(ofPage !== undefined && { page: ofPage }) }, signal);
      return false;
    } catch (thrown) {
      if (!(thrown instanceof EarshotError) || thrown.code !== "UPSTREAM_NOT_FOUND") throw thrown;
      return true;
    }
  }

  /** The deletion of a post or comment; nothing is asked about it any more. */
  function goneOf(id: string): Raw {
    cursor.posts.delete(id);
    cursor.pending.delete(id);
    comments.delete(id);
    return rawOf(Buffer.from(JSON.stringify({ graph: "gone", at: clock.now(), value: { id } })), plan.parse, clock.now());
  }

  function finish(id: string, { count, newest = 0, isReplies }: Pending): void {
    cursor.pending.delete(id);
    const post = cursor.posts.get(id);
    if (post !== undefined && isReplies !== true) cursor.posts.set(id, { ...post, count, since: Math.max(post.since, newest) });
  }

  /** Young posts that the whole list did not hold: each is asked for by itself, and told as gone only when the platform says so. */
  async function* findGone(listing: Listing, told: ReadonlySet<string>, from: number): AsyncGenerator<SourcePage> {
    const missing = [...cursor.posts].filter(([id, post]) => post.list === listing.key && post.createdAt >= from + overlapSeconds && !told.has(id)).map(([id]) => id);
    yield* tellGone(missing, listing.page);
  }
}

function timeOf(item: Json): number | undefined {
  const at = parseInstant(item["created_time"] ?? item["timestamp"]);
  return at === undefined ? undefined : Math.floor(at / 1_000);
}

/** Query fields of the next page: of its link, without the token that stands there. A list inside of a field has cursors alone. */
function nextOf(list: Json, isInside = false): Readonly<Record<string, string>> | undefined {
  const paging = isJson(list["paging"]) ? list["paging"] : {};
  const link = paging["next"];
  const after = isJson(paging["cursors"]) && typeof paging["cursors"]["after"] === "string" ? paging["cursors"]["after"] : undefined;
  if (typeof link === "string" && URL.canParse(link)) {
    const fields: Record<string, string> = {};
    for (const name of ["after", "until", "__paging_token", "offset"]) {
      const value = new URL(link).searchParams.get(name);
      if (value !== null && value !== "") fields[name] = value;
    }
    for (const _ in fields) return fields;
  }
  return after !== undefined && (isInside || link !== undefined) ? { after } : undefined;
}
