import assert from "node:assert/strict";
import { test } from "node:test";
import { formerJudge } from "./models-former.ts";

test("tells who judges after a rollback, after rollbacks too", () => {
  const promote = (model: string) => ({ kind: "promote", model }) as const;
  const back = (model: string | null) => ({ kind: "rollback", model }) as const;
  const oldestFirst = [promote("a"), promote("b"), promote("c"), back("b"), back("a"), back(null), promote("d")];
  const told = oldestFirst.map((_, last) => formerJudge(oldestFirst.slice(0, last + 1).toReversed()));
  assert.deepEqual(told, [undefined, "a", "b", "a", undefined, undefined, undefined]);
  assert.equal(formerJudge([]), undefined);
});
