import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { systemClock, type Clock } from "../core/clock.ts";
import type { Connector, SourceContext } from "../core/component.ts";
import { EarshotError } from "../core/errors.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import type { SourceEvent } from "../core/event.ts";
import type { Raw, Source, SourcePage, SourceStatus } from "../core/source.ts";
import type { BudgetStore } from "../http/budget-store.ts";
import { openHttp } from "../http/client.ts";
import { makeCredentials } from "../http/credentials.ts";
import type { Env } from "../http/proxy.ts";

export interface TestContext extends SourceContext, AsyncDisposable {
  readonly states: SourceStatus[];
  readonly failures: EarshotError[];
}

interface ContextOptions {
  readonly clock?: Clock;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly env?: Env;
  /** Shared by contexts that stand for processes one after the other. */
  readonly budgets?: BudgetStore;
}

export function makeContext({ clock = systemClock, secrets = {}, env = {}, budgets }: ContextOptions = {}): TestContext {
  const states: SourceStatus[] = [];
  const failures: EarshotError[] = [];
  const http = openHttp({ clock, report: () => {}, env, random: () => 0, ...(budgets && { budgets }) });
  const readSecret = async (reference: string) => secrets[reference] ?? "";
  return {
    id: "test",
    clock,
    files: makeDiskFiles(),
    http,
    readSecret,
    credential: makeCredentials({ readSecret, http, clock }).credential,
    report: () => {},
    status: (status) => states.push(status),
    failed: (error) => failures.push(error),
    states,
    failures,
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}

/** Reads pages until `enough` says so (seen after each page) or the source ends. */
export async function readUntil(source: Source, cursor: string | undefined, enough: (pages: readonly SourcePage[]) => boolean): Promise<readonly SourcePage[]> {
  const abort = new AbortController();
  const pages: SourcePage[] = [];
  for await (const page of source.read(cursor, abort.signal)) {
    pages.push(page);
    if (enough(pages)) break;
  }
  abort.abort();
  return pages;
}

/** As the runtime reads: what is transient is waited for, and the source goes on from its last cursor. */
export async function readThrough(source: Source, clock: Clock, cursor: string | undefined, enough: (pages: readonly SourcePage[]) => boolean): Promise<readonly SourcePage[]> {
  const pages: SourcePage[] = [];
  for (let failures = 0; failures < 200; failures++) {
    try {
      await readUntil(source, pages.at(-1)?.cursor ?? cursor, (more) => {
        const last = more.at(-1);
        if (last) pages.push(last);
        return enough(pages);
      });
      return pages;
    } catch (thrown) {
      if (!(thrown instanceof EarshotError) || thrown.kind !== "transient") throw thrown;
      await clock.sleep(Math.max(1_000, (thrown.retryAt ?? 0) - clock.now()));
    }
  }
  throw new Error("the source failed 200 times");
}

export interface StormFigures {
  readonly platform: string;
  /** What stood there to be read, and what of it was. */
  readonly wanted: number;
  readonly read: number;
  /** Calls that the platform's windows, or its quota, had no room for. */
  readonly beyond: number;
  /** By the fake clock, until all was read. */
  readonly tookMs: number;
  /** What the platform's limits alone made wait. */
  readonly forcedMs: number;
}

/** Holds what every platform's storm is to show, and tells it to `npm run bench:storm`, which prints all of them as a table. */
export function holdStorm(t: { diagnostic(message: string): void }, figures: StormFigures): void {
  t.diagnostic(`storm ${JSON.stringify(figures)}`);
  const { wanted, read, beyond, tookMs, forcedMs } = figures;
  assert.equal(read, wanted, "all is read");
  assert.equal(beyond, 0, "no call goes beyond what the platform allows");
  assert.ok(forcedMs > 0, "the limits were felt");
  assert.ok(tookMs <= forcedMs * 1.2, `took ${tookMs} ms, forced ${forcedMs}`);
}

export function itemsOf(pages: readonly SourcePage[]): readonly Raw[] {
  return pages.flatMap((page) => page.items);
}

export function openWith<C extends Connector>(connector: C, options: unknown) {
  const parsed = connector.options.parse(options);
  return {
    open: (context: SourceContext) => connector.open(parsed, context),
    parse: connector.parser(parsed),
    raws: (message: Uint8Array) => connector.raws?.(parsed, message, 1_800_000_000_000) ?? [],
  };
}

/** What a raw message is about, as its parse says: to compare with its key. */
export function keyOfEvent(event: SourceEvent): string | "all" {
  switch (event.type) {
    case "post":
      return event.post.id;
    case "engagement":
    case "reaction":
    case "delete":
      return event.id;
    case "identity":
      return event.author.id;
    case "unreaction":
    case "erase":
    case "volume":
      return "all";
  }
}

export function recordingsFolder(): string {
  return path.resolve(import.meta.dirname, "../../../shared/data/recordings");
}

export function readRecording(name: string): Uint8Array | undefined {
  try {
    return readFileSync(path.join(recordingsFolder(), name));
  } catch {
    return undefined;
  }
}
