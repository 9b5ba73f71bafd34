import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { EarshotError } from "../core/errors.ts";
import { connectorVersion, listConnectors, loadConnector } from "./directory.ts";

test("every connector file bears its name, a doc, and options that a form can be made of", async () => {
  const names = listConnectors();
  assert.deepEqual(names, ["bluesky", "facebook", "files", "hackernews", "instagram", "mastodon", "nostr", "reddit", "rss", "webhook", "x", "youtube"]);
  for (const name of names) {
    const connector = await loadConnector(name);
    assert.equal(connector.name, name);
    assert.match(connector.doc, /\.$/);
    const schema = z.toJSONSchema(connector.options, { io: "input" });
    for (const [field, shape] of Object.entries(schema.properties ?? {}))
      assert.ok(typeof shape === "object" && typeof shape.description === "string", `${name}.${field} has no description`);
  }
});

test("a name that no file bears is a fault of the configuration that tells the names there are", async () => {
  await assert.rejects(loadConnector("../core/errors"), (error) => error instanceof EarshotError && error.code === "CONFIG_INVALID" && error.message.includes("mastodon"));
});

test("a connector's version is of its own files and of those that it shares, and none for a name that no file bears", () => {
  const versions = listConnectors().map(connectorVersion);
  for (const version of versions) assert.match(version, /^[0-9a-f]{8}$/);
  assert.equal(new Set(versions).size, versions.length);
  assert.equal(connectorVersion("json"), "");
});
