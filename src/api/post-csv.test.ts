import assert from "node:assert/strict";
import { test } from "node:test";
import { authorIdFrom, postIdFrom } from "../core/ids.ts";
import { postCsvHeader, postCsvLine } from "./post-csv.ts";
import { viewPost } from "./schemas.ts";

const post = viewPost({
  id: postIdFrom(Buffer.alloc(16, 1)),
  author: authorIdFrom(1, Buffer.alloc(16, 2)),
  platform: "forum",
  source: "import",
  createdAt: Date.UTC(2026, 0, 2),
  receivedAt: Date.UTC(2026, 0, 2),
  revision: 0,
  text: '=HYPERLINK("x"), write to okapi@zoo.example\nnow',
  language: "en",
  terms: ["acme", "zoo"],
  hashtags: [],
  mentions: [],
  links: [],
  counts: { likes: 3, shares: 0, replies: 0, views: 0 },
  sensitivity: "personal",
  region: "zz",
  pii: [{ start: 27, end: 43, kind: "email" }],
});

test("a record has a cell for each column, no formula for a spreadsheet, and no personal data", () => {
  const line = postCsvLine(post);
  assert.match(line, /,"'=HYPERLINK\(""x""\), write to [^@]*\nnow",acme zoo,,,3,0,0,0,personal,zz\r\n$/);
  assert.doesNotMatch(line, /okapi@zoo/);
  const bare = postCsvLine({ ...post, text: "plain" });
  assert.equal(bare.split(",").length, postCsvHeader.split(",").length);
});
