import type { SourceContext } from "../../core/component.ts";
import { decodeJson, isJson } from "../json/decode.ts";

/** As NIP-01 has it: ids, authors, kinds, #t, since, until, limit. */
export type Filter = Readonly<Record<string, unknown>>;

/** What a relay tells that it takes (NIP-11, "limitation", 2025-11); what it does not tell has no limit here. */
export interface Limits {
  /** Events that an answer brings at most. */
  readonly maxLimit: number;
  /** Open subscriptions of a connection. */
  readonly maxSubscriptions: number;
  /** Filters of a subscription. */
  readonly maxFilters: number;
  /** Bytes of a message. */
  readonly maxMessageBytes: number;
  /** Nothing is answered before a sign-in (NIP-42). */
  readonly needsSignIn: boolean;
  readonly wantsPayment: boolean;
  /** Seconds before and after now that an event may be dated. */
  readonly oldestSec: number;
  readonly aheadSec: number;
}

/** @param most events that we ask for at once */
function unlimited(most: number): Limits {
  return {
    maxLimit: most,
    maxSubscriptions: Infinity,
    maxFilters: Infinity,
    maxMessageBytes: Infinity,
    needsSignIn: false,
    wantsPayment: false,
    oldestSec: Infinity,
    aheadSec: Infinity,
  };
}

/** What a relay tells of itself; one that tells nothing, or cannot be asked, has no limits. */
export async function readLimits(url: string, most: number, context: SourceContext, signal: AbortSignal): Promise<Limits> {
  const none = unlimited(most);
  try {
    const answer = await context.http.request(url.replace(/^ws/, "http"), { headers: { accept: "application/nostr+json" }, signal, maxBytes: 1 << 18, budgets: [] });
    const document = decodeJson(answer.bytes, "relay");
    const told = isJson(document) && isJson(document["limitation"]) ? document["limitation"] : {};
    // 0 and below stand for "none" on relays that fill in every field.
    const count = (name: string): number => {
      const value = told[name];
      return typeof value === "number" && Number.isFinite(value) && value >= 1 ? Math.floor(value) : Infinity;
    };
    return {
      maxLimit: Math.min(most, count("max_limit")),
      maxSubscriptions: count("max_subscriptions"),
      maxFilters: count("max_filters"),
      maxMessageBytes: count("max_message_length"),
      needsSignIn: told["auth_required"] === true,
      wantsPayment: told["payment_required"] === true,
      oldestSec: count("created_at_lower_limit"),
      aheadSec: count("created_at_upper_limit"),
    };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return none;
  }
}

/** Fewer than these are told: they change how a relay is read. */
const plentySubscriptions = 3;
const plentyFilters = 3;
const plentyBytes = 65_536;

/** What of it changes how the relay is read, in words; undefined: nothing. */
export function noteOf(limits: Limits): string | undefined {
  const notes = [
    limits.maxSubscriptions < plentySubscriptions && `${limits.maxSubscriptions} ${limits.maxSubscriptions === 1 ? "subscription" : "subscriptions"} at once`,
    limits.maxFilters < plentyFilters && `${limits.maxFilters} ${limits.maxFilters === 1 ? "filter" : "filters"} each`,
    limits.maxMessageBytes < plentyBytes && `messages of ${limits.maxMessageBytes} bytes`,
    limits.needsSignIn && "sign-in needed",
    limits.wantsPayment && "payment wanted",
    Number.isFinite(limits.oldestSec) && `nothing older than ${Math.round(limits.oldestSec / 3_600)} h`,
  ].filter((note) => note !== false);
  return notes.length === 0 ? undefined : notes.join(", ");
}

const lists = ["ids", "authors", "#t"] as const;
/** Of the subscription's id, brackets and numbers that are put in later. */
const envelopeBytes = 120;

/** The filter, or several that together ask for the same, so that each fits into a message. */
export function parted(filter: Filter, limits: Limits): readonly Filter[] {
  const sizeOf = (one: Filter): number => Buffer.byteLength(JSON.stringify(one)) + envelopeBytes;
  if (sizeOf(filter) <= limits.maxMessageBytes) return [filter];
  for (const name of lists) {
    const list: unknown = filter[name];
    if (!Array.isArray(list) || list.length < 2) continue;
    const middle = Math.ceil(list.length / 2);
    return [list.slice(0, middle), list.slice(middle)].flatMap((half: readonly unknown[]) => parted({ ...filter, [name]: half }, limits));
  }
  return [filter];
}

/** The filters of each subscription: as many as one takes, as much as a message holds. */
export function grouped(filters: readonly Filter[], limits: Limits): readonly (readonly Filter[])[] {
  const groups: Filter[][] = [];
  let sizeBytes = 0;
  for (const filter of filters.flatMap((one) => parted(one, limits))) {
    const addedBytes = Buffer.byteLength(JSON.stringify(filter)) + 1;
    const last = groups.at(-1);
    if (last === undefined || last.length >= limits.maxFilters || sizeBytes + addedBytes + envelopeBytes > limits.maxMessageBytes) {
      groups.push([filter]);
      sizeBytes = addedBytes;
    } else {
      last.push(filter);
      sizeBytes += addedBytes;
    }
  }
  return groups;
}
