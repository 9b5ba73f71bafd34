import type { Clock } from "../../core/clock.ts";
import type { ReadSecret, SourceContext } from "../../core/component.ts";
import { type ConfigFault, type EgressProfile, refuseFaults } from "../../core/config.ts";
import type { CredentialSpec } from "../../core/credential.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { SourcePost } from "../../core/event.ts";
import { fingerprint } from "../../core/ids.ts";
import type { Files } from "../../core/files.ts";
import type { Http } from "../../core/http.ts";
import { callFor } from "../../http/counted.ts";
import type { Credentials } from "../../http/credentials.ts";
import { callerOf, defineSource, egressFaults, type SourceDefinition } from "../collect.ts";
import type { ShadowBook, ShadowRequest, ShadowSide, ShadowView } from "../shadow.ts";

export interface ShadowOptions {
  readonly definitions: ReadonlyMap<string, SourceDefinition>;
  readonly files: Files;
  readonly http: Http;
  readonly clock: Clock;
  readonly readSecret: ReadSecret;
  readonly credential: Credentials["credential"];
  readonly egress: Readonly<Record<string, EgressProfile>>;
}

const mostAtOnce = 2;
const mostExamples = 10;
const mostFieldExamples = 3;
const mostFields = 200;
const mostChars = 200;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** Their values name people or are their words: only that they differ is shown. */
const personal: ReadonlySet<string> = new Set(["author", "text", "spans", "mentions", "media"]);

/** A post as it is compared: field by field, each as short text. */
type Fields = ReadonlyMap<string, string>;

interface Side {
  state: ShadowSide["state"];
  messages: number;
  readonly rejected: Map<string, number>;
  error?: ShadowSide["error"];
  readonly posts: Map<string, Fields>;
}

interface Run {
  state: ShadowView["state"];
  readonly startedAt: number;
  readonly endsAt: number;
  readonly old: Side;
  readonly fresh: Side;
  readonly abort: AbortController;
  readonly finished: Promise<unknown>;
}

/** Runs a second configuration of a source beside the first, both dry, and tells how what they bring differs. */
export function makeShadow(options: ShadowOptions): ShadowBook & { stopShadows(): Promise<void> } {
  const { clock } = options;
  const runs = new Map<string, Run>();

  async function read(definition: SourceDefinition, side: Side, mostPosts: number, signal: AbortSignal): Promise<void> {
    const caller = callerOf(definition);
    const context: SourceContext = {
      id: definition.id,
      clock,
      files: options.files,
      http: callFor(options.http, caller),
      readSecret: options.readSecret,
      credential: (spec: CredentialSpec) => options.credential(spec, caller),
      report: () => undefined,
      status: () => undefined,
      failed: () => undefined,
    };
    let cursor: string | undefined;
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      try {
        await using source = await definition.connector.open(definition.parsedOptions, context);
        for await (const page of source.read(cursor, signal)) {
          for (const { bytes } of page.items) take(definition, side, bytes, mostPosts);
          cursor = page.cursor;
          pauseMs = firstPauseMs;
          if (side.posts.size >= mostPosts || signal.aborted) return;
        }
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toEarshotError(thrown, "INVARIANT", definition.connector.name);
        side.error = { code: error.code, message: error.message.slice(0, 500) };
        // What a wait does not heal is the answer that was looked for.
        if (!["UPSTREAM_RATE_LIMITED", "UPSTREAM_UNAVAILABLE", "UPSTREAM_CUT"].includes(error.code)) throw error;
        await clock.sleep(Math.max(pauseMs, (error.retryAt ?? 0) - clock.now()), signal).catch(() => undefined);
      }
    }
  }

  async function run(definition: SourceDefinition, side: Side, mostPosts: number, signal: AbortSignal): Promise<void> {
    try {
      await read(definition, side, mostPosts, signal);
      side.state = "ended";
    } catch (thrown) {
      const { code, message } = toEarshotError(thrown, "INVARIANT", definition.connector.name);
      side.error = { code, message: message.slice(0, 500) };
      side.state = "failed";
    }
  }

  async function start(id: string, request: ShadowRequest): Promise<ShadowView> {
    const old = options.definitions.get(id);
    if (old === undefined) throw new EarshotError("NOT_FOUND", `source ${id}: there is none`);
    if (runs.get(id)?.state === "running") throw new EarshotError("CONFLICT", `source ${id}: a second configuration runs beside it already`);
    const faults: ConfigFault[] = [];
    const config = { ...request.options, use: old.connector.name, paused: false, ...(old.egress !== undefined && { egress: old.egress }) };
    const fresh = await defineSource(id, config, "dashboard", faults);
    if (fresh !== undefined) faults.push(...egressFaults(fresh, options.egress));
    refuseFaults(`source ${id}`, faults);
    if (fresh === undefined) throw new EarshotError("CONFIG_INVALID", `source ${id}`);
    if ([...runs.values()].filter(({ state }) => state === "running").length >= mostAtOnce)
      throw new EarshotError("LIMIT_REACHED", `${mostAtOnce} second configurations run already; wait for one, or cancel it`);
    const abort = new AbortController();
    const sides = { old: emptySide(), fresh: emptySide() };
    const startedAt = clock.now();
    // One that has all that it may hold leaves the other its time.
    const reading = Promise.all([run(old, sides.old, request.mostPosts, abort.signal), run(fresh, sides.fresh, request.mostPosts, abort.signal)]);
    const timer = new AbortController();
    const late = clock.sleep(request.forMs, timer.signal).then(
      () => abort.abort(),
      () => undefined,
    );
    const finished = Promise.race([reading, late]).then(async () => {
      timer.abort();
      await reading;
      if (made.state === "running") made.state = "done";
    });
    const made: Run = { state: "running", startedAt, endsAt: startedAt + request.forMs, ...sides, abort, finished };
    runs.set(id, made);
    return viewOf(made);
  }

  async function cancel(id: string): Promise<void> {
    const found = runs.get(id);
    if (found === undefined) throw new EarshotError("NOT_FOUND", `source ${id}: no second configuration runs beside it`);
    if (found.state === "running") found.state = "cancelled";
    found.abort.abort();
    await found.finished;
  }

  return {
    startShadow: start,
    shadow(id) {
      const found = runs.get(id);
      return found && viewOf(found);
    },
    cancelShadow: cancel,
    shadows: () => [...runs].map(([source, { state, startedAt }]) => ({ source, state, startedAt })).toSorted((a, b) => b.startedAt - a.startedAt),
    async stopShadows() {
      await Promise.all([...runs.keys()].map(cancel));
    },
  };
}

function emptySide(): Side {
  return { state: "reading", messages: 0, rejected: new Map(), posts: new Map() };
}

function take({ parse }: SourceDefinition, side: Side, bytes: Uint8Array, mostPosts: number): void {
  side.messages++;
  for (const outcome of parse(bytes)) {
    if ("reject" in outcome) side.rejected.set(outcome.reject.code, (side.rejected.get(outcome.reject.code) ?? 0) + 1);
    // The newest form of a post is the one that counts.
    else if ("keep" in outcome && outcome.keep.type === "post" && (side.posts.size < mostPosts || side.posts.has(outcome.keep.post.id)))
      side.posts.set(outcome.keep.post.id, fieldsOf(outcome.keep.post));
  }
}

/** Counts rise while two readings run: only that they are told is compared. Of unknown fields the names are. */
function fieldsOf(post: SourcePost): Fields {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(post)) {
    if (name === "id" || value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    if (name === "extra" || name === "counts") for (const key of Object.keys(Object(value)).slice(0, 100)) fields.set(`${name}.${key}`, "told");
    else fields.set(name, short(typeof value === "string" ? value : JSON.stringify(value)));
  }
  return fields;
}

/** Of a long value its beginning, and a fingerprint of all of it. */
function short(value: string): string {
  return value.length <= mostChars ? value : `${value.slice(0, mostChars).toWellFormed()}… ${fingerprint(value).slice(0, 16)}`;
}

function viewOf({ state, startedAt, endsAt, old, fresh }: Run): ShadowView {
  const differing = new Map<string, { posts: number; examples: { id: string; was: string; is: string }[] }>();
  let both = 0;
  let same = 0;
  for (const [id, was] of old.posts) {
    const is = fresh.posts.get(id);
    if (is === undefined) continue;
    both++;
    let differs = false;
    for (const name of new Set([...was.keys(), ...is.keys()])) {
      const [before, after] = [was.get(name), is.get(name)];
      if (before === after) continue;
      differs = true;
      const field = differing.get(name) ?? { posts: 0, examples: [] };
      field.posts++;
      if (field.examples.length < mostFieldExamples) field.examples.push({ id, was: shown(name, before), is: shown(name, after) });
      if (differing.size < mostFields) differing.set(name, field);
    }
    if (!differs) same++;
  }
  const onlyIn = (side: Side, other: Side) => {
    const ids = [...side.posts.keys()].filter((id) => !other.posts.has(id));
    return { posts: ids.length, examples: ids.slice(0, mostExamples) };
  };
  return {
    state,
    startedAt,
    endsAt,
    old: sideOf(old),
    fresh: sideOf(fresh),
    both,
    same,
    onlyOld: onlyIn(old, fresh),
    onlyFresh: onlyIn(fresh, old),
    fields: [...differing].map(([name, found]) => ({ name, ...found })).toSorted((a, b) => b.posts - a.posts || a.name.localeCompare(b.name)),
  };
}

function shown(name: string, value: string | undefined): string {
  if (value === undefined) return "";
  return personal.has(name) ? "(not shown)" : value;
}

function sideOf({ state, messages, posts, rejected, error }: Side): ShadowSide {
  return { state, messages, posts: posts.size, rejected: Object.fromEntries(rejected), ...(error !== undefined && { error }) };
}
