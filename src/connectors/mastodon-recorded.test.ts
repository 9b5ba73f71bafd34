import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourceEvent } from "../core/event.ts";
import { validateEvent } from "../stages/validate.ts";
import mastodon from "./mastodon.ts";
import { openWith, readRecording } from "./source.fixtures.ts";

const { parse } = openWith(mastodon, { server: "https://home.example" });

/** Events, and what is dropped or rejected, as `earshot parse` sees them. */
function outcomesOf(file: unknown): (SourceEvent | string)[] {
  const bytes = file instanceof Uint8Array ? file : Buffer.from(typeof file === "string" ? file : JSON.stringify(file));
  return [...(mastodon.split?.(bytes) ?? [])].flatMap((message) =>
    parse(message).map((parsed) => {
      const outcome = "keep" in parsed ? validateEvent(parsed.keep, Date.UTC(2027)) : parsed;
      return "keep" in outcome ? outcome.keep : "drop" in outcome ? `drop ${outcome.drop}` : outcome.reject.code;
    }),
  );
}

function shortOf(event: SourceEvent | string): string {
  if (typeof event === "string") return event;
  if (event.type === "post") return `post ${event.post.id}${event.post.revision > 0 ? "*" : ""}`;
  if (event.type === "identity") return `identity ${event.author.handle}`;
  return event.type === "delete" ? `delete ${event.id} ${event.at}` : event.type;
}

const shorts = (file: unknown) => outcomesOf(file).map(shortOf);
const record = (url: string, body: unknown, { method = "GET", status = 200, headers = {} }: { method?: string; status?: number; headers?: object } = {}) => ({
  request: { method, url: `https://there.example${url}` },
  response: { status, headers, body },
});

const account = { id: 9, username: "ann", acct: "ann", display_name: "Ann", url: "https://there.example/@ann", created_at: "2018-01-01T00:00:00.000Z", followers_count: 4 };
/** As a server of 2017 told it: ids as numbers, few fields. */
const old = { id: 1, created_at: "2017-05-01T12:00:00.000Z", visibility: "public", content: "<p>one</p>", in_reply_to_id: null, account, reblog: null, sensitive: null };
const status = (id: string | number, rest: object = {}) => ({ ...old, id, ...rest });

test("statuses are found wherever the API puts them", () => {
  assert.deepEqual(shorts([record("/api/v1/timelines/home", [old, status(2, { reblog: old })])]), ["post there.example/1", "post there.example/2", "post there.example/1"]);
  assert.deepEqual(shorts([record("/api/v1/statuses/1/context", { ancestors: [status(3)], descendants: [status("4")] })]), ["post there.example/3", "post there.example/4"]);
  assert.deepEqual(shorts([record("/api/v2/search?q=a", { accounts: [account], statuses: [old], hashtags: [{ name: "a", history: [] }] })]), [
    "identity ann@there.example",
    "post there.example/1",
  ]);
  assert.deepEqual(shorts([record("/api/v1/notifications", [{ id: "7", type: "mention", created_at: old.created_at, account, status: old }])]), [
    "identity ann@there.example",
    "post there.example/1",
  ]);
  assert.deepEqual(shorts([record("/api/v2/notifications", { accounts: [account], statuses: [old], notification_groups: [{ group_key: "x", type: "favourite" }] })]), [
    "identity ann@there.example",
    "post there.example/1",
  ]);
  assert.deepEqual(shorts([record("/api/v1/conversations", [{ id: "1", accounts: [], last_status: status(5, { visibility: "direct" }) }])]), ["PRIVATE_REFUSED"]);
  assert.deepEqual(shorts([record("/api/v1/admin/reports", [{ id: "1", account: { id: "9", email: "a@b.example", account }, statuses: [old] }])]), [
    "identity ann@there.example",
    "post there.example/1",
  ]);
  assert.deepEqual(shorts([record("/api/v1/statuses/2", status(2, { quote: { state: "accepted", quoted_status: status(1) } }))]), ["post there.example/2", "post there.example/1"]);
});

test("without an address the configured server is the one that told", () => {
  assert.deepEqual(shorts([old]), ["post home.example/1"]);
  assert.deepEqual(shorts(old), ["post home.example/1"]);
  assert.deepEqual(shorts(`${JSON.stringify(old)}\n${JSON.stringify(status(2))}\n`), ["post home.example/1", "post home.example/2"]);
});

test("a status of 2017 keeps its reply relation and author though its ids are numbers", () => {
  const [event] = outcomesOf([record("/api/v1/statuses/8", status(8, { in_reply_to_id: 7 }))]);
  assert.ok(typeof event === "object" && event.type === "post");
  assert.deepEqual(
    [event.post.replyTo, event.post.author.id, event.post.author.followers, event.post.createdAt],
    ["there.example/7", "https://there.example/@ann", 4, Date.UTC(2017, 4, 1, 12)],
  );
});

const edits = [
  { content: "<p>two</p>", spoiler_text: "", sensitive: false, created_at: "2026-05-01T13:00:00.000Z", account },
  { content: "<p>one</p>", spoiler_text: "", sensitive: false, created_at: "2026-05-01T12:00:00.000Z", account },
];

test("revisions are edits of the status that the address names, the oldest first, open where the status is", () => {
  const made = outcomesOf([record("/api/v1/statuses/11", status("11", { in_reply_to_id: "10" })), record("/api/v1/statuses/11/history", edits)]);
  assert.deepEqual(
    made.map((event) =>
      typeof event === "object" && event.type === "post" ? [event.post.id, event.post.text, event.post.createdAt, event.post.revision, event.post.replyTo] : event,
    ),
    [
      ["there.example/11", "<p>one</p>", Date.UTC(2017, 4, 1, 12), 0, "there.example/10"],
      ["there.example/11", "<p>one</p>", Date.UTC(2026, 4, 1, 12), 0, "there.example/10"],
      ["there.example/11", "<p>two</p>", Date.UTC(2026, 4, 1, 12), Date.UTC(2026, 4, 1, 13), "there.example/10"],
    ],
  );
  // Nothing tells whether the status is open.
  assert.deepEqual(shorts([record("/api/v1/statuses/11/history", edits)]), ["PRIVATE_REFUSED", "PRIVATE_REFUSED"]);
});

test("a deletion is told with the status given back, with an empty answer, and by a stream", () => {
  const { content: _content, ...source } = status("116000000000000001", { text: "one" });
  const at = Date.UTC(2026, 7, 1, 12);
  const headers = { date: "Sat, 01 Aug 2026 12:00:00 GMT" };
  assert.deepEqual(shorts([record("/api/v1/statuses/116000000000000001", source, { method: "DELETE", headers })]), [`delete there.example/116000000000000001 ${at}`]);
  assert.deepEqual(shorts([record("/api/v1/statuses/116000000000000001", {}, { method: "DELETE" })]), [
    `delete there.example/116000000000000001 ${Number(116000000000000001n >> 16n)}`,
  ]);
  assert.deepEqual(shorts(source), [`delete home.example/116000000000000001 ${Number(116000000000000001n >> 16n)}`]);
});

test("a recorded stream is read, as text and as envelopes", () => {
  const text = `:thump\nevent: update\ndata: ${JSON.stringify(old)}\n\nevent: delete\ndata: 116000000000000001\n\nevent: notification\ndata: ${JSON.stringify({ id: "1", type: "poll", account, status: status(2) })}\n\nevent: filters_changed\n\n`;
  const expected = ["post home.example/1", `delete home.example/116000000000000001 ${Number(116000000000000001n >> 16n)}`, "identity ann@home.example", "post home.example/2"];
  assert.deepEqual(shorts(text), expected);
  const lines = [
    { stream: ["public"], event: "update", payload: JSON.stringify(old) },
    { stream: ["public"], event: "delete", payload: "116000000000000001" },
    { stream: ["user"], event: "notification", payload: JSON.stringify({ id: "1", type: "poll", account, status: status(2) }) },
  ];
  assert.deepEqual(shorts(lines.map((line) => JSON.stringify(line)).join("\n")), expected);
});

test("what is no status is dropped with its reason", () => {
  assert.deepEqual(shorts([record("/api/v1/scheduled_statuses", [{ id: "3", scheduled_at: "2030-01-01T00:00:00Z", params: { text: "later" }, media_attachments: [] }])]), [
    "drop not-posted-yet",
  ]);
  for (const body of [
    [],
    {},
    null,
    "",
    { id: "6", title: "a list" },
    [{ url: "https://a.example", title: "a", type: "link", history: [] }],
    { id: "1", text: "one", spoiler_text: "" },
  ])
    assert.deepEqual(shorts([record("/api/v1/any", body)]), ["drop not-a-status"], JSON.stringify(body));
});

test("an answer that failed is rejected with the code that names why", () => {
  const failed = (status: number, body: unknown) => shorts([record("/api/v1/statuses/0", body, { status })]);
  assert.deepEqual(failed(404, { error: "Record not found" }), ["UPSTREAM_NOT_FOUND"]);
  assert.deepEqual(failed(401, { error: "The access token is invalid" }), ["UPSTREAM_AUTH"]);
  assert.deepEqual(failed(422, { error: "Validation failed: Text can't be blank" }), ["UPSTREAM_REFUSED"]);
  assert.deepEqual(failed(429, { error: "Too many requests" }), ["UPSTREAM_RATE_LIMITED"]);
  assert.deepEqual(failed(503, "<html><head><title>Down</title></head></html>"), ["UPSTREAM_UNAVAILABLE"]);
  assert.deepEqual(failed(500, ""), ["UPSTREAM_UNAVAILABLE"]);
  assert.deepEqual(shorts({ error: "Record not found" }), ["UPSTREAM_NOT_FOUND"]);
  assert.deepEqual(shorts({ error: "invalid_grant", error_description: "The provided authorization grant is invalid" }), ["UPSTREAM_AUTH"]);
  assert.deepEqual(shorts({ error: "Throttled" }), ["UPSTREAM_RATE_LIMITED"]);
  assert.deepEqual(shorts("<!DOCTYPE html><html><title>502 Bad Gateway</title></html>"), ["UPSTREAM_UNAVAILABLE"]);
  assert.deepEqual(shorts("not json"), ["JSON_INVALID"]);
});

for (const name of ["list-timeline", "reblog", "status-edit", "search", "status-missing"]) {
  test(`every status and account of the recorded ${name} appears`, (t) => {
    const file = readRecording(`mastodon/${name}.json`);
    if (!file) return t.skip("the recordings are not here");
    const wanted = new Set<string>();
    const look = (value: unknown) => {
      if (typeof value !== "object" || value === null) return;
      const told = new Map<string, unknown>(Object.entries(value));
      if (typeof told.get("content") === "string" && typeof told.get("id") === "string" && told.get("visibility") !== "direct" && told.get("visibility") !== "private")
        wanted.add(`${told.get("reblog") ? "" : told.get("content")}|${Date.parse(String(told.get("created_at")))}`);
      for (const inside of Object.values(value)) look(inside);
    };
    look(JSON.parse(Buffer.from(file).toString()));
    const outcomes = outcomesOf(file);
    for (const outcome of outcomes) if (typeof outcome === "object" && outcome.type === "post") wanted.delete(`${outcome.post.text}|${outcome.post.createdAt}`);
    assert.deepEqual([...wanted], []);
    assert.ok(outcomes.length > 0);
    t.diagnostic(outcomes.map(shortOf).join(", "));
    if (name === "status-missing") assert.deepEqual(outcomes, ["UPSTREAM_NOT_FOUND"]);
  });
}

test("a date that is none is that of the id, links are those of the text, and a status without author or id is refused by name", () => {
  const content = '<p><a href="https://a.example/">a</a> <a href="https://there.example/tags/tea">#tea</a> <a href="https://far.example/@bob">@bob</a></p>';
  const odd = status("116000000000000001", {
    created_at: "yesterday",
    edited_at: "never",
    content,
    tags: [{ name: "tea", url: "https://there.example/tags/tea" }],
    mentions: [{ acct: "bob@far.example", url: "https://far.example/@bob" }],
  });
  const [kept] = outcomesOf([odd]);
  assert.ok(typeof kept === "object" && kept.type === "post");
  assert.deepEqual([new Date(kept.post.createdAt).getUTCFullYear(), kept.post.editedAt, kept.post.links], [2026, undefined, ["https://a.example/"]]);
  assert.deepEqual([kept.post.extra?.["created_at"], kept.post.extra?.["edited_at"]], ["yesterday", "never"]);
  assert.deepEqual(shorts([status(1, { account: null }), { ...old, id: undefined }]), ["FIELD_INVALID", "FIELD_MISSING"]);
});
