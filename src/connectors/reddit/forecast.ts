import type { SourceForecast } from "../../core/component.ts";
import { type Api, thingsACall } from "./api.ts";
import { feedsOf, type ReadOptions } from "./read.ts";

const dayMs = 86_400_000;
const mostAsked = 20;

/** What a day would bring, by how fast the newest hundred things of each listing came; Reddit itself counts nothing. */
export async function forecastReddit(options: ReadOptions & { readonly requestsPerMinute: number }, api: Api, nowMs: number, signal: AbortSignal): Promise<SourceForecast> {
  const feeds = feedsOf(options);
  let perDay = 0;
  let callsPerDay = 0;
  for (const feed of feeds.slice(0, mostAsked)) {
    const page = await api.listing(feed.path, feed.query, undefined, signal);
    const times = page.things.map(({ data }) => Number(data["created_utc"]) * 1_000).filter((at) => at > 0);
    const spanMs = Math.max(1_000, nowMs - Math.min(nowMs, ...times));
    const ofFeed = (times.length * dayMs) / spanMs;
    perDay += ofFeed;
    // A call a poll, one more for every hundred things, and the later looks at each of them.
    const polls = dayMs / (options.pollSeconds * 1_000);
    callsPerDay += Math.max(Math.min(polls, ofFeed), polls / 8) + ofFeed / thingsACall + (options.refreshMinutes > 0 ? (4 * ofFeed) / thingsACall : 0);
  }
  const share = feeds.length / Math.max(1, Math.min(feeds.length, mostAsked));
  return {
    perDay: Math.round(perDay * share),
    costs: [{ budget: api.budget, perDay: Math.round(callsPerDay * share), allowedPerDay: options.requestsPerMinute * 1_440 }],
    note: "Estimated from the newest hundred posts or comments of each listing.",
  };
}
