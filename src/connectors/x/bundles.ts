import { type Json, isJson } from "../json/decode.ts";
import { parseInstant } from "../json/fields.ts";
import { objectsIn } from "./ids.ts";

const dayMs = 86_400_000;

/**
 * What some answers of v1.1 hold by other means than a list, as statuses, counts and problems; undefined: another answer.
 * Statuses by id with null for those that are not there (statuses/lookup, map=true), tweets and users apart (collections/entries), a post as a page shows it (statuses/oembed), and trends with
 * their posts of the last 24 hours (trends/place): developer.x.com/en/docs/x-api/v1, 2022.
 */
export function bundleIn(value: Json): readonly Json[] | undefined {
  const { id, objects, trends } = value;
  if (isJson(id) && Object.keys(id).length > 0 && Object.entries(id).every(([name, status]) => /^\d{1,20}$/.test(name) && (status === null || isJson(status))))
    return Object.entries(id).map(([name, status]) => (isJson(status) ? status : { title: "Not Found Error", type: "about:blank", resource_type: "tweet", resource_id: name }));
  if (isJson(objects) && isJson(objects["tweets"])) {
    const users = isJson(objects["users"]) ? objects["users"] : {};
    return Object.values(objects["tweets"])
      .filter(isJson)
      .map((status) => ({ ...status, user: userOf(status["user"], users) }));
  }
  const shown = shownPost(value);
  if (shown !== undefined) return [shown];
  const asOf = parseInstant(value["as_of"]);
  if (!Array.isArray(trends) || asOf === undefined) return undefined;
  const counted = objectsIn(trends).filter((trend) => typeof trend["tweet_volume"] === "number");
  const span = { start: new Date(asOf - dayMs).toISOString(), end: new Date(asOf).toISOString() };
  return counted.length === 0 ? undefined : counted.map((trend) => ({ count: { ...span, tweet_count: trend["tweet_volume"] }, query: trend["name"], granularity: "day" }));
}

/** A post as a page is to show it (publish.x.com/oembed, statuses/oembed): its text is the paragraph in the HTML, its author has a handle alone. */
function shownPost({ url, author_url: author, html }: Json): Json | undefined {
  if (typeof url !== "string" || typeof author !== "string" || typeof html !== "string") return undefined;
  const id = /\/status(?:es)?\/(\d{1,20})(?:[/?#]|$)/.exec(url.slice(0, 500))?.[1];
  const username = /^https?:\/\/(?:www\.)?(?:twitter|x)\.com\/(\w{1,50})\/?$/.exec(author)?.[1];
  const start = html.indexOf("<p");
  const end = html.indexOf("</p>", start);
  if (id === undefined || username === undefined || start < 0 || end < 0) return undefined;
  const lang = /^<p[^<>]{0,100}\blang="([a-z-]{2,10})"/.exec(html.slice(start, start + 200))?.[1];
  return {
    id,
    username,
    text: html
      .slice(start, end)
      .replace(/<br *\/?>/g, "\n")
      .replace(/<[^<>]*>/g, ""),
    ...(lang !== undefined && { lang }),
  };
}

function userOf(told: unknown, users: Json): unknown {
  const id = isJson(told) ? (told["id_str"] ?? told["id"]) : undefined;
  const whole = typeof id === "string" || typeof id === "number" ? users[String(id)] : undefined;
  return isJson(whole) ? whole : told;
}
