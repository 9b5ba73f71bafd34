import { test } from "node:test";
import { importAndSearch, tweetFiles } from "./tweeteval.fixtures.ts";

test("text files of real tweets are imported by one command and searched by the next", { timeout: 240_000 }, async (t) => {
  const files = tweetFiles()?.filter((file) => /(?:emotion|irony|hate)\/val_text\.txt$/.test(file)) ?? [];
  if (files.length === 0) return t.skip("TweetEval is not here");
  await importAndSearch(files, /\bhappy\b/i, "happy");
});
