import assert from "node:assert/strict";
import type { SourceEvent, SourcePost } from "../../core/event.ts";
import type { Parse } from "../../core/source.ts";
import { validateEvent } from "../../stages/validate.ts";

/** Reads bodies as `earshot parse` reads a file. */
export function readerOf({ split }: { readonly split?: (file: Uint8Array) => Iterable<Uint8Array> }, parse: Parse) {
  /** All events, and codes of what was rejected or reasons of what was dropped. */
  function outcomes(body: unknown): (SourceEvent | string)[] {
    const found: (SourceEvent | string)[] = [];
    for (const message of split?.(Buffer.from(typeof body === "string" ? body : JSON.stringify(body))) ?? []) {
      for (const outcome of parse(message)) {
        const checked = "keep" in outcome ? validateEvent(outcome.keep, Date.now()) : outcome;
        found.push("keep" in checked ? checked.keep : "drop" in checked ? checked.drop : checked.reject.code);
      }
    }
    return found;
  }

  function posts(body: unknown): SourcePost[] {
    return outcomes(body).map((event) => {
      assert.ok(typeof event === "object" && event.type === "post", JSON.stringify(event));
      return event.post;
    });
  }

  function only(body: unknown): SourcePost {
    const [post, ...more] = posts(body);
    assert.ok(post !== undefined && more.length === 0);
    return post;
  }

  return { outcomes, posts, only };
}

/** An answer of the Graph API as a recording holds it. */
export function recorded(url: string, body: unknown, status = 200) {
  return {
    request: { method: "GET", url: `https://graph.facebook.com/${url}` },
    response: { status, headers: { date: "Sun, 01 Nov 2026 00:00:00 GMT" }, body },
  };
}
