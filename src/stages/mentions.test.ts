import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourcePost } from "../core/event.ts";
import { type Draft, makeDraft } from "../core/stage.ts";
import { makeMentions } from "./mentions.ts";
import { makeNormalise } from "./normalise.ts";
import { stageContract } from "./stage.contract.ts";
import { makePost, nowMs, plainMentionId } from "./stage-fixtures.ts";

const options = { mentionId: plainMentionId, isOrganisationHandle: (handle: string) => handle === "acme" };
stageContract("mentions", { open: () => makeMentions(options), input: "ready" });

function mask(text: string, more: Partial<SourcePost> = {}, platform = "bluesky"): Draft {
  const draft = makeDraft(platform, "s1", makePost(text, more), nowMs);
  makeNormalise().run([draft]);
  makeMentions(options).run([draft]);
  return draft;
}
const idOf = (platform: string, account: string): string => `@${plainMentionId(platform, account)}`;

test("an account in the text gives way to its pseudonym, by native id where known", () => {
  const draft = mask("hi @bob.example!", { spans: [{ start: 3, end: 15, kind: "mention", value: "did:plc:bob" }] });
  assert.equal(draft.text, `hi ${idOf("bluesky", "did:plc:bob")}!`);
  assert.ok(!draft.text.includes("bob.example"));
});

test("one account has one pseudonym, whatever its letters' case", () => {
  const [first, second] = mask("@Bob @bob", {}, "x").text.split(" ");
  assert.equal(first, second);
});

test("later spans move, and cover the pseudonyms", () => {
  const draft = mask("@a and @b", {}, "x");
  assert.deepEqual(
    draft.accountSpans.map((span) => draft.text.slice(span.start, span.end)),
    [idOf("x", "a"), idOf("x", "b")],
  );
});

test("a brand's handle stays readable", () => {
  assert.equal(mask("@acme is slow", {}, "x").text, "@acme is slow");
});

test("profile links lose the account and keep the host, in text and links", () => {
  const draft = mask("see https://bsky.app/profile/bob.example/post/3k and https://x.com/Bob?s=20");
  assert.equal(draft.text, `see https://bsky.app/profile/${idOf("bluesky", "bob.example")}/post/3k and https://x.com/${idOf("x", "bob")}?s=20`);
  assert.deepEqual(draft.links, [`https://bsky.app/profile/${idOf("bluesky", "bob.example")}/post/3k`, `https://x.com/${idOf("x", "bob")}?s=20`]);
});

test("a Mastodon profile link and a mention of the account give one pseudonym", () => {
  const id = "https://s.example/@ana";
  const draft = mask(
    `<p><a href="${id}" class="u-url mention">@<span>ana</span></a> ${id} @ana@s.example</p>`,
    { format: "html", mentions: [{ id, handle: "ana@s.example", url: id }] },
    "mastodon",
  );
  const masked = idOf("mastodon", id);
  assert.equal(draft.text, `${masked} https://s.example/${masked} ${masked}`);
});

test("addresses that lead to no account stay", () => {
  const text = "https://x.com/search?q=a https://a.example/b/c https://instagram.com/p/xyz";
  assert.equal(mask(text).text, text);
});

test("a pseudonym that somebody writes himself is masked like any handle", () => {
  assert.notEqual(mask("@m_aaaaaaaaaaaaaaaaaaaaaa", {}, "x").text, "@m_aaaaaaaaaaaaaaaaaaaaaa");
});

test("the words are those of the masked text", () => {
  const draft = mask("Hi @bob", {}, "x");
  assert.deepEqual(draft.tokens.words, ["hi", plainMentionId("x", "bob").toLowerCase()]);
});
