import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingRequest } from "../../core/component.ts";

/** How a sender signs, where it does not follow Standard Webhooks. */
export interface HeaderForm {
  readonly header: string;
  readonly prefix: string;
  readonly encoding: "hex" | "base64";
  /** Seconds since 1970; absent: the signature bears no time, and only the delivery's id stands against replay. */
  readonly timestampHeader?: string | undefined;
  readonly idHeader?: string | undefined;
  /** What is signed: the body alone, or after its time and a dot. */
  readonly signs: "body" | "timestamp.body";
}

export interface SignatureOptions {
  /** Several while a key is being changed: one that fits is enough. */
  readonly secrets: readonly string[];
  readonly toleranceSeconds: number;
  /** Absent: Standard Webhooks. */
  readonly form?: HeaderForm | undefined;
}

export type Checked =
  | { readonly ok: true; readonly delivery?: string }
  | { readonly ok: false; readonly status: 400 | 401; readonly failure: "unsigned" | "expired" | "signature"; readonly reason: string };

/** Standard Webhooks 1.0 (github.com/standard-webhooks, spec): HMAC-SHA256 over `id.timestamp.body`, several signatures in one header, keys as `whsec_` + base64. */
const standard = { id: "webhook-id", timestamp: "webhook-timestamp", signature: "webhook-signature" } as const;

/** Whether the request was signed with one of the keys, lately. Compares in constant time. */
export function checkSignature(request: IncomingRequest, options: SignatureOptions): Checked {
  const { form } = options;
  const header = (name: string | undefined) => (name === undefined ? undefined : request.headers[name.toLowerCase()]);
  const id = header(form === undefined ? standard.id : form.idHeader);
  const timestamp = header(form === undefined ? standard.timestamp : form.timestampHeader);
  const signature = header(form === undefined ? standard.signature : form.header);
  if (signature === undefined || signature.length > 4_096)
    return { ok: false, status: 401, failure: "unsigned", reason: `expected the header ${form?.header ?? standard.signature}` };
  if (id !== undefined && !/^[\x21-\x7e]{1,256}$/.test(id)) return { ok: false, status: 400, failure: "unsigned", reason: "expected an id of 1 to 256 printable characters" };
  const needsTime = form === undefined || form.timestampHeader !== undefined;
  if (needsTime) {
    if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp))
      return { ok: false, status: 400, failure: "unsigned", reason: `expected ${form?.timestampHeader ?? standard.timestamp} in seconds since 1970` };
    if (Math.abs(request.receivedAt - Number(timestamp) * 1_000) > options.toleranceSeconds * 1_000)
      return { ok: false, status: 401, failure: "expired", reason: `signed more than ${options.toleranceSeconds} s from now` };
  }
  if (form === undefined && id === undefined) return { ok: false, status: 400, failure: "unsigned", reason: `expected the header ${standard.id}` };
  const head = form === undefined ? `${id}.${timestamp}.` : form.signs === "body" ? "" : `${timestamp}.`;
  const told = form === undefined ? signature.split(" ").flatMap((one) => (one.startsWith("v1,") ? [one.slice(3)] : [])) : withoutPrefix(signature, form.prefix);
  const given = told.slice(0, 16).map((one) => Buffer.from(one, form?.encoding ?? "base64"));
  let fits = false;
  for (const secret of options.secrets) {
    const key = form === undefined ? standardKey(secret) : Buffer.from(secret);
    // Anybody could sign with it.
    if (key.length === 0) continue;
    const expected = createHmac("sha256", key).update(head).update(request.body).digest();
    for (const one of given) if (one.length === expected.length && timingSafeEqual(one, expected)) fits = true;
  }
  return fits ? { ok: true, ...(id !== undefined && { delivery: id }) } : { ok: false, status: 401, failure: "signature", reason: "the signature does not fit" };
}

function withoutPrefix(signature: string, prefix: string): string[] {
  return signature.startsWith(prefix) ? [signature.slice(prefix.length).trim()] : [];
}

function standardKey(secret: string): Uint8Array {
  return secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
}
