import type { SourceContext } from "../../core/component.ts";
import { EarshotError } from "../../core/errors.ts";
import { type Json, decodeJson, isJson, maxItemBytes } from "../json/decode.ts";
import { codeOfRefusal } from "./parse.ts";
import type { SignIn } from "./sign-in.ts";

/** As NIP-01 has it: ids, authors, kinds, #t, since, until, limit. */
export type Filter = Readonly<Record<string, unknown>>;

/** One connection to a relay. */
export interface Relay {
  /** Stored events that match, newest first, as many as the relay gives; throws what the relay refuses with, or UPSTREAM_CUT. */
  fetch(filter: Filter): Promise<readonly Json[]>;
  /** Reads until the connection ends (UPSTREAM_CUT) or the relay closes the live subscription; `onLive` gets new events. */
  pump(filters: readonly Filter[], onLive: (events: readonly Json[]) => Promise<void>): Promise<never>;
  close(): void;
}

interface Pending {
  readonly filter: Filter;
  readonly events: Json[];
  sizeBytes: number;
  readonly done: PromiseWithResolvers<readonly Json[]>;
}

const liveId = "live";
/** An answer that goes on beyond it ends the connection: nothing makes a relay keep to a limit. */
const longestAnswerBytes = 64 << 20;
const silenceMs = 60_000;

/** @param signIn answers a relay that asks who reads (NIP-42); absent: what it closes for that stays closed */
export async function openRelay(url: string, context: SourceContext, signal: AbortSignal, signIn?: SignIn): Promise<Relay> {
  const host = new URL(url).host;
  const stream = await context.http.webSocket(url, { signal, maxMessageBytes: maxItemBytes * 2, silenceMs });
  const pending = new Map<string, Pending>();
  let asked = 0;
  let ended: EarshotError | undefined;
  let live: readonly Filter[] = [];
  /** Id of the event that answered the challenge; isIn: the relay took it. */
  let signedIn: { readonly id: unknown; isIn: boolean } | undefined;
  /** Subscriptions that wait for it; each is asked for once more. */
  const waitingForIt = new Set<string>();
  const askedAgain = new Set<string>();

  function askAgain(id: string): void {
    askedAgain.add(id);
    const waiting = pending.get(id);
    if (id === liveId) stream.send(JSON.stringify(["REQ", liveId, ...live]));
    else if (waiting !== undefined) stream.send(JSON.stringify(["REQ", id, waiting.filter]));
  }

  /** True: the relay is told who reads, and asked again. */
  function mayAskAgain(id: string, reason: unknown): boolean {
    if (signedIn === undefined || askedAgain.has(id) || codeOfRefusal(reason) !== "UPSTREAM_AUTH") return false;
    if (signedIn.isIn) askAgain(id);
    else waitingForIt.add(id);
    return true;
  }

  function handle(message: unknown, sizeBytes: number, came: Json[]): void {
    if (!Array.isArray(message)) return;
    const parts: readonly unknown[] = message;
    const [word, id, body] = parts;
    const waiting = typeof id === "string" ? pending.get(id) : undefined;
    if (word === "EVENT" && isJson(body)) {
      (id === liveId ? came : waiting?.events)?.push(body);
      if (waiting !== undefined && (waiting.sizeBytes += sizeBytes) > longestAnswerBytes)
        throw new EarshotError("UPSTREAM_CUT", `${host}: expected an answer of at most ${longestAnswerBytes >> 20} MB, came more`);
    } else if (word === "EOSE" && typeof id === "string" && waiting !== undefined) {
      pending.delete(id);
      stream.send(JSON.stringify(["CLOSE", id]));
      waiting.done.resolve(waiting.events);
    } else if (word === "AUTH" && typeof id === "string" && signIn !== undefined) {
      const event = signIn(id, url);
      signedIn = { id: event["id"], isIn: false };
      stream.send(JSON.stringify(["AUTH", event]));
    } else if (word === "OK" && signedIn !== undefined && id === signedIn.id) {
      if (body !== true) throw new EarshotError("UPSTREAM_AUTH", `${host}: the relay does not take the account that signs in (${prefixOf(parts[3])})`);
      signedIn.isIn = true;
      for (const one of waitingForIt) askAgain(one);
      waitingForIt.clear();
    } else if (word === "CLOSED" && typeof id === "string" && mayAskAgain(id, body)) {
      // It is open again in a moment.
    } else if (word === "CLOSED") {
      const error = new EarshotError(codeOfRefusal(body), `${host}: the relay closed the subscription (${prefixOf(body)})`);
      if (id === liveId) throw error;
      if (typeof id === "string") pending.delete(id);
      waiting?.done.reject(error);
    } else if (word === "NOTICE") context.report("debug", "a relay says something", { relay: host });
  }

  return {
    fetch(filter) {
      if (ended !== undefined) return Promise.reject(ended);
      const id = `ask${asked++}`;
      const done = Promise.withResolvers<readonly Json[]>();
      pending.set(id, { filter, events: [], sizeBytes: 0, done });
      stream.send(JSON.stringify(["REQ", id, filter]));
      return done.promise;
    },
    async pump(filters, onLive) {
      try {
        live = filters;
        stream.send(JSON.stringify(["REQ", liveId, ...filters]));
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
        ended = thrown instanceof EarshotError ? thrown : new EarshotError("UPSTREAM_CUT", `${host}: the connection broke`, { cause: thrown });
        for (const { done } of pending.values()) done.reject(ended);
        pending.clear();
        throw ended;
      } finally {
        stream.close();
      }
    },
    close: () => stream.close(),
  };
}

function prefixOf(reason: unknown): string {
  const prefix = typeof reason === "string" ? reason.split(":")[0] : undefined;
  return prefix !== undefined && /^[a-z-]{1,40}$/.test(prefix) ? prefix : "no reason";
}

/** What a relay tells of itself (NIP-11): how many events a request may bring. Relays without it: `most`. */
export async function readLimit(url: string, most: number, context: SourceContext, signal: AbortSignal): Promise<number> {
  try {
    const answer = await context.http.request(url.replace(/^ws/, "http"), { headers: { accept: "application/nostr+json" }, signal, maxBytes: 1 << 18, budgets: [] });
    const document = decodeJson(answer.bytes, "relay");
    const limitation = isJson(document) && isJson(document["limitation"]) ? document["limitation"] : {};
    const told = limitation["max_limit"];
    return typeof told === "number" && Number.isInteger(told) && told > 0 ? Math.min(most, told) : most;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return most;
  }
}
