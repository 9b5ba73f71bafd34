import type { Offer, SourceContext } from "../../core/component.ts";
import { type Json, isJson } from "../json/decode.ts";
import { openGraph } from "./client.ts";
import type { GraphOptions } from "./options.ts";

const mostPages = 20;

/** The pages that the account manages, or what stands behind each of them (Graph API, User Accounts, 2026-11). */
export async function graphOffers(
  connector: string,
  options: GraphOptions,
  context: SourceContext,
  fields: string,
  offersOf: (page: Json, id: string, name: string) => readonly Offer[],
): Promise<readonly Offer[]> {
  const client = await openGraph(connector, options, context);
  const signal = AbortSignal.timeout(45_000);
  const found: Offer[] = [];
  let after: string | undefined;
  for (let asked = 0; asked < mostPages; asked++) {
    const body = await client.get({ path: "me/accounts", query: { fields, limit: "100", ...(after !== undefined && { after }) } }, signal);
    const data: unknown[] = Array.isArray(body["data"]) ? body["data"] : [];
    for (const page of data) {
      if (!isJson(page) || typeof page["id"] !== "string") continue;
      found.push(...offersOf(page, page["id"], typeof page["name"] === "string" ? page["name"] : page["id"]));
    }
    const paging = isJson(body["paging"]) ? body["paging"] : {};
    after = isJson(paging["cursors"]) && typeof paging["cursors"]["after"] === "string" ? paging["cursors"]["after"] : undefined;
    if (after === undefined || paging["next"] === undefined) break;
  }
  return found;
}
