import type { Raw } from "../../core/source.ts";
import { type Json, isJson, decodeJson } from "../json/decode.ts";
import { encode, itemsIn } from "./items.ts";
import { eventsOf } from "./parse.ts";

/** A resource as a raw message; its key is what its parse says. */
export function rawOfItem(item: Json, receivedAt: number): Raw {
  const bytes = encode(item);
  return { ...keyOf(item), bytes, receivedAt };
}

function keyOf(item: Json): Pick<Raw, "key" | "actor"> {
  try {
    const [outcome] = eventsOf(item);
    if (outcome === undefined || !("keep" in outcome)) return { key: undefined };
    const event = outcome.keep;
    if (event.type === "post") return { key: event.post.id, actor: event.post.author.id };
    if (event.type === "engagement" || event.type === "delete") return { key: event.id };
    return event.type === "identity" ? { key: event.author.id, actor: event.author.id } : { key: undefined };
  } catch {
    // The parser rejects it with its code.
    return { key: undefined };
  }
}

/** A message as it was recorded or received: the resources in it, each by itself. */
export function rawsOfMessage(message: Uint8Array, receivedAt: number): Raw[] {
  let value: unknown;
  try {
    value = decodeJson(message, "message");
  } catch {
    return [{ key: undefined, bytes: message, receivedAt }];
  }
  const items = isJson(value) ? [...itemsIn(value, receivedAt)] : [];
  return items.length === 0 ? [{ key: undefined, bytes: message, receivedAt }] : items.map((item) => rawOfItem(item, receivedAt));
}
