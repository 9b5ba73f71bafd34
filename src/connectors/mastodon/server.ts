import type { SourceContext } from "../../core/component.ts";
import type { Credential } from "../../core/credential.ts";
import { EarshotError } from "../../core/errors.ts";
import type { HttpResponse } from "../../core/http.ts";
import type { Raw } from "../../core/source.ts";
import { statusOf } from "../../http/upstream-status.ts";
import { decodeJson, isJson } from "../json/decode.ts";
import { makePick, splitArray } from "../json/pick.ts";
import { reactMastodon } from "./failures.ts";
import { rawsOf } from "./parse.ts";

/** "public", "local", "remote", or "#tag". */
export type Timeline = string;

export interface Page {
  readonly items: readonly Raw[];
  /** The highest and lowest local id on the page, where it has any. */
  readonly newest?: string;
  readonly oldest?: string;
  readonly count: number;
}

/** The REST side of one server. */
export interface Server {
  readonly host: string;
  /** The name that ids bear. */
  readonly domain: string;
  /** Statuses after `minId`, the oldest of them, at most 40; without it the newest 40. Oldest first. */
  page(timeline: Timeline, minId: string | undefined, signal: AbortSignal): Promise<Page>;
  /** The statuses that are still there, as bytes by local id; null: gone (404, 410); missing: not told this time. */
  statuses(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Uint8Array | null>>;
  /** Where the streaming API listens, as a ws or wss origin. */
  streamingOrigin(signal: AbortSignal): Promise<string>;
  /** Absent: asked as anybody. */
  readonly credential: Credential | undefined;
}

const pageSize = 40;
export const idsACall = 20;

export function openServer(address: string, domain: string, credential: Credential | undefined, requestsPer5Minutes: number, context: SourceContext): Server {
  const base = new URL(address);
  const host = base.host.toLowerCase();
  const budget = `mastodon ${host} ${credential === undefined ? "anonymous" : context.id}`;
  let oneByOne = false;

  async function get(path: string, signal: AbortSignal): Promise<HttpResponse> {
    // Mastodon allows 300 (docs.joinmastodon.org/api/rate-limits); by default a tenth is left to others.
    return context.http.request(new URL(path, base).href, {
      headers: { accept: "application/json" },
      ...(credential !== undefined && { credential }),
      signal,
      budgets: [{ name: budget, limit: { requests: requestsPer5Minutes, perMs: 300_000 } }],
      maxBytes: 8 << 20,
      react: reactMastodon,
    });
  }

  return {
    host,
    domain,
    credential,
    async page(timeline, minId, signal) {
      const after = minId === undefined ? "" : `&min_id=${encodeURIComponent(minId)}`;
      let answer: HttpResponse;
      try {
        answer = await get(`${pathOf(timeline)}limit=${pageSize}${after}`, signal);
      } catch (thrown) {
        throw explain(thrown, host, credential !== undefined);
      }
      const parts = splitArray(answer.bytes);
      if (!parts) throw new EarshotError("UPSTREAM_UNAVAILABLE", `${host}: expected a list of statuses, came ${answer.bytes.length} bytes that are none`);
      const receivedAt = context.clock.now();
      const items: Raw[] = [];
      let newest: string | undefined;
      let oldest: string | undefined;
      for (const part of parts.reverse()) {
        items.push(...rawsOf(part, domain, receivedAt));
        const id = localIdOf(part);
        if (id === undefined) continue;
        if (newest === undefined || isNewer(id, newest)) newest = id;
        if (oldest === undefined || isNewer(oldest, id)) oldest = id;
      }
      return { items, count: parts.length, ...(newest !== undefined && { newest }), ...(oldest !== undefined && { oldest }) };
    },

    async statuses(ids, signal) {
      const found = new Map<string, Uint8Array | null>();
      if (!oneByOne) {
        try {
          const answer = await get(`/api/v1/statuses?${ids.map((id) => `id[]=${encodeURIComponent(id)}`).join("&")}`, signal);
          for (const part of splitArray(answer.bytes) ?? []) {
            const id = localIdOf(part);
            if (id !== undefined) found.set(id, part);
          }
        } catch (thrown) {
          // Several at once came with 4.3.
          if (statusOf(thrown) !== 404 && statusOf(thrown) !== 405) throw thrown;
          oneByOne = true;
        }
      }
      // One that the list leaves out may be gone, or only hidden from lists: its own address tells.
      for (const id of ids) {
        if (found.has(id)) continue;
        try {
          found.set(id, (await get(`/api/v1/statuses/${encodeURIComponent(id)}`, signal)).bytes);
        } catch (thrown) {
          if (statusOf(thrown) !== 404 && statusOf(thrown) !== 410) throw thrown;
          found.set(id, null);
        }
      }
      return found;
    },

    async streamingOrigin(signal) {
      for (const version of ["v2", "v1"]) {
        try {
          const told = streamingOf(decodeJson((await get(`/api/${version}/instance`, signal)).bytes, "instance"));
          if (told !== undefined) return told;
        } catch (thrown) {
          if (signal.aborted) throw thrown;
          const status = statusOf(thrown);
          if (status !== undefined && status >= 500) throw thrown;
        }
      }
      return `${base.protocol === "http:" ? "ws" : "wss"}://${base.host}`;
    },
  };
}

function streamingOf(instance: unknown): string | undefined {
  if (!isJson(instance)) return undefined;
  const configuration = isJson(instance["configuration"]) ? instance["configuration"] : {};
  const urls = isJson(configuration["urls"]) ? configuration["urls"] : isJson(instance["urls"]) ? instance["urls"] : {};
  const told = urls["streaming"] ?? urls["streaming_api"];
  if (typeof told !== "string" || !URL.canParse(told)) return undefined;
  const url = new URL(told);
  if (url.protocol === "https:" || url.protocol === "wss:") return `wss://${url.host}`;
  return url.protocol === "http:" || url.protocol === "ws:" ? `ws://${url.host}` : undefined;
}

function pathOf(timeline: Timeline): string {
  if (timeline.startsWith("#")) return `/api/v1/timelines/tag/${encodeURIComponent(timeline.slice(1))}?`;
  if (timeline === "local") return "/api/v1/timelines/public?local=true&";
  if (timeline === "remote") return "/api/v1/timelines/public?remote=true&";
  return "/api/v1/timelines/public?";
}

const pickId = makePick({ id: 0 }, 1);

function localIdOf(bytes: Uint8Array): string | undefined {
  const id = pickId(bytes)?.[0];
  return id !== undefined && /^[A-Za-z0-9_-]{1,64}$/.test(id) ? id : undefined;
}

/** Ids are numbers without leading zeros, too large for a double; those of relatives sort as text of one length. */
export function isNewer(id: string, than: string): boolean {
  return id.length === than.length ? id > than : id.length > than.length;
}

/** Servers differ in how they say that a timeline needs a token: 401, 403, or 422 (since 4.0, setting "Allow unauthenticated access to public timelines"). */
export function explain(thrown: unknown, host: string, withToken: boolean): unknown {
  const status = statusOf(thrown);
  if (status !== 401 && status !== 403 && status !== 422) return thrown;
  const what = withToken
    ? `refused the access token (HTTP ${status}): grant access again in the browser, or make a new token (Preferences, Development, New application, scope read) and set it as this source's token`
    : `shows this timeline to accounts only (HTTP ${status}): make an access token (Preferences, Development, New application, scope read) and set it as this source's token`;
  return new EarshotError("UPSTREAM_AUTH", `${host}: the server ${what}`, { cause: thrown instanceof Error ? thrown.cause : thrown });
}
