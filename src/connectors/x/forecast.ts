import type { SourceForecast } from "../../core/component.ts";
import { isJson } from "../json/decode.ts";
import { parseInstant, softCount } from "../json/fields.ts";
import type { Api } from "./api.ts";
import { objectsIn } from "./ids.ts";

const dayMs = 86_400_000;

export interface ForecastOptions {
  readonly mode: "search" | "archive" | "stream";
  readonly queries: readonly string[];
  readonly users: readonly string[];
  readonly mentions: readonly string[];
  readonly pollSeconds: number;
  readonly postsPerMonth: number;
}

/** Counts of the last seven days, which cost no posts; what accounts post or are mentioned in is not counted by X. */
export async function forecastX(options: ForecastOptions, api: Api): Promise<SourceForecast> {
  let posts = 0;
  let fromMs: number | undefined;
  let toMs: number | undefined;
  for (const query of options.queries) {
    const body = await api.get("counts-recent", { query, granularity: "day" });
    for (const count of objectsIn(body["data"])) {
      posts += softCount(count["tweet_count"]) ?? 0;
      const start = parseInstant(count["start"]);
      const end = parseInstant(count["end"]);
      if (start !== undefined) fromMs = Math.min(fromMs ?? start, start);
      if (end !== undefined) toMs = Math.max(toMs ?? end, end);
    }
    const meta = isJson(body["meta"]) ? body["meta"] : {};
    if (objectsIn(body["data"]).length === 0) posts += softCount(meta["total_tweet_count"]) ?? 0;
  }
  const days = fromMs === undefined || toMs === undefined || toMs <= fromMs ? 7 : (toMs - fromMs) / dayMs;
  const perDay = Math.ceil(posts / days);
  const targets = (options.mode === "stream" ? 0 : options.queries.length) + options.users.length + options.mentions.length;
  const polls = (targets * 86_400) / options.pollSeconds + perDay / 100;
  const timelines = options.users.length + options.mentions.length;
  return {
    ...(options.queries.length > 0 && { posts, perDay }),
    ...(fromMs !== undefined && toMs !== undefined && { fromMs, toMs }),
    costs: [
      { budget: "posts", perDay, allowedPerDay: Math.floor(options.postsPerMonth / 30) },
      { budget: "requests", perDay: Math.ceil(polls) },
    ],
    ...(timelines > 0 && { note: `X does not count in advance what ${timelines} accounts post or are mentioned in.` }),
  };
}
