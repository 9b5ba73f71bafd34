import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { listConnectors, loadConnector } from "../../../src/connectors/directory.ts";
import { draftsOf, optionsOf, valuesOf } from "./sources-schema.ts";

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
  };
  for (const [name, values] of Object.entries(given)) {
    const options = optionsOf(await schemaOf(name));
    const again = valuesOf(options, draftsOf(options, values));
    assert.deepEqual(again, values);
    assert.ok((await loadConnector(name)).options.safeParse(again).success, name);
  }
});

test("what is left empty is left out", async () => {
  const options = optionsOf(await schemaOf("mastodon"));
  assert.deepEqual(valuesOf(options, { server: " https://m.example ", token: "", timelines: "\n \n", domain: "" }), { server: "https://m.example" });
});
