import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { schnorr } from "@noble/curves/secp256k1.js";
import { WebSocketServer, type WebSocket } from "ws";
import { hash32, makeRandom } from "../random.ts";
import { portOf } from "./feeds.ts";
import { makeWaits } from "./waits.ts";

/** An event of NIP-01, really signed. */
export interface WorldEvent {
  readonly id: string;
  readonly pubkey: string;
  readonly created_at: number;
  readonly kind: number;
  readonly tags: readonly (readonly string[])[];
  readonly content: string;
  readonly sig: string;
}

/** Of NIP-11, "limitation" (2025-11); what is absent is not told, and not held to. */
export interface Limitation {
  /** Open subscriptions of one connection. */
  readonly max_subscriptions?: number;
  /** Filters of one subscription. */
  readonly max_filters?: number;
  /** Bytes of a message. */
  readonly max_message_length?: number;
  /** Characters of a subscription's id. */
  readonly max_subid_length?: number;
  readonly auth_required?: boolean;
  readonly payment_required?: boolean;
  /** Seconds before and after now that an event may be dated. */
  readonly created_at_lower_limit?: number;
  readonly created_at_upper_limit?: number;
}

export interface NostrRelayOptions {
  readonly seed: string;
  /** Absent: the machine's own clock. */
  readonly nowMs?: () => number;
  /** As NIP-11 tells it; a request gives no more. */
  readonly maxLimit?: number;
  readonly limitation?: Limitation;
  /** Answers every request with CLOSED auth-required, until one of `members` (public keys) signed in. */
  readonly authRequired?: boolean;
  readonly members?: readonly string[];
  /** A connection is cut after so many messages to it, on average. */
  readonly cutAfterMessages?: number;
  /** Share of requests that are refused as rate-limited, and for how long the relay then takes none; how long is not told. */
  readonly rateLimited?: number;
  readonly limitedMs?: number;
}

/** A relay on loopback. */
export interface NostrRelay extends AsyncDisposable {
  readonly url: string;
  readonly events: readonly WorldEvent[];
  /** Stores an event and sends it to whom it concerns; a deletion takes its author's events away, as NIP-09 asks. */
  publish(event: WorldEvent): void;
  /** Sends an event to all subscriptions without storing it. */
  push(event: WorldEvent): void;
  cutAll(): void;
  setFaults(faults: { readonly cutAfterMessages?: number; readonly rateLimited?: number }): void;
  readonly connections: number;
  /** Requests beyond what the relay tells of itself, or while it takes none. */
  readonly beyond: number;
  /** Milliseconds in which the relay took no request, and one came after. */
  readonly forcedMs: number;
}

export interface Draft {
  readonly kind: number;
  readonly createdSec: number;
  readonly content?: string;
  readonly tags?: readonly (readonly string[])[];
}

/** An account by number: its events are signed with a key made from it. */
export function signEvent(account: number, { kind, createdSec, content = "", tags = [] }: Draft): WorldEvent {
  const key = createHash("sha256").update(`world account ${account}`).digest();
  const pubkey = Buffer.from(schnorr.getPublicKey(key)).toString("hex");
  const id = createHash("sha256")
    .update(JSON.stringify([0, pubkey, createdSec, kind, tags, content]))
    .digest("hex");
  return { id, pubkey, created_at: createdSec, kind, tags, content, sig: Buffer.from(schnorr.sign(Buffer.from(id, "hex"), key, new Uint8Array(32))).toString("hex") };
}

interface Filter {
  readonly ids?: readonly string[];
  readonly authors?: readonly string[];
  readonly kinds?: readonly number[];
  readonly "#t"?: readonly string[];
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
}

function matches(event: WorldEvent, filter: Filter): boolean {
  const { ids, authors, kinds, "#t": tags, since = 0, until = Number.MAX_SAFE_INTEGER } = filter;
  if (event.created_at < since || event.created_at > until) return false;
  if (ids?.includes(event.id) === false || authors?.includes(event.pubkey) === false || kinds?.includes(event.kind) === false) return false;
  return tags === undefined || event.tags.some(([name, value]) => name === "t" && value !== undefined && tags.includes(value));
}

export async function startNostrRelay(options: NostrRelayOptions): Promise<NostrRelay> {
  const { maxLimit = 100, authRequired = false, limitation = {}, limitedMs = 1_000, nowMs = Date.now } = options;
  // A connection asks for several things at once: what is on its way when it is told to slow down is not beyond.
  const waits = makeWaits(nowMs, 200);
  let broken = 0;
  let mayRefuse = true;
  const random = makeRandom(`${options.seed}/nostr`);
  let { cutAfterMessages = 0, rateLimited = 0 } = options;
  let stored: WorldEvent[] = [];
  let connections = 0;
  const challenges = new Map<WebSocket, string>();
  const signedIn = new Set<WebSocket>();
  const subscriptions = new Map<WebSocket, Map<string, readonly Filter[]>>();

  /** False: the connection is cut instead. */
  const send = (socket: WebSocket, message: unknown): boolean => {
    if (socket.readyState !== socket.OPEN) return false;
    if (cutAfterMessages > 0 && random.chance(1 / cutAfterMessages)) {
      socket.terminate();
      return false;
    }
    socket.send(JSON.stringify(message));
    return true;
  };

  const challenge = (socket: WebSocket): void => {
    challenges.set(socket, hash32(`challenge ${connections}`).toString(16));
    send(socket, ["AUTH", challenges.get(socket)]);
  };

  const answer = (socket: WebSocket, id: string, filters: readonly Filter[]): void => {
    if (authRequired && !signedIn.has(socket)) {
      if (limitation.auth_required === true) broken += 1;
      if (!challenges.has(socket)) challenge(socket);
      send(socket, ["CLOSED", id, "auth-required: sign in first"]);
      return;
    }
    const inTime = waits.comes();
    // Once the pause is over there is room again.
    if (!inTime || (mayRefuse && random.chance(rateLimited))) {
      const isTold = send(socket, ["CLOSED", id, "rate-limited: slow down"]);
      if (inTime && isTold) waits.hold(nowMs() + limitedMs);
      mayRefuse = false;
      return;
    }
    mayRefuse = true;
    const fault = faultOf(socket, id, filters);
    if (fault !== undefined) {
      broken += 1;
      send(socket, ["CLOSED", id, `invalid: ${fault}`]);
      return;
    }
    subscriptions.get(socket)?.set(id, filters);
    for (const filter of filters) {
      const found = stored.filter((event) => matches(event, filter)).toSorted((one, other) => other.created_at - one.created_at || (one.id < other.id ? -1 : 1));
      for (const event of found.slice(0, Math.min(maxLimit, filter.limit ?? maxLimit))) send(socket, ["EVENT", id, event]);
    }
    send(socket, ["EOSE", id]);
  };

  /** Which of the told limits a request breaks. */
  const faultOf = (socket: WebSocket, id: string, filters: readonly Filter[]): string | undefined => {
    const { max_subscriptions = Infinity, max_filters = Infinity, max_subid_length = Infinity, created_at_lower_limit = Infinity } = limitation;
    const open = subscriptions.get(socket);
    if (open !== undefined && !open.has(id) && open.size >= max_subscriptions) return "too many subscriptions";
    if (filters.length > max_filters) return "too many filters";
    if (id.length > max_subid_length) return "the subscription's id is too long";
    if (filters.some(({ limit = 0 }) => limit > maxLimit)) return "limit is too high";
    if (filters.some(({ until = Infinity }) => until < nowMs() / 1_000 - created_at_lower_limit)) return "nothing so old is kept";
    return undefined;
  };

  /** NIP-42: the right kind, challenge and relay, lately, signed by a member. */
  const takeSignIn = (socket: WebSocket, event: WorldEvent): void => {
    const tag = (wanted: string) => event.tags.find(([name]) => name === wanted)?.[1];
    const id = createHash("sha256")
      .update(JSON.stringify([0, event.pubkey, event.created_at, event.kind, event.tags, event.content]))
      .digest("hex");
    const isSigned = id === event.id && schnorr.verify(Buffer.from(event.sig, "hex"), Buffer.from(id, "hex"), Buffer.from(event.pubkey, "hex"));
    const fits = event.kind === 22_242 && tag("challenge") === challenges.get(socket) && tag("relay")?.startsWith("ws://127.0.0.1") === true;
    const isIn = isSigned && fits && options.members?.includes(event.pubkey) === true;
    if (isIn) signedIn.add(socket);
    send(socket, ["OK", event.id, isIn, isIn ? "" : "restricted: not a member"]);
  };

  const server = createServer((request, response) => {
    if (request.headers.accept !== "application/nostr+json") response.writeHead(406).end();
    else
      response
        .writeHead(200, { "content-type": "application/nostr+json" })
        .end(JSON.stringify({ name: "world", supported_nips: [1, 9, 11], limitation: { max_limit: maxLimit, ...limitation } }));
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => {
    connections += 1;
    subscriptions.set(socket, new Map());
    if (limitation.auth_required === true) challenge(socket);
    socket.on("close", () => subscriptions.delete(socket));
    socket.on("message", (data) => {
      if (Buffer.isBuffer(data) && data.length > (limitation.max_message_length ?? Infinity)) {
        broken += 1;
        send(socket, ["NOTICE", "invalid: message too large"]);
        return;
      }
      const [word, id, ...filters]: [string, string, ...Filter[]] = JSON.parse(Buffer.isBuffer(data) ? data.toString() : "[]");
      if (word === "AUTH") takeSignIn(socket, JSON.parse(JSON.stringify(id)));
      else if (word === "REQ") answer(socket, id, filters);
      else if (word === "CLOSE") subscriptions.get(socket)?.delete(id);
      else send(socket, ["NOTICE", "unknown message"]);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const push = (event: WorldEvent): void => {
    for (const [socket, open] of subscriptions) for (const [id, filters] of open) if (filters.some((filter) => matches(event, filter))) send(socket, ["EVENT", id, event]);
  };
  return {
    url: `ws://127.0.0.1:${portOf(server.address())}`,
    get events() {
      return stored;
    },
    get connections() {
      return connections;
    },
    get beyond() {
      return waits.beyond + broken;
    },
    get forcedMs() {
      return waits.forcedMs;
    },
    publish(event) {
      if (stored.some(({ id }) => id === event.id)) return;
      if (event.kind === 5) {
        const named = new Set(event.tags.filter(([name]) => name === "e").map(([, id]) => id));
        stored = stored.filter(({ id, pubkey }) => !(named.has(id) && pubkey === event.pubkey));
      }
      stored.push(event);
      push(event);
    },
    push,
    cutAll() {
      for (const socket of sockets.clients) socket.terminate();
    },
    setFaults(wish) {
      cutAfterMessages = wish.cutAfterMessages ?? 0;
      rateLimited = wish.rateLimited ?? 0;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
