import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { listConnectors, loadConnector } from "../../../src/connectors/directory.ts";
import { draftsOf, limitsOf, optionsOf, valuesOf } from "./sources-schema.ts";

const schemaOf = async (name: string) => ({ ...z.toJSONSchema((await loadConnector(name)).options, { io: "input", unrepresentable: "any" }) });

test("every option of every connector has a form", async () => {
  for (const name of listConnectors()) {
    const options = optionsOf(await schemaOf(name));
    assert.ok(options.length > 0, name);
    for (const option of options) assert.ok(option.doc !== "", `${name}.${option.name} says what it is`);
  }
  const mastodon = optionsOf(await schemaOf("mastodon"));
  assert.equal(mastodon[0]?.name, "server");
  assert.equal(mastodon.find((option) => option.name === "token")?.kind, "secret");
});

test("what a form was filled with is what it gives", async () => {
  const given: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    mastodon: { server: "https://m.example", token: "env:TOKEN", timelines: ["public", "#zoo"], transport: "polling", pollSeconds: 30 },
    files: { paths: ["/a", "/b/*.csv"], watch: true, fields: { text: "Message", author: "Who = what" }, delimiter: ";" },
    bluesky: { via: "jetstream", collections: ["posts"] },
    rss: { feeds: ["https://a.example/feed"] },
    hackernews: { backfillItems: 10 },
    youtube: { oauth: { clientId: "env:ID", clientSecret: "file:/s", account: "brand" }, channels: ["UCaaaaaaaaaaaaaaaaaaaaaa"] },
    webhook: { secrets: ["env:OLD", "env:NEW"], signature: { header: "X-Signature", signs: "body" }, fields: { text: "body" } },
    reddit: { app: "web", clientId: "app", account: "brand", contact: "ann_b", subreddits: ["tea"] },
  };
  for (const [name, values] of Object.entries(given)) {
    const options = optionsOf(await schemaOf(name));
    const again = valuesOf(options, draftsOf(options, values));
    assert.deepEqual(again, values);
    assert.ok((await loadConnector(name)).options.safeParse(again).success, name);
  }
});

test("what proves who asks, and what bounds the calls, is told apart from what is listened to", async () => {
  const stepsOf = async (name: string, step: string) => optionsOf(await schemaOf(name)).flatMap((option) => (option.step === step ? [option.name] : []));
  assert.deepEqual(await stepsOf("youtube", "access"), ["key", "oauth.clientId", "oauth.clientSecret", "oauth.refreshToken", "oauth.account", "oauth.tokenServer"]);
  assert.deepEqual(await stepsOf("webhook", "what"), [
    "platform",
    "signature.header",
    "signature.prefix",
    "signature.encoding",
    "signature.timestampHeader",
    "signature.idHeader",
    "signature.signs",
    "itemsAt",
    "fields",
    "language",
  ]);
  assert.deepEqual(await stepsOf("rss", "limits"), ["pollSeconds"]);
  for (const name of listConnectors()) {
    const connector = await loadConnector(name);
    const marked = optionsOf(await schemaOf(name)).filter((option) => option.isGrant);
    assert.equal(marked.length, connector.authorization === undefined ? 0 : 1, `${name}: the option that names a grant is marked`);
  }
  assert.deepEqual(optionsOf(await schemaOf("reddit")).find((option) => option.isGrant)?.grantWith, { app: "web" });
  assert.deepEqual(
    limitsOf(optionsOf(await schemaOf("x"))).map(({ name }) => name),
    ["postsPerMonth"],
  );
});

test("what is left empty is left out", async () => {
  const options = optionsOf(await schemaOf("mastodon"));
  assert.deepEqual(valuesOf(options, { server: " https://m.example ", token: "", timelines: "\n \n", domain: "" }), { server: "https://m.example" });
});
