import type { SourceContext } from "../../core/component.ts";
import { statusOf } from "../../http/upstream-status.ts";
import { decodeJson, isJson } from "../json/decode.ts";
import { reactHackerNews, table } from "./failures.ts";

/** The official API (github.com/HackerNews/API). */
export interface HackerNews {
  /** The newest id there is. */
  maxItem(signal: AbortSignal): Promise<number>;
  /** An item's bytes; undefined: there is none under this id (yet), or none that can be read. */
  item(id: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Ids of items that changed lately. */
  updates(signal: AbortSignal): Promise<readonly number[]>;
  /** Ids of the front page, best first. */
  frontPage(signal: AbortSignal): Promise<readonly number[]>;
}

const maxBytes = 4 << 20;

/** @param limitPerMinute of requests, as the API names none of its own */
export function openHackerNews(address: string, limitPerMinute: number, context: SourceContext): HackerNews {
  const base = address.replace(/\/+$/, "");
  const host = new URL(base).host;

  async function get(path: string, signal: AbortSignal): Promise<Uint8Array> {
    const { bytes } = await context.http.request(`${base}/${path}.json`, {
      headers: { accept: "application/json" },
      signal,
      maxBytes,
      budgets: [{ name: `hackernews ${host}`, limit: { requests: limitPerMinute, perMs: 60_000 } }],
      react: reactHackerNews,
    });
    return bytes;
  }

  async function numbers(path: string, pick: (value: unknown) => unknown, signal: AbortSignal): Promise<readonly number[]> {
    const list = pick(parsed(await get(path, signal), path));
    if (!Array.isArray(list)) throw table.error("unreadable", `${host}/${path}: expected a list of ids, came something else`, `GET ${host}`);
    return list.filter((id): id is number => Number.isSafeInteger(id) && id > 0).slice(0, 2_000);
  }

  function parsed(bytes: Uint8Array, path: string): unknown {
    try {
      return decodeJson(bytes, path);
    } catch (cause) {
      throw table.error("unreadable", `${host}/${path}: expected JSON, came something else`, `GET ${host}`, cause);
    }
  }

  return {
    async maxItem(signal) {
      const value = parsed(await get("maxitem", signal), "maxitem");
      if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
      throw table.error("unreadable", `${host}/maxitem: expected a number, came something else`, `GET ${host}`);
    },
    async item(id, signal) {
      let bytes: Uint8Array;
      try {
        bytes = await get(`item/${id}`, signal);
      } catch (thrown) {
        const status = statusOf(thrown);
        if (status === 404 || status === 410 || status === 401 || status === 403) return undefined;
        throw thrown;
      }
      // `null` stands for an item that is not there, or not there yet.
      return bytes[0] === 0x7b && bytes.at(bytes.length - 1) === 0x7d ? bytes : undefined;
    },
    updates: (signal) => numbers("updates", (value) => (isJson(value) ? value["items"] : undefined), signal),
    frontPage: (signal) => numbers("topstories", (value) => value, signal),
  };
}
