import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { entityConfigSchema } from "../core/linking.ts";
import { type Draft, makeDraft, setText } from "../core/stage.ts";
import { makeLink } from "../stages/link.ts";
import { type LinkCase, register, seenCases, unseenCases } from "../stages/link.fixtures.ts";
import { openTextModels } from "./text-models.ts";

const models = openTextModels();

function draftOf(text: string): Draft {
  const draft = makeDraft("forum", "s1", { id: "1", author: { id: "a" }, createdAt: 0, revision: 0, text, format: "text", visibility: "public" }, 0);
  setText(draft, text);
  draft.language = "en";
  draft.accountSpans = [...text.matchAll(/@(\w+)/g)].map((match) => ({ start: match.index, end: match.index + match[0].length, handle: match[1] ?? "" }));
  return draft;
}

/** Links of the cases against those expected, each counted once. */
function measure(cases: readonly LinkCase[], withTagger: boolean) {
  using stage = makeLink({ entities: register, space: models.space, gazetteer: models.gazetteer });
  const drafts = cases.map(([text]) => draftOf(text));
  if (withTagger) for (const draft of drafts) draft.notes = { entities: models.entities(draft.text) };
  stage.run(drafts);
  let [right, told, meant] = [0, 0, 0];
  for (const [i, [, ...links]] of cases.entries()) {
    const left = links.filter((link) => link !== "-");
    meant += left.length;
    for (const { link } of drafts[i]?.notes?.entities?.spans ?? []) {
      if (link === undefined) continue;
      told++;
      const at = left.indexOf(link.entity);
      if (at < 0) continue;
      left.splice(at, 1);
      right++;
    }
  }
  return { precision: right / told, recall: right / meant };
}

describe("linking names to a register full of ambiguous ones", () => {
  for (const withTagger of [true, false])
    it(`is right in nine of ten, on cases that set no weight, ${withTagger ? "with" : "without"} the tagger`, (t) => {
      assert.ok(seenCases.length + unseenCases.length >= 120);
      const { precision, recall } = measure(unseenCases, withTagger);
      const seen = measure(seenCases, withTagger);
      t.diagnostic(
        `unseen: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)} of ${unseenCases.length}; seen: ${seen.precision.toFixed(3)}, ${seen.recall.toFixed(3)}`,
      );
      assert.ok(precision >= 0.9, `precision ${precision}`);
      assert.ok(recall >= 0.95, `recall ${recall}`);
    });

  it("costs the words of the text, not the entries of the register", (t) => {
    const many = Array.from({ length: 5_000 }, (_, i) => ({ id: `e${i}`, ...entityConfigSchema.parse({ name: `Zorbital ${i}`, aliases: [`Zorb${i}`] }) }));
    const drafts = [...seenCases, ...unseenCases].map(([text]) => draftOf(text));
    const microseconds = (entities: typeof register) => {
      using stage = makeLink({ entities, space: models.space, gazetteer: models.gazetteer });
      const rounds = 20;
      for (let i = 0; i < 5; i++) stage.run(drafts);
      for (const draft of drafts) draft.notes = undefined;
      const start = process.cpuUsage();
      for (let i = 0; i < rounds; i++) {
        for (const draft of drafts) draft.notes = undefined;
        stage.run(drafts);
      }
      const { user, system } = process.cpuUsage(start);
      return (user + system) / rounds / drafts.length;
    };
    const [named, unnamed] = [microseconds(register), microseconds(many)];
    t.diagnostic(`${named.toFixed(1)} µs where each text bears an ambiguous name, ${unnamed.toFixed(1)} µs where none of 5,000 entries is named`);
    assert.ok(named < 400, `${named} µs`);
    assert.ok(unnamed < 40, `${unnamed} µs`);
  });

  it("knows the places of the world by their names, the larger and the named country first", () => {
    const gazetteer = models.gazetteer();
    assert.deepEqual(
      ["munchen", "texas", "deutschland", "tokyo"].map((name) => gazetteer.find(name)[0]?.country),
      ["de", "us", "de", "jp"],
    );
    const draft = draftOf("Spring in Birmingham, Alabama");
    draft.notes = { entities: { model: "entities@1", spans: [{ start: 10, end: 20, kind: "place" }] } };
    using stage = makeLink({ entities: [], space: models.space, gazetteer: models.gazetteer });
    stage.run([draft]);
    const [span] = draft.notes.entities?.spans ?? [];
    assert.deepEqual([span?.place?.country, span?.place?.region], ["us", "Alabama"]);
  });
});
