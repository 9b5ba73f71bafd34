import { test } from "node:test";
import { importAndSearch, tweetFiles } from "./tweeteval.fixtures.ts";

test("all of TweetEval is imported by one command and searched by the next", { timeout: 900_000 }, async (t) => {
  const files = tweetFiles() ?? [];
  if (files.length === 0) return t.skip("TweetEval is not here");
  await importAndSearch(files, /\bhappy\b/i, "happy");
});
