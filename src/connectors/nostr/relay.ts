import type { SourceContext } from "../../core/component.ts";
import { EarshotError } from "../../core/errors.ts";
import { type Json, decodeJson, isJson, maxItemBytes } from "../json/decode.ts";
import { type Filter, type Limits, grouped, parted } from "./limits.ts";
import { type Pace, mostTries } from "./pace.ts";
import { codeOfRefusal } from "./parse.ts";
import type { SignIn } from "./sign-in.ts";

/** One connection to a relay, within what it tells that it takes. */
export interface Relay {
  /** Stored events that match, newest first, as many as the relay gives; throws what the relay refuses with, or UPSTREAM_CUT. */
  fetch(filter: Filter): Promise<readonly Json[]>;
  /**
   * Reads until the connection ends (UPSTREAM_CUT) or the relay closes the live subscription; `onLive` gets new events.
   * @param onUntold since when, seconds UTC: more came while a subscription was closed than one answer brings
   */
  pump(filters: readonly Filter[], onLive: (events: readonly Json[]) => Promise<void>, onUntold: (sinceSec: number) => void): Promise<never>;
  /** What came since is not read yet, seconds UTC; Infinity: all is. */
  unreadSinceSec(): number;
  close(): void;
}

export interface RelaySettings {
  readonly limits: Limits;
  readonly pace: Pace;
  /** Answers a relay that asks who reads (NIP-42); absent: what it closes for that stays closed. */
  readonly signIn?: SignIn | undefined;
}

interface Ask {
  readonly filter: Filter;
  events: Json[];
  sizeBytes: number;
  readonly done: PromiseWithResolvers<readonly Json[]>;
}

/** Filters that are followed. A relay with room for few subscriptions has it closed while it is asked for something. */
interface Live {
  readonly filters: readonly Filter[];
  isOpen: boolean;
  /** Seconds UTC: what came since is asked for when it is opened again. */
  sinceSec: number | undefined;
  /** Events of the answer to that, and the date of the oldest. */
  came: number;
  oldestSec: number;
}

/** An answer that goes on beyond it ends the connection: nothing makes a relay keep to a limit. */
const longestAnswerBytes = 64 << 20;
const silenceMs = 60_000;
/** Relays that want a sign-in before anything else ask for it at once; those that ask on the first request alone get that request. */
const challengeMs = 5_000;
/** Events dated a little before a subscription was closed may come after. */
const reopenOverlapSec = 60;
/** What is followed stays closed for so long after an ask, for another one may come. */
const asideMs = 2_000;
const turnMs = 10_000;

export async function openRelay(url: string, context: SourceContext, signal: AbortSignal, { limits, pace, signIn }: RelaySettings): Promise<Relay> {
  const { clock } = context;
  const host = new URL(url).host;
  const stream = await context.http.webSocket(url, { signal, maxMessageBytes: maxItemBytes * 2, silenceMs });
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  const asks = new Map<string, Ask>();
  /** Asks that wait for a subscription to be free. */
  const queue: (() => void)[] = [];
  const lives = new Map<string, Live>();
  const askedAgain = new Set<string>();
  const waitingForIt = new Set<string>();
  const isIn = Promise.withResolvers<void>();
  let asked = 0;
  let tellUntold = (_sinceSec: number): void => undefined;
  let ended: EarshotError | undefined;
  /** Id of the event that answered the challenge; isIn: the relay took it. */
  let signedIn: { readonly id: unknown; isIn: boolean } | undefined;
  const mayAsk = limits.needsSignIn && signIn !== undefined ? Promise.race([isIn.promise, clock.sleep(challengeMs, both).catch(() => undefined)]) : Promise.resolve();

  function end(error: EarshotError): void {
    ended = error;
    own.abort();
    for (const { done } of asks.values()) done.reject(error);
    asks.clear();
    for (const go of queue.splice(0)) go();
  }

  /** Sends a request when the relay may be asked; false: it is wanted no more. */
  async function request(id: string, filters: () => readonly Filter[] | undefined): Promise<void> {
    await mayAsk;
    await pace.turn(both).catch(() => undefined);
    const wanted = ended === undefined ? filters() : undefined;
    if (wanted !== undefined) stream.send(JSON.stringify(["REQ", id, ...wanted]));
  }

  const openLives = (): number => [...lives.values()].filter(({ isOpen }) => isOpen).length;

  /** Takes a subscription for an ask, from one that is followed where no other is free. */
  async function takeRoom(): Promise<void> {
    while (ended === undefined && asks.size + openLives() >= limits.maxSubscriptions) {
      const [id, live] = asks.size === 0 ? ([...lives].find(([, { isOpen }]) => isOpen) ?? []) : [];
      if (id === undefined || live === undefined) {
        await new Promise<void>((resolve) => queue.push(resolve));
        continue;
      }
      putAside(id, live);
    }
  }

  function putAside(id: string, live: Live): void {
    live.isOpen = false;
    live.sinceSec ??= Math.floor(clock.now() / 1_000);
    stream.send(JSON.stringify(["CLOSE", id]));
    // Whoever waits longest is opened first.
    lives.delete(id);
    lives.set(id, live);
  }

  function openAside(): void {
    for (const [id, live] of lives) if (!live.isOpen && asks.size + openLives() < limits.maxSubscriptions) openLive(id, live);
  }

  /** Where more is followed than the relay has room for, each has its turn. */
  async function takeTurns(): Promise<void> {
    for (;;) {
      await clock.sleep(turnMs, both);
      if (asks.size > 0) continue;
      const first = [...lives].find(([, { isOpen }]) => isOpen);
      if (first !== undefined) putAside(...first);
      openAside();
    }
  }

  function giveRoom(): void {
    queue.shift()?.();
    const isAside = () => [...lives.values()].some(({ isOpen }) => !isOpen);
    if (!isAside()) return;
    const asksBefore = asked;
    void clock.sleep(asideMs, both).then(
      () => {
        if (asked === asksBefore && ended === undefined) openAside();
      },
      () => undefined,
    );
  }

  function begin(live: Live): void {
    live.came = 0;
    live.oldestSec = Infinity;
  }

  function openLive(id: string, live: Live): void {
    live.isOpen = true;
    begin(live);
    void request(id, () => (live.isOpen ? liveFilters(live) : undefined));
  }

  function liveFilters({ filters, sinceSec }: Live): readonly Filter[] {
    return filters.map((filter) => (sinceSec === undefined ? { ...filter, limit: 0 } : { ...filter, since: sinceSec - reopenOverlapSec, limit: limits.maxLimit }));
  }

  function askAgain(id: string): void {
    askedAgain.add(id);
    const live = lives.get(id);
    if (live !== undefined) openLive(id, live);
    else void request(id, () => one(asks.get(id)));
  }

  const one = (ask: Ask | undefined): readonly Filter[] | undefined => ask && [ask.filter];

  /** True: what is closed is asked for again, after a sign-in or when the relay takes requests again. */
  function mayAskAgain(id: string, reason: unknown): boolean {
    const code = codeOfRefusal(reason);
    const live = lives.get(id);
    const ask = asks.get(id);
    if (live === undefined && ask === undefined) return false;
    if (code === "UPSTREAM_RATE_LIMITED" && pace.slowDown() < mostTries) {
      if (ask !== undefined) ask.events = [];
      if (live !== undefined) {
        live.sinceSec ??= Math.floor(clock.now() / 1_000);
        begin(live);
      }
      void request(id, () => (live === undefined ? one(asks.get(id)) : live.isOpen ? liveFilters(live) : undefined));
      return true;
    }
    if (code !== "UPSTREAM_AUTH" || signedIn === undefined || askedAgain.has(id)) return false;
    if (signedIn.isIn) askAgain(id);
    else waitingForIt.add(id);
    return true;
  }

  /** All that was stored of it came, or as much as the relay gives at once. */
  function caughtUp(live: Live): void {
    // It was closed before it was answered: what it missed is asked for when it is opened again.
    if (!live.isOpen) return;
    const { sinceSec, came, oldestSec, filters } = live;
    // The newest come first; of several filters nobody tells which one brought what.
    if (sinceSec !== undefined && came >= limits.maxLimit && (filters.length > 1 || oldestSec > sinceSec)) tellUntold(sinceSec - reopenOverlapSec);
    live.sinceSec = undefined;
  }

  function handle(message: unknown, sizeBytes: number, came: Json[]): void {
    if (!Array.isArray(message)) return;
    const parts: readonly unknown[] = message;
    const [word, id, body] = parts;
    if (typeof id !== "string") return;
    const ask = asks.get(id);
    const live = lives.get(id);
    if (word === "EVENT" && isJson(body)) {
      (live === undefined ? ask?.events : came)?.push(body);
      if (live !== undefined) {
        live.came++;
        live.oldestSec = Math.min(live.oldestSec, createdSec(body));
      }
      if (ask !== undefined && (ask.sizeBytes += sizeBytes) > longestAnswerBytes)
        throw new EarshotError("UPSTREAM_CUT", `${host}: expected an answer of at most ${longestAnswerBytes >> 20} MB, came more`);
    } else if (word === "EOSE") {
      pace.worked();
      if (live !== undefined) caughtUp(live);
      if (ask === undefined) return;
      asks.delete(id);
      stream.send(JSON.stringify(["CLOSE", id]));
      ask.done.resolve(ask.events);
      giveRoom();
    } else if (word === "AUTH" && signIn !== undefined) {
      const event = signIn(id, url);
      signedIn = { id: event["id"], isIn: false };
      stream.send(JSON.stringify(["AUTH", event]));
    } else if (word === "OK" && signedIn !== undefined && id === signedIn.id) {
      if (body !== true) throw new EarshotError("UPSTREAM_AUTH", `${host}: the relay does not take the account that signs in (${prefixOf(parts[3])})`);
      signedIn.isIn = true;
      isIn.resolve();
      for (const waiting of waitingForIt) askAgain(waiting);
      waitingForIt.clear();
    } else if (word === "CLOSED" && (live?.isOpen === false || mayAskAgain(id, body))) {
      // It is open again in a moment; some relays confirm so what we closed.
    } else if (word === "CLOSED") {
      const error = new EarshotError(codeOfRefusal(body), `${host}: the relay closed the subscription (${prefixOf(body)})`);
      if (live !== undefined) throw error;
      if (ask === undefined) return;
      asks.delete(id);
      ask.done.reject(error);
      giveRoom();
    } else if (word === "NOTICE") context.report("debug", "a relay says something", { relay: host });
  }

  async function fetchOne(filter: Filter): Promise<readonly Json[]> {
    await takeRoom();
    if (ended !== undefined) throw ended;
    const id = `ask${asked++}`;
    const done = Promise.withResolvers<readonly Json[]>();
    asks.set(id, { filter, events: [], sizeBytes: 0, done });
    void request(id, () => one(asks.get(id)));
    return done.promise;
  }

  return {
    async fetch(filter) {
      const parts = parted(filter, limits);
      if (parts.length === 1) return fetchOne(filter);
      const most = typeof filter["limit"] === "number" ? filter["limit"] : Infinity;
      const answers: (readonly Json[])[] = [];
      for (const part of parts) answers.push(await fetchOne(part));
      // Where one part's answer is full, what lies before its oldest is not known yet: no part tells of it.
      const floorSec = Math.max(...answers.map((events) => (events.length < most ? Number.NEGATIVE_INFINITY : Math.min(...events.map(createdSec)))));
      return answers.flat().filter((event) => createdSec(event) >= floorSec);
    },
    unreadSinceSec: () => Math.min(...[...lives.values()].map(({ sinceSec }) => sinceSec ?? Infinity)),
    async pump(filters, onLive, onUntold) {
      tellUntold = onUntold;
      try {
        if (limits.needsSignIn && signIn === undefined) throw new EarshotError("UPSTREAM_AUTH", `${host}: the relay tells that it wants a sign-in before anything else`);
        for (const [index, group] of grouped(filters, limits).entries()) {
          const live: Live = { filters: group, isOpen: false, sinceSec: undefined, came: 0, oldestSec: Infinity };
          lives.set(`live${index}`, live);
          if (openLives() + asks.size < limits.maxSubscriptions) openLive(`live${index}`, live);
          else live.sinceSec = Math.floor(clock.now() / 1_000);
        }
        if (lives.size > limits.maxSubscriptions) void takeTurns().catch(() => undefined);
        for await (const batch of stream.batches({ maxItems: 500, maxBytes: 1 << 20, waitMs: 20 })) {
          const came: Json[] = [];
          for (const bytes of batch) {
            let message: unknown;
            try {
              message = decodeJson(bytes, "relay");
            } catch {
              context.report("warn", "a relay sent what is no message", { relay: host });
              continue;
            }
            handle(message, bytes.length, came);
          }
          if (came.length > 0) await onLive(came);
        }
        throw new EarshotError("UPSTREAM_CUT", `${host}: the relay closed the connection`);
      } catch (thrown) {
        const error = thrown instanceof EarshotError ? thrown : new EarshotError("UPSTREAM_CUT", `${host}: the connection broke`, { cause: thrown });
        end(error);
        throw error;
      } finally {
        stream.close();
      }
    },
    close: () => stream.close(),
  };
}

export function createdSec(event: Json): number {
  const at = event["created_at"];
  return typeof at === "number" && Number.isSafeInteger(at) ? at : 0;
}

function prefixOf(reason: unknown): string {
  const prefix = typeof reason === "string" ? reason.split(":")[0] : undefined;
  return prefix !== undefined && /^[a-z-]{1,40}$/.test(prefix) ? prefix : "no reason";
}
