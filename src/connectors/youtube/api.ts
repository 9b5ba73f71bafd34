import type { SourceContext } from "../../core/component.ts";
import type { Credential } from "../../core/credential.ts";
import { EarshotError } from "../../core/errors.ts";
import type { FailedAnswer, Reaction } from "../../core/http.ts";
import { type Json, isJson } from "../json/decode.ts";
import { dayMs } from "../json/fields.ts";
import { credentialSpec, type Proof } from "./access.ts";
import { failureOf } from "./errors.ts";
import { decodeBody } from "./items.ts";

/** Units that a call takes (developers.google.com/youtube/v3/determine_quota_cost, 2025-06). */
const costs = { search: 100, videos: 1, commentThreads: 1, comments: 1, playlistItems: 1, channels: 1, i18nLanguages: 1 } as const;

export interface YouTubeApi {
  /** One call; throws as the client does, with a code of the platform's own reason. */
  list(method: keyof typeof costs, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Json>;
  readonly budget: string;
}

export interface Access extends Proof {
  readonly address: string;
  readonly unitsPerDay: number;
}

/** What is stored may be kept 30 days unrefreshed (YouTube API Services Developer Policies, III.E.4, 2025-08). */
export const storedDays = 30;

export async function openApi(access: Access, context: SourceContext): Promise<YouTubeApi> {
  const credential: Credential = await context.credential(credentialSpec(access));
  const budget = `youtube/${credential.name}/units`;
  const limit = { requests: access.unitsPerDay, perMs: dayMs, resets: "pacific-day" } as const;
  const react = (answer: FailedAnswer): Reaction | undefined => reactionTo(answer, context.clock.now());
  return {
    budget,
    async list(method, query, signal) {
      const url = new URL(`youtube/v3/${method}`, access.address.endsWith("/") ? access.address : `${access.address}/`);
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const answer = await context.http.request(url.href, {
        headers: { accept: "application/json" },
        signal,
        credential,
        budgets: [{ name: budget, limit, cost: costs[method] }],
        cache: { maxAgeMs: storedDays * dayMs },
        react,
        maxBytes: 16 << 20,
      });
      const body = decodeLarge(answer.bytes);
      if (body === undefined) throw new EarshotError("UPSTREAM_UNAVAILABLE", `youtube ${method}: expected a JSON object, came ${answer.bytes.length} bytes that are none`);
      return body;
    },
  };
}

/** An answer of a hundred comments may be larger than a message may be. */
function decodeLarge(bytes: Uint8Array): Json | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function reactionTo(answer: FailedAnswer, nowMs: number): Reaction | undefined {
  const body = decodeBody(answer.bytes);
  const failure = body === undefined ? undefined : failureOf(body, answer.status);
  if (failure === undefined) return undefined;
  return {
    code: failure.code,
    failure: failure.id,
    message: `youtube: ${failure.reason}`,
    ...(failure.name === "quota-exceeded" && { retryAt: nextPacificMidnight(nowMs) }),
    ...(failure.name === "auth" && answer.status === 401 && { renew: true }),
  };
}

const pacific = new Intl.DateTimeFormat("en-US", { timeZone: "America/Los_Angeles", hourCycle: "h23", hour: "numeric", minute: "numeric", second: "numeric" });

/** Quotas are full again at midnight Pacific time (developers.google.com/youtube/v3/getting-started, 2025-06). */
export function nextPacificMidnight(nowMs: number): number {
  const sinceMidnight = (at: number): number => {
    const part = (type: string): number => Number(pacific.formatToParts(at).find((one) => one.type === type)?.value ?? 0);
    return ((part("hour") * 60 + part("minute")) * 60 + part("second")) * 1_000 + (at % 1_000);
  };
  const guess = nowMs + dayMs - sinceMidnight(nowMs);
  // A day with a change of the clock is an hour shorter or longer.
  const off = sinceMidnight(guess);
  return off === 0 ? guess : off > dayMs / 2 ? guess + dayMs - off : guess - off;
}
