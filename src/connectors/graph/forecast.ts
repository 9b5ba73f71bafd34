import type { SourceContext, SourceForecast } from "../../core/component.ts";
import { isJson } from "../json/decode.ts";
import { parseInstant } from "../json/fields.ts";
import { openGraph } from "./client.ts";
import type { GraphOptions } from "./options.ts";

const dayMs = 86_400_000;

/** From the newest hundred posts of one list: what comes in a day, and the calls that lists and comments take. */
export async function forecastGraph(
  connector: string,
  options: GraphOptions,
  lists: number,
  sample: { readonly path: string; readonly page?: string; readonly time: string },
  context: SourceContext,
): Promise<SourceForecast> {
  const client = await openGraph(connector, options, context);
  const { path, page, time } = sample;
  const body = await client.get({ path, query: { fields: `id,${time}`, limit: "100" }, ...(page !== undefined && { page }) }, AbortSignal.timeout(60_000));
  const data: unknown[] = Array.isArray(body["data"]) ? body["data"] : [];
  const times = data.flatMap((item) => (isJson(item) ? (parseInstant(item[time]) ?? []) : []));
  const toMs = context.clock.now();
  const fromMs = times.length === 0 ? undefined : Math.min(...times);
  const perDay = fromMs === undefined ? 0 : Math.round((times.length * dayMs) / Math.max(dayMs, toMs - fromMs));
  const polls = Math.round(86_400 / options.pollSeconds);
  return {
    posts: times.length,
    ...(fromMs !== undefined && { fromMs, toMs }),
    perDay: perDay * lists,
    costs: [{ budget: `graph/${client.credentialName}`, perDay: polls * lists + perDay * lists, allowedPerDay: options.requestsPerHour * 24 }],
    note: "Reckoned from the newest posts of one list; comments come on top, a call for each post that has new ones.",
  };
}
