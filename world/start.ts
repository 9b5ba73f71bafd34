import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Delivery } from "./delivery.ts";
import { type Engine, makeEngine } from "./engine.ts";
import { planHistory } from "./history.ts";
import { hourMs, liveMix, type Mix, recurringCrises } from "./options.ts";
import { makeOracle, type Oracle } from "./oracle.ts";
import { makeRandom } from "./random.ts";
import { type FaultLevel, type Faults, faultsOf } from "./servers/faults.ts";
import { makeJetstreamServer } from "./servers/jetstream.ts";
import { makeMastodonServer } from "./servers/mastodon.ts";
import type { Waits } from "./servers/waits.ts";
import { makeMessageLog } from "./servers/message-log.ts";
import { answerFromOracle } from "./servers/oracle-routes.ts";
import { makeStatusStore } from "./servers/status-store.ts";

export interface WorldOptions {
  readonly seed: string;
  /** "wall" follows the computer's clock; "virtual" stands still until `advanceBy` or `advanceTo`. */
  readonly clock?: "wall" | "virtual";
  /** Where "now" is at the start; wall: the present. */
  readonly nowMs?: number;
  readonly host?: string;
  /** 0: any free port. */
  readonly jetstreamPort?: number;
  readonly mastodonPort?: number;
  /** Posts per second from now on; 0: none. */
  readonly ratePerSecond?: number;
  /** Posts that are there already, spread over `historyHours`. */
  readonly historyPosts?: number;
  readonly historyHours?: number;
  /**
   * Instead of hours: weeks with days and nights (`history.ts`), sealed at `historyEndMs`. The same seed, posts, days and end give
   * the same bytes at each start; nothing that comes later touches them. Bluesky serves them as a stream, Mastodon by its timelines.
   */
  readonly historyDays?: number;
  /** Absent: now. */
  readonly historyEndMs?: number;
  readonly faults?: FaultLevel | Partial<Faults>;
  readonly token?: string;
  readonly tokenForTimelines?: boolean;
  readonly requestsPerWindow?: number;
  readonly mix?: Partial<Mix>;
  readonly accounts?: number;
  /** How far edits, deletes and delays reach; 1: minutes to an hour. */
  readonly delayFactor?: number;
  /** Bounds of memory. */
  readonly messagesAtMost?: number;
  readonly statusesAtMost?: number;
  readonly settledPostsAtMost?: number;
}

export interface History {
  readonly fromMs: number;
  readonly toMs: number;
  /** Those that are there in the end: without the deleted and erased ones. */
  readonly posts: number;
  /** `time_us` of Jetstream's last message, id of the newest status; absent: there is none. */
  readonly lastUs?: number;
  readonly lastStatusId?: string;
}

export interface World extends AsyncDisposable {
  readonly jetstreamUrl: string;
  readonly mastodonUrl: string;
  readonly token: string;
  readonly oracle: Oracle;
  /** What `historyDays` made; undefined without. */
  readonly history: History | undefined;
  nowMs(): number;
  /** Virtual clock only: everything up to then happens and is sent. */
  advanceTo(atMs: number): void;
  advanceBy(ms: number): void;
  setFaults(faults: FaultLevel | Partial<Faults>): void;
  /** Pulls the cable of every stream. */
  cutStreams(): void;
  readonly connections: number;
  /** By platform: calls beyond what it allows, and the milliseconds that its limits made the reader wait. */
  readonly waits: Readonly<Record<"bluesky" | "mastodon", Pick<Waits, "beyond" | "forcedMs">>>;
  stop(): Promise<void>;
}

const thumpEveryMs = 15_000;
const stepEveryMs = 25;

/** Starts the world and its servers. `listen` hears every message as it is sent, the history's too. */
export async function startWorld(options: WorldOptions, listen?: (delivery: Delivery) => void): Promise<World> {
  const { seed, clock = "wall", host = "127.0.0.1", ratePerSecond = 0, historyPosts = 0, historyHours = 6, token = "simulated-token" } = options;
  const beginMs = options.nowMs ?? Date.now();
  let virtualMs = beginMs;
  const nowMs = (): number => (clock === "wall" ? Date.now() : virtualMs);
  const days = options.historyDays;
  const spanMs = historyPosts === 0 || days !== undefined ? 0 : historyHours * hourMs;
  const historyRate = historyPosts === 0 || days !== undefined ? 0 : (historyPosts / (historyHours * 3_600)) * (1 + 3 / Math.sqrt(historyPosts));
  let faults = faultsOf(options.faults);

  const old = days === undefined ? 0 : historyPosts;
  const oracle = makeOracle({ settledPostsAtMost: options.settledPostsAtMost ?? 50_000 + 2 * old, rollupsKeptMs: (7 + (days ?? 0)) * 24 * hourMs });
  const logs = { bluesky: makeMessageLog((options.messagesAtMost ?? 50_000) + 3 * old), mastodon: makeMessageLog(options.messagesAtMost ?? 50_000) };
  const statuses = makeStatusStore((options.statusesAtMost ?? 20_000) + old);
  const common = {
    mix: { ...liveMix, ...options.mix },
    blueskyShare: 0.7,
    postsAtMost: Infinity,
    accounts: options.accounts ?? 2_000,
    delayFactor: options.delayFactor ?? 1,
  };
  let past: Engine | undefined;
  let history: History | undefined;
  if (days !== undefined && historyPosts > 0) {
    const toMs = options.historyEndMs ?? beginMs;
    const plan = planHistory({ endMs: toMs, days, posts: historyPosts, ratePerSecondAfter: ratePerSecond });
    let lastUs: number | undefined;
    past = makeEngine(
      { seed, ...common, ...plan, keepsEchoed: true },
      {
        ...oracle,
        deliver(delivery) {
          oracle.deliver(delivery);
          // Mastodon's streams start live: only its timelines tell of what was.
          if (delivery.platform === "mastodon") statuses.take(delivery);
          else {
            logs.bluesky.add(delivery);
            lastUs = delivery.atUs;
          }
          listen?.(delivery);
        },
      },
    );
    past.advanceTo(toMs);
    past.close();
    const lastStatusId = statuses.page({ limit: 1 })[0]?.id;
    history = {
      fromMs: plan.startMs,
      toMs,
      posts: oracle.summary().livePosts,
      ...(lastUs !== undefined && { lastUs }),
      ...(lastStatusId !== undefined && { lastStatusId }),
    };
  }
  const engine = makeEngine(
    {
      seed: past === undefined ? seed : `${seed}/after ${beginMs}`,
      startMs: beginMs - spanMs,
      ...common,
      // One crisis lies in the history, at two fifths of it.
      crisesAt: recurringCrises(beginMs - spanMs * 0.6),
      ratePerSecondAt: (atMs) => (atMs < beginMs ? historyRate : ratePerSecond),
      notBeforeMs: (posts) => (days !== undefined || posts >= historyPosts ? beginMs : 0),
    },
    {
      ...oracle,
      deliver(delivery) {
        oracle.deliver(delivery);
        logs[delivery.platform].add(delivery);
        if (delivery.platform === "mastodon") statuses.take(delivery);
        listen?.(delivery);
      },
    },
    past?.populations,
  );
  engine.advanceTo(beginMs);

  const chance = (name: string) => makeRandom(`${seed}/faults/${name}`);
  const jetstream = makeJetstreamServer(logs.bluesky, { nowMs, handshakesPerWindow: 3_000 }, () => faults, chance("jetstream"));
  const mastodon = makeMastodonServer(
    logs.mastodon,
    statuses,
    {
      token,
      tokenForTimelines: options.tokenForTimelines ?? false,
      requestsPerWindow: options.requestsPerWindow ?? 300,
      requestsPerAddress: 7_500,
      nowMs,
    },
    () => faults,
    chance("mastodon"),
  );

  const jetstreamHttp = createServer((request, response) => {
    const url = new URL(request.url ?? "/", `http://${request.headers.host ?? host}`);
    if (!answerFromOracle(oracle, url, response))
      response.writeHead(url.pathname === "/subscribe" ? 400 : 404, { "content-type": "text/plain" }).end("simulated Jetstream: WebSocket at /subscribe");
  });
  jetstreamHttp.on("upgrade", (request, socket, head) => jetstream.upgrade(request, socket, head));
  const mastodonHttp = createServer((request, response) => {
    const url = new URL(request.url ?? "/", `http://${request.headers.host ?? host}`);
    if (!answerFromOracle(oracle, url, response)) mastodon.request(request, response, url);
  });
  mastodonHttp.on("upgrade", (request, socket, head) => mastodon.upgrade(request, socket, head));
  const [jetstreamPort, mastodonPort] = await Promise.all([open(jetstreamHttp, host, options.jetstreamPort ?? 0), open(mastodonHttp, host, options.mastodonPort ?? 0)]);

  const advanceTo = (atMs: number): void => {
    engine.advanceTo(atMs);
    jetstream.pump();
    mastodon.pump();
  };
  let timer: NodeJS.Timeout | undefined;
  const follow = (): void => {
    advanceTo(Date.now());
    timer = setTimeout(follow, Math.min(1_000, Math.max(stepEveryMs, engine.nextAtMs() - Date.now())));
  };
  if (clock === "wall") follow();
  const thumps = clock === "wall" ? setInterval(() => mastodon.thump(), thumpEveryMs) : undefined;

  const stop = async (): Promise<void> => {
    clearTimeout(timer);
    clearInterval(thumps);
    jetstream.close();
    mastodon.close();
    await Promise.all([shut(jetstreamHttp), shut(mastodonHttp)]);
  };
  const advance = (atMs: number): void => {
    if (clock === "wall") throw new TypeError("advanceTo: expected a world with a virtual clock");
    virtualMs = Math.max(virtualMs, atMs);
    advanceTo(virtualMs);
  };
  return {
    jetstreamUrl: `ws://${host}:${jetstreamPort}/subscribe`,
    mastodonUrl: `http://${host}:${mastodonPort}`,
    token,
    oracle,
    history,
    nowMs,
    stop,
    advanceTo: advance,
    advanceBy: (ms) => advance(virtualMs + ms),
    setFaults(wish) {
      faults = faultsOf(wish);
    },
    cutStreams() {
      jetstream.cutAll();
      mastodon.cutAll();
    },
    get connections() {
      return jetstream.connections + mastodon.connections;
    },
    waits: { bluesky: jetstream.waits, mastodon: mastodon.waits },
    [Symbol.asyncDispose]: stop,
  };
}

async function open(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, "listening");
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

async function shut(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
