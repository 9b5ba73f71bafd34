import { isUtf8 } from "node:buffer";

/**
 * The text of a feed. A byte order mark decides; then the charset of the content type; then the XML declaration; else UTF-8.
 * Bytes that contradict what is told (servers often send a default charset) are read as what they can be: valid UTF-8 with
 * other than ASCII letters is UTF-8, what is no UTF-8 is windows-1252. Never throws; broken bytes become U+FFFD.
 */
export function decodeFeed(bytes: Uint8Array, contentType: string | null | undefined): string {
  const marked = markOf(bytes);
  if (marked !== undefined) return decode(bytes, marked);
  const told = /charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(contentType ?? "")?.[1];
  const declared = declaredIn(bytes);
  const utf8 = isUtf8(bytes);
  for (const label of [told, declared]) {
    const encoding = label === undefined ? undefined : encodingOf(label);
    if (encoding === undefined || (encoding === "utf-8" && !utf8)) continue;
    // UTF-16 was found by its zero bytes already.
    if (encoding.startsWith("utf-16")) continue;
    if (utf8 && encoding !== "utf-8" && !isStateful(encoding) && (declared === undefined || encodingOf(declared) === "utf-8")) return decode(bytes, "utf-8");
    return decode(bytes, encoding);
  }
  return decode(bytes, utf8 ? "utf-8" : "windows-1252");
}

function markOf(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  // Without a mark: the zero bytes around the first ASCII letters (XML 1.0, appendix F).
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return "utf-16le";
  if (a === 0 && b !== 0 && c === 0 && d !== 0) return "utf-16be";
  return undefined;
}

function declaredIn(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 400)).toString("latin1");
  return /^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']/i.exec(head)?.[1];
}

/** Letters of other sets look like ASCII in these; valid UTF-8 proves nothing. */
function isStateful(encoding: string): boolean {
  return encoding.startsWith("iso-2022");
}

function encodingOf(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

function decode(bytes: Uint8Array, encoding: string): string {
  return new TextDecoder(encoding).decode(bytes);
}
