import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import facebook from "../facebook.ts";
import { isSigned } from "./webhook.ts";

const options = facebook.options.parse({ pages: ["77"], token: "env:TOKEN", appSecret: "env:SECRET", verifyToken: "env:WORD" });
const secrets: Readonly<Record<string, string>> = { "env:SECRET": "s3cret\n", "env:WORD": "ham" };
const readSecret = async (reference: string) => secrets[reference] ?? "";
const body = Buffer.from(
  JSON.stringify({ object: "page", entry: [{ id: "77", time: 1_777_640_000, changes: [{ field: "feed", value: { item: "comment", verb: "remove", comment_id: "1_5" } }] }] }),
);
const sign = (bytes: Uint8Array, secret = "s3cret") => `sha256=${createHmac("sha256", secret).update(bytes).digest("hex")}`;

async function send(method: string, headers: Readonly<Record<string, string>>, query: Readonly<Record<string, string>> = {}, bytes: Uint8Array = body) {
  const answer = await facebook.receive?.(options, { method, headers, query, body: bytes, receivedAt: 1_777_640_001_000 }, readSecret);
  assert.ok(answer);
  return answer;
}

test("a signed payload is taken with its keys, and one that is not signed by the app is refused", async () => {
  const taken = await send("POST", { "x-hub-signature-256": sign(body) });
  assert.deepEqual([taken.status, taken.raws.map(({ key }) => key)], [200, ["1_5"]]);
  for (const signature of [sign(body, "other"), sign(Buffer.from("{}")), "sha256=", "sha1=abc", ""])
    assert.deepEqual(await send("POST", { "x-hub-signature-256": signature }), { status: 401, raws: [] });
  assert.deepEqual(await send("POST", {}), { status: 401, raws: [] });
  assert.equal(isSigned(body, sign(body, ""), ""), false);
});

test("the platform's challenge is answered to who knows the word, and to nobody else", async () => {
  const query = { "hub.mode": "subscribe", "hub.verify_token": "ham", "hub.challenge": "1158201444" };
  assert.deepEqual(await send("GET", {}, query), { status: 200, body: "1158201444", raws: [] });
  assert.equal((await send("GET", {}, { ...query, "hub.verify_token": "spam" })).status, 403);
  assert.equal((await send("GET", {}, { ...query, "hub.challenge": "<script>" })).status, 403);
  assert.equal((await send("GET", {}, {})).status, 403);
  assert.equal((await send("PUT", {}, {})).status, 405);
});
