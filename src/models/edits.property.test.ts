import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { applyEdits, composeEdits, type Edit, type EditedText, restoreOriginal, toEdited, toOriginal } from "./edits.ts";

const anyText = fc.string({ unit: fc.constantFrom("a", "b", "c", " ", "é", "😂", "\u200b", "漢"), minLength: 1, maxLength: 20 });

/** Edits of a text, ascending, none empty. */
function editsOf(text: string, cuts: readonly number[], texts: readonly string[]): Edit[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  const edits: Edit[] = [];
  for (let i = 0; i + 1 < places.length; i += 1 + (i % 2)) {
    const [start, end] = [places[i] ?? 0, places[i + 1] ?? 0];
    if ((edits.at(-1)?.end ?? 0) <= start) edits.push({ start, end, text: texts[i] ?? "", kinds: [`k${i}`] });
  }
  return edits;
}
const cuts = fc.array(fc.nat(40), { maxLength: 8 });
const texts = fc.array(fc.string({ unit: fc.constantFrom("x", "y", " "), maxLength: 4 }), { minLength: 8, maxLength: 8 });
const edited = fc.tuple(anyText, cuts, texts).map(([text, at, instead]) => ({ text, form: applyEdits(text, editsOf(text, at, instead)) }));

const covers = (outer: { start: number; end: number }, inner: { start: number; end: number }): boolean => outer.start <= inner.start && inner.end <= outer.end;

function assertSound(text: string, form: EditedText): void {
  let [at, to] = [0, 0];
  for (const span of form.spans) {
    assert.ok(at <= span.start && span.start <= span.end && to <= span.toStart && span.toStart <= span.toEnd);
    assert.equal(form.text.slice(to, span.toStart), text.slice(at, span.start));
    assert.equal(span.original, text.slice(span.start, span.end));
    [at, to] = [span.end, span.toEnd];
  }
  assert.equal(form.text.slice(to), text.slice(at));
}

describe("an edited text", () => {
  it("gives its original back, and is the same between its spans", () => {
    fc.assert(
      fc.property(edited, ({ text, form }) => {
        assertSound(text, form);
        assert.equal(restoreOriginal(form), text);
      }),
    );
  });

  it("maps a place that no edit touches to itself, there and back", () => {
    fc.assert(
      fc.property(edited, ({ text, form }) => {
        for (let at = 0; at < text.length; at++) {
          if (form.spans.some(({ start, end }) => start <= at && at < end)) continue;
          const there = toEdited(form, { start: at, end: at + 1 });
          assert.equal(form.text.slice(there.start, there.end), text.charAt(at));
          assert.deepEqual(toOriginal(form, there), { start: at, end: at + 1 });
        }
      }),
    );
  });

  it("maps any span of one form to one of the other that holds all of it, and which maps back to itself", () => {
    fc.assert(
      fc.property(edited, fc.nat(), fc.nat(), ({ form }, a, b) => {
        fc.pre(form.text.length > 0);
        const start = a % form.text.length;
        const span = { start, end: start + 1 + (b % (form.text.length - start)) };
        const origin = toOriginal(form, span);
        const back = toEdited(form, origin);
        assert.ok(covers(back, span), `${JSON.stringify(span)} ${JSON.stringify(origin)} ${JSON.stringify(back)}`);
        assert.deepEqual(toOriginal(form, back), origin);
      }),
    );
  });

  it("edited again is what both edits one after the other make, told of the original", () => {
    fc.assert(
      fc.property(edited, cuts, texts, ({ text, form }, at, instead) => {
        const second = editsOf(form.text, at, instead);
        const both = applyEdits(text, composeEdits(form, second));
        assert.equal(both.text, applyEdits(form.text, second).text);
        assertSound(text, both);
      }),
      { numRuns: 1_000 },
    );
  });
});
