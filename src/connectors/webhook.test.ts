import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import type { IncomingRequest } from "../core/component.ts";
import { testSource } from "./source.contract.ts";
import { openWith } from "./source.fixtures.ts";
import webhook from "./webhook.ts";

const now = Date.UTC(2026, 4, 1, 12);
const seconds = now / 1_000;
const key = `whsec_${Buffer.from("a key of twenty-four by").toString("base64")}`;
const post = { id: "1", author: "ann", text: "hello", createdAt: "2026-05-01T11:00:00Z" };
const body = JSON.stringify(post);

const { parse, raws } = openWith(webhook, { secrets: ["env:KEY"] });

testSource({
  name: "webhook",
  parse,
  raws,
  model: `{"id":"1","author":"ann","text":"TEXT","createdAt":"DATE"}`,
  messages: [body, JSON.stringify({ ...post, likes: 3, replyTo: "0", author: { id: 7, name: "Ann" } }), JSON.stringify({ id: "1", deleted: true, createdAt: post.createdAt })],
});

const standard = (content: string, { id = "msg_1", at = seconds, secret = key } = {}) => ({
  "webhook-id": id,
  "webhook-timestamp": String(at),
  "webhook-signature": `v1a,x v1,${createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
    .update(`${id}.${at}.${content}`)
    .digest("base64")}`,
});

function receive(headers: Readonly<Record<string, string>>, content: string | Uint8Array = body, options: object = {}, secret = key) {
  const request: IncomingRequest = { method: "POST", headers, query: {}, body: Buffer.from(content), receivedAt: now };
  const chosen = webhook.options.parse({ secrets: ["env:KEY"], ...options });
  return webhook.receive?.(chosen, request, async () => `${secret}\n`) ?? assert.fail("it does not receive");
}

test("a post signed as Standard Webhooks has it is taken, under its delivery's id", async () => {
  const { status, raws: taken, delivery } = await receive(standard(body));
  assert.deepEqual([status, delivery, taken.map((raw) => [raw.key, raw.actor, Buffer.from(raw.bytes).toString()])], [202, "msg_1", [["1", "ann", body]]]);
});

test("a wrong key, another body, another id, a late time and a missing header are refused with nothing taken", async () => {
  const other = `whsec_${Buffer.from("another key").toString("base64")}`;
  const { "webhook-signature": _one, ...unsigned } = standard(body);
  const cases: readonly (readonly [number, Readonly<Record<string, string>>, string?])[] = [
    [401, standard(body, { secret: other })],
    [401, standard(body), body.replace("hello", "hellp")],
    [401, { ...standard(body), "webhook-id": "msg_2" }],
    [401, standard(body, { at: seconds - 301 })],
    [401, standard(body, { at: seconds + 301 })],
    [401, unsigned],
    [401, { ...standard(body), "webhook-signature": "v1," }],
    [400, { ...standard(body), "webhook-timestamp": "yesterday" }],
    [400, { ...standard(body), "webhook-id": "" }],
  ];
  for (const [status, headers, content] of cases) {
    const answer = await receive(headers, content);
    assert.deepEqual([answer.status, answer.raws.length], [status, 0], JSON.stringify(headers));
  }
  assert.equal((await receive(standard(body, { at: seconds - 299 }))).status, 202);
});

test("what is refused says why, in the kinds of the connector, and nothing of the body", async () => {
  const cases: readonly (readonly [Record<string, string>, string, string])[] = [
    [{}, body, "unsigned"],
    [standard(body, { at: seconds - 400 }), body, "expired"],
    [standard(`${body} `), body, "signature"],
    [standard("no"), "no", "body"],
  ];
  for (const [headers, content, name] of cases) {
    const { failure } = await receive(headers, content);
    assert.equal(failure?.failure?.id, `webhook.${name}`);
    assert.ok(webhook.failures?.some(({ id, code }) => id === failure?.failure?.id && code === failure?.code));
    assert.doesNotMatch(JSON.stringify(failure?.failure), /hello/);
  }
  assert.equal((await receive(standard(body), body)).failure, undefined);
});

test("while a key is changed both fit", async () => {
  const chosen = webhook.options.parse({ secrets: ["env:OLD", "env:NEW"] });
  const request = { method: "POST", headers: standard(body), query: {}, body: Buffer.from(body), receivedAt: now };
  for (const which of ["env:OLD", "env:NEW"]) {
    const answer = await webhook.receive?.(chosen, request, async (reference) => (reference === which ? key : "whsec_AAAA"));
    assert.equal(answer?.status, 202);
  }
});

test("other forms of signature are read as the options say", async () => {
  const hex = createHmac("sha256", "plain").update(body).digest("hex");
  const github = { signature: { header: "X-Hub-Signature-256", idHeader: "X-GitHub-Delivery" } };
  const taken = await receive({ "x-hub-signature-256": `sha256=${hex}`, "x-github-delivery": "d-1" }, body, github, "plain");
  assert.deepEqual([taken.status, taken.delivery], [202, "d-1"]);
  assert.equal((await receive({ "x-hub-signature-256": hex }, body, github, "plain")).status, 401);
  const timed = { signature: { header: "x-sig", prefix: "", encoding: "base64", timestampHeader: "x-time", signs: "timestamp.body" } };
  const signed = (at: number) => ({ "x-time": String(at), "x-sig": createHmac("sha256", "plain").update(`${at}.${body}`).digest("base64") });
  assert.equal((await receive(signed(seconds), body, timed, "plain")).status, 202);
  assert.equal((await receive(signed(seconds - 400), body, timed, "plain")).status, 401);
});

test("a body is a post, a list, lines, or what stands at a place in it; anything else is refused", async () => {
  const count = async (content: string, options: object = {}) => {
    const { status, raws: taken } = await receive(standard(content), content, options);
    return status === 202 ? taken.length : status;
  };
  assert.equal(await count(JSON.stringify([post, post])), 2);
  assert.equal(await count(`${body}\n${body}\r\n\n`), 2);
  assert.equal(await count(JSON.stringify({ type: "posts", data: { items: [post, post, post] } }), { itemsAt: "data.items" }), 3);
  assert.equal(await count(JSON.stringify({ data: post }), { itemsAt: "data" }), 1);
  for (const content of ["", "no", "7", `${body}\nno`, "[1", '[{"a":1},]', "null"]) assert.equal(await count(content), 400, content);
  assert.equal(await count(JSON.stringify({ data: 7 }), { itemsAt: "data" }), 400);
});

test("names of the sender's own are found where the options say", async () => {
  const own = { uid: "9", who: "ann", said: "hello", at: post.createdAt };
  const opened = openWith(webhook, { secrets: ["env:KEY"], fields: { id: "uid", author: "who", text: "said", createdAt: "at" } });
  const [outcome] = opened.parse(Buffer.from(JSON.stringify(own)));
  assert.ok(outcome && "keep" in outcome && outcome.keep.type === "post");
  assert.deepEqual([outcome.keep.post.id, outcome.keep.post.author.id, outcome.keep.post.text], ["9", "ann", "hello"]);
});

test("what is signed with no key is refused, also where the key is none", async () => {
  const nothing = createHmac("sha256", "").update(`msg_1.${seconds}.${body}`).digest("base64");
  const headers = { "webhook-id": "msg_1", "webhook-timestamp": String(seconds), "webhook-signature": `v1,${nothing}` };
  for (const secret of ["", "whsec_", "whsec_!!"]) assert.equal((await receive(headers, body, {}, secret)).status, 401, secret);
  const bare = { "x-sig": createHmac("sha256", "").update(body).digest("hex") };
  assert.equal((await receive(bare, body, { signature: { header: "x-sig", prefix: "" } }, "")).status, 401);
});
