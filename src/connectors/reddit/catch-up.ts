import type { SourcePage } from "../../core/source.ts";
import { softText } from "../json/fields.ts";
import { type Api, thingsACall } from "./api.ts";
import type { Position } from "./cursor.ts";
import type { Found } from "./things.ts";

export interface Feed {
  /** Its name in the cursor. */
  readonly id: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The things of a subreddit alone can be found again by counting ids up. */
  readonly subreddit?: { readonly name: string; readonly kind: "t1" | "t3" };
}

/** What a step of catching up brings; `position` once everything up to there has been given. */
export interface Step {
  readonly things: readonly Found[];
  readonly position?: Position;
  readonly gap?: NonNullable<SourcePage["gap"]>;
}

/** A listing shows its newest 1,000 things, whatever is asked for (reddit.com/dev/api and PRAW's documentation, 2024). */
const listingCap = 1_000;
/** An anchor that was deleted meanwhile gives an empty page: these things before the last of a page are tried instead. */
const olderAnchors = [2, 10, 40];

/**
 * Everything in a listing since the position, newest first; the cursor moves when it is bridged, so that a cut loses nothing.
 * Where more came than the listing shows, the ids between are asked for, 100 a call, at most `fillCalls` times; what is left is told as a gap.
 */
export async function* catchUp(
  feed: Feed,
  last: Position | undefined,
  how: { readonly wholeListing: boolean; readonly fillCalls: number },
  api: Api,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  let newest: Position | undefined;
  let oldest: Position | undefined;
  let after: string | undefined;
  let count = 0;
  let isBridged = false;
  let anchors: readonly string[] = [];
  for (;;) {
    const page = await pageAfter(after);
    count += page.things.length;
    for (const found of page.things) {
      const at = placeOf(found);
      if (at === undefined) continue;
      if (newest === undefined || isLater(at, newest)) newest = at;
      if (oldest === undefined || isLater(oldest, at)) oldest = at;
    }
    isBridged = last === undefined ? !how.wholeListing : oldest !== undefined && oldest.at < last.at;
    const isOver = isBridged || page.things.length === 0 || page.after === undefined || count >= listingCap;
    // The end of a listing that is shorter than the cap is the end of what there is.
    if (isOver) {
      isBridged ||= last === undefined || count < listingCap - thingsACall;
      if (isBridged) {
        yield { things: page.things, ...(newest !== undefined && (last === undefined || isLater(newest, last)) && { position: newest }) };
        return;
      }
      yield { things: page.things };
      break;
    }
    yield { things: page.things };
    anchors = page.things.map(({ data }) => softText(data["name"])).filter((name) => name !== undefined);
    after = page.after;
  }
  if (last !== undefined && oldest !== undefined && newest !== undefined) yield* fill(last, oldest, newest);

  async function pageAfter(anchor: string | undefined) {
    const page = await api.listing(feed.path, feed.query, anchor, signal);
    if (anchor === undefined || page.things.length > 0) return page;
    for (const back of olderAnchors) {
      const older = anchors.at(-back);
      if (older === undefined) break;
      const again = await api.listing(feed.path, feed.query, older, signal);
      // The things between are given twice; they are known by their ids.
      if (again.things.some(({ data }) => !anchors.includes(softText(data["name"]) ?? ""))) return again;
    }
    return page;
  }

  async function* fill(from: Position, to: Position, end: Position): AsyncGenerator<Step> {
    const { subreddit } = feed;
    const lost = { fromMs: from.at * 1000, toMs: to.at * 1000 };
    const first = subreddit === undefined ? undefined : numberOf(from.newest, subreddit.kind);
    const past = subreddit === undefined ? undefined : numberOf(to.newest, subreddit.kind);
    const span = first === undefined || past === undefined ? undefined : past - first - 1;
    if (subreddit === undefined || first === undefined || span === undefined || span > how.fillCalls * thingsACall) {
      const reason = `more than the ${listingCap} things that a listing shows came between two polls${span === undefined ? "" : `; ${span} ids lie between, more than fillCalls allows`}`;
      yield { things: [], position: end, gap: { ...lost, reason } };
      return;
    }
    for (let id = first + 1; id <= first + span; id += thingsACall) {
      const names = Array.from({ length: Math.min(thingsACall, first + span + 1 - id) }, (_, index) => `${subreddit.kind}_${(id + index).toString(36)}`);
      const found = await api.info(names, signal);
      yield { things: found.filter(({ data }) => softText(data["subreddit"])?.toLowerCase() === subreddit.name.toLowerCase()) };
    }
    yield { things: [], position: end };
  }
}

function placeOf({ data }: Found): Position | undefined {
  const at = Number(data["created_utc"]);
  const name = softText(data["name"]);
  return name === undefined || !Number.isFinite(at) || at <= 0 ? undefined : { at, newest: name };
}

/** Ids count up, in base 36; things of one second, and of two kinds, are told apart by them as well as can be. */
function isLater(a: Position, b: Position): boolean {
  if (a.at !== b.at) return a.at > b.at;
  return a.newest.length === b.newest.length ? a.newest > b.newest : a.newest.length > b.newest.length;
}

function numberOf(fullname: string, kind: string): number | undefined {
  if (!fullname.startsWith(`${kind}_`)) return undefined;
  const value = Number.parseInt(fullname.slice(3), 36);
  return Number.isSafeInteger(value) ? value : undefined;
}
