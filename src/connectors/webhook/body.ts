import { isUtf8 } from "node:buffer";
import { decodeJson, isJson } from "../json/decode.ts";
import { splitArray } from "../json/pick.ts";

const mostItems = 10_000;

/**
 * The posts in a body, as their own bytes: one JSON object, a list of them, or one a line; with `itemsAt`, the list or object that stands there
 * (`data.items`) in a JSON body. Undefined: the body is none of these.
 */
export function itemsOf(body: Uint8Array, itemsAt?: string): readonly Uint8Array[] | undefined {
  if (body.length === 0 || !isUtf8(body)) return undefined;
  if (itemsAt !== undefined) return itemsAtPlace(body, itemsAt.split("."));
  const list = splitArray(body);
  if (list !== undefined) return isList(body) && list.length <= mostItems ? list : undefined;
  if (isObject(body)) return [body];
  const lines = linesOf(body);
  return lines.length > 1 && lines.length <= mostItems && lines.every(isObject) ? lines : undefined;
}

function itemsAtPlace(body: Uint8Array, place: readonly string[]): readonly Uint8Array[] | undefined {
  try {
    let value: unknown = decodeJson(body, "body");
    for (const name of place) value = isJson(value) ? value[name] : undefined;
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    return list.length <= mostItems && list.every(isJson) ? list.map((item) => Buffer.from(JSON.stringify(item))) : undefined;
  } catch {
    return undefined;
  }
}

function isList(bytes: Uint8Array): boolean {
  try {
    return Array.isArray(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch {
    return false;
  }
}

function isObject(bytes: Uint8Array): boolean {
  try {
    return isJson(decodeJson(bytes, "body"));
  } catch {
    return false;
  }
}

function linesOf(body: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  while (start < body.length) {
    const found = body.indexOf(0x0a, start);
    const end = found < 0 ? body.length : found;
    const line = body.subarray(start, body[end - 1] === 0x0d ? end - 1 : end);
    if (line.some((byte) => byte > 0x20)) lines.push(line);
    start = end + 1;
  }
  return lines;
}
