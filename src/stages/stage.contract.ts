import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Outcome } from "../core/event.ts";
import { type Draft, makeDraft, type Stage } from "../core/stage.ts";
import { hostileTexts, makePost, nowMs, readyDraft } from "./stage-fixtures.ts";

export interface StageContract {
  readonly open: () => Stage;
  /** Draft that the stage is given: "raw" as refine makes it, "ready" with its final text. */
  readonly input: "raw" | "ready";
}

/** Milliseconds of CPU that the longest allowed text may take; far above what any takes, far below quadratic. */
const mostCpuMs = 1_500;

/** The promises of every stage. */
export function stageContract(name: string, contract: StageContract): void {
  const draftsOf = (texts: readonly string[], format: "text" | "html" = "text"): Draft[] =>
    texts.map((text) => (contract.input === "raw" ? makeDraft("bluesky", "s1", makePost(text, { format }), nowMs) : readyDraft(text)));
  const shown = (outcomes: readonly Outcome<Draft>[]): unknown => outcomes.map((outcome) => ("reject" in outcome ? outcome.reject.code : structuredClone(outcome)));

  describe(`${name} keeps the promises of a stage`, () => {
    test("an empty batch gives no outcome", () => {
      using stage = contract.open();
      assert.deepEqual(stage.run([]), []);
    });

    test("each item has one outcome, in order", () => {
      using stage = contract.open();
      const drafts = draftsOf(["one", "two @x", "three #y https://z.org"]);
      const outcomes = stage.run(drafts);
      assert.equal(outcomes.length, drafts.length);
      for (const [i, outcome] of outcomes.entries()) if ("keep" in outcome) assert.equal(outcome.keep.post, drafts[i]?.post);
    });

    test("the same input gives the same output, also after others", () => {
      using stage = contract.open();
      const texts = ["I love @acme 😀 call +49 30 901820", "東京都へ", "Das ist nicht gut, aber https://x.com/bob"];
      const first = shown(stage.run(draftsOf(texts)));
      stage.run(draftsOf(["something else @acme 1.2.3.4"]));
      assert.deepEqual(shown(stage.run(draftsOf(texts))), first);
    });

    test("an item's outcome does not depend on its batch", () => {
      using stage = contract.open();
      const texts = ["first @a", "second 4111 1111 1111 1111", "troisième très bien"];
      const together = shown(stage.run(draftsOf(texts)));
      const alone = texts.flatMap((text) => shown(stage.run(draftsOf([text]))));
      assert.deepEqual(together, alone);
    });

    test("what came is never changed", () => {
      using stage = contract.open();
      const drafts = draftsOf(["<p>hi @a &amp; b</p>"], "html");
      const before = structuredClone(drafts[0]?.post);
      stage.run(drafts);
      assert.deepEqual(drafts[0]?.post, before);
    });

    test("hostile texts are taken, each in bounded time", () => {
      using stage = contract.open();
      for (const format of ["text", "html"] as const) {
        for (const text of hostileTexts) {
          const drafts = draftsOf([text], format);
          const start = process.cpuUsage();
          assert.equal(stage.run(drafts).length, 1);
          const { user, system } = process.cpuUsage(start);
          assert.ok((user + system) / 1_000 < mostCpuMs, `${format} ${JSON.stringify(text.slice(0, 20))}: ${(user + system) / 1_000} ms`);
        }
      }
    });

    test("any text is taken without a throw", () => {
      using stage = contract.open();
      const piece = fc.oneof(
        fc.string({ unit: "binary", maxLength: 8 }),
        fc.constantFrom("<p>", "<a href='https://x.com/a'>", "</a>", "&lt;", "@a@b.c ", "#t ", "https://x.org/@y ", " not ", " good ", "4111111111111111", "\u200d", ":)"),
      );
      fc.assert(
        fc.property(fc.array(piece, { maxLength: 20 }), fc.constantFrom("text" as const, "html" as const), (pieces, format) => {
          assert.equal(stage.run(draftsOf([pieces.join("")], format)).length, 1);
        }),
        { numRuns: 400 },
      );
    });
  });
}
