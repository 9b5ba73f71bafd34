import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate as inflateZlib } from "node:zlib";
import { EarshotError } from "../core/errors.ts";

const decoders = { gzip: promisify(gunzip), "x-gzip": promisify(gunzip), br: promisify(brotliDecompress), deflate: promisify(inflateZlib) };

/** The whole body; throws UPSTREAM_REFUSED where it is larger than `maxBytes`. */
export async function collect(body: AsyncIterable<Uint8Array>, maxBytes: number, where: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes, where);
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks, sizeBytes);
}

/** Undoes Content-Encoding; the limit counts decoded bytes, so that a small bomb stays small. */
export async function inflate(bytes: Uint8Array, encoding: string | null, maxBytes: number, where: string): Promise<Uint8Array> {
  const name = encoding?.trim().toLowerCase() ?? "identity";
  if (name === "identity" || name === "" || bytes.length === 0) return bytes;
  if (name !== "gzip" && name !== "x-gzip" && name !== "br" && name !== "deflate") {
    throw new EarshotError("UPSTREAM_REFUSED", `${where}: expected gzip, br, deflate or plain bytes, came content-encoding ${name.slice(0, 40)}`);
  }
  try {
    return await decoders[name](bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError || (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE")) throw tooLarge(maxBytes, where);
    throw new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: the body is broken ${name}`, { cause });
  }
}

function tooLarge(maxBytes: number, where: string): EarshotError {
  return new EarshotError("UPSTREAM_REFUSED", `${where}: the answer is larger than ${maxBytes} bytes`);
}
