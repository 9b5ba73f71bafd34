import assert from "node:assert/strict";
import { test } from "node:test";
import { lineDiff } from "./line-diff.ts";

test("a difference shows what goes and comes, with two lines around it", () => {
  const before = ["a", "b", "c", "d", "e", "f", "g", "h"].join("\n");
  const after = ["a", "b", "c", "D", "e", "f", "g", "h", "i"].join("\n");
  assert.equal(lineDiff(before, after), ["  b", "  c", "- d", "+ D", "  e", "  f", "  g", "  h", "+ i"].join("\n"));
  assert.equal(lineDiff(before, before), "");
  const long = Array.from({ length: 20 }, (_, n) => `line ${n}`).join("\n");
  assert.equal(lineDiff(long, `${long}\nmore`), ["  line 18", "  line 19", "+ more"].join("\n"));
  assert.equal(lineDiff(long, `first\n${long}\nmore`), ["+ first", "  line 0", "  line 1", "  …", "  line 18", "  line 19", "+ more"].join("\n"));
});
