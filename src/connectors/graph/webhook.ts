import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingRequest, ReadSecret, Received } from "../../core/component.ts";
import type { Parse } from "../../core/source.ts";
import type { Shapes } from "./answers.ts";
import { rawsOf } from "./parse.ts";

/** True when `X-Hub-Signature-256` is the HMAC-SHA256 of the very bytes under the app's secret (Webhooks, Validating Payloads, 2026-11). */
export function isSigned(body: Uint8Array, signature: string | undefined, appSecret: string): boolean {
  const told = /^sha256=([0-9a-f]{64})$/i.exec(signature ?? "")?.[1];
  if (told === undefined || appSecret === "") return false;
  return timingSafeEqual(Buffer.from(told, "hex"), createHmac("sha256", appSecret).update(body).digest());
}

interface Receiving {
  readonly appSecret?: string | undefined;
  readonly verifyToken?: string | undefined;
}

/** Answers the platform's challenge, and takes what is signed. */
export async function receiveGraph(references: Receiving, request: IncomingRequest, readSecret: ReadSecret, shapes: Shapes, parse: Parse): Promise<Received> {
  const { appSecret, verifyToken } = references;
  if (request.method === "GET") {
    const { "hub.mode": mode, "hub.verify_token": word = "", "hub.challenge": challenge = "" } = request.query;
    const expected = verifyToken === undefined ? "" : (await readSecret(verifyToken)).trim();
    if (mode !== "subscribe" || expected === "" || !isSame(word, expected) || !/^[\w-]{1,200}$/.test(challenge)) return { status: 403, raws: [] };
    return { status: 200, body: challenge, raws: [] };
  }
  if (request.method !== "POST") return { status: 405, raws: [] };
  const secret = appSecret === undefined ? "" : (await readSecret(appSecret)).trim();
  if (!isSigned(request.body, request.headers["x-hub-signature-256"], secret)) return { status: 401, raws: [] };
  return { status: 200, raws: rawsOf(request.body, shapes, parse, request.receivedAt) };
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHmac("sha256", "compare").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
