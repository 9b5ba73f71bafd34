import type { Json } from "../json/decode.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Milliseconds UTC from which Instagram's ids count ("Sharding & IDs at Instagram", 2012). */
const epochMs = 1_314_220_021_721n;

/** The code under which a public post is shown, of the field or of its address. */
export function shortcodeOf(value: Json): string | undefined {
  const code = value["shortcode"];
  if (typeof code === "string" && /^[\w-]{5,11}$/.test(code)) return code;
  const link = value["permalink"] ?? value["link"];
  return typeof link === "string" ? /instagram\.com\/(?:[\w.]+\/)?(?:p|reel|tv)\/([\w-]{5,11})(?:[/?]|$)/.exec(link)?.[1] : undefined;
}

/** When a post was made, by its code: an id in base 64 whose upper 41 bits are milliseconds. Undefined: before Instagram, or after tomorrow's century. */
export function shortcodeInstant(code: string): number | undefined {
  let id = 0n;
  for (const letter of code) {
    const digit = alphabet.indexOf(letter);
    if (digit < 0) return undefined;
    id = id * 64n + BigInt(digit);
  }
  const at = Number((id >> 23n) + epochMs);
  return at < Date.UTC(2_100, 0, 1) && id >> 23n > 0n ? at : undefined;
}
