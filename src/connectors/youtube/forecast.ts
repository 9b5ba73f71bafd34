import type { SourceContext, SourceForecast } from "../../core/component.ts";
import { isJson } from "../json/decode.ts";
import { dayMs, softCount } from "../json/fields.ts";
import type { YouTubeApi } from "./api.ts";
import type { ReadOptions } from "./read.ts";

const minutesADay = 1_440;
const mostCounted = 5;

/** What a week held, as searches estimate it (100 units each, five at most), and the units a day that looking takes. */
export async function forecastYouTube(options: ReadOptions & { readonly unitsPerDay: number }, api: YouTubeApi, { clock }: SourceContext): Promise<SourceForecast> {
  const toMs = clock.now();
  const fromMs = toMs - 7 * dayMs;
  const counted = options.queries.slice(0, mostCounted);
  let posts = 0;
  for (const q of counted) {
    const body = await api.list(
      "search",
      { part: "id", type: "video", q, maxResults: "1", publishedAfter: new Date(fromMs).toISOString(), publishedBefore: new Date(toMs).toISOString() },
      AbortSignal.timeout(30_000),
    );
    posts += (isJson(body["pageInfo"]) ? softCount(body["pageInfo"]["totalResults"]) : undefined) ?? 0;
  }
  const looks = options.queries.length * (minutesADay / options.searchMinutes) * 101 + options.channels.length * (minutesADay / options.pollMinutes);
  const fromPosts = posts === 0 ? 0 : (posts / 7 / 50) * 100;
  const perDay = Math.ceil(looks + fromPosts + (options.comments ? options.videos.length * 4 + posts / 7 : 0));
  return {
    ...(counted.length > 0 && { posts, fromMs, toMs, perDay: Math.round(posts / 7) }),
    costs: [{ budget: api.budget, perDay, allowedPerDay: options.unitsPerDay }],
    note: "Search totals are the platform's estimates, at most 1,000,000; comments are not counted.",
  };
}
