import assert from "node:assert/strict";
import { test } from "node:test";
import type { LanguageSpans } from "../core/language-spans.ts";
import { makeCodeSwitching } from "./code-switching.ts";
import { readyDraft } from "./stage-fixtures.ts";
import { stageContract } from "./stage.contract.ts";

/** Says that what stands before a bar is English, and what stands behind it Spanish. */
const models: LanguageSpans = {
  languages(text, language) {
    const bar = text.indexOf("|");
    const spans =
      bar < 0 || language === "xx"
        ? []
        : [
            { start: 0, end: bar, language: "en", confidence: 1 },
            { start: bar + 1, end: text.length, language: "es", confidence: 0.8 },
          ];
    return { model: "bars@1", spans };
  },
};

stageContract("code-switching", { open: () => makeCodeSwitching({ models, use: true }), input: "ready" });

const noted = (text: string, use: Parameters<typeof makeCodeSwitching>[0]["use"] = true, language = "en") => {
  using stage = makeCodeSwitching({ models, use });
  const draft = readyDraft(text);
  draft.language = language;
  draft.notes = { entities: { model: "names@1", spans: [] } };
  stage.run([draft]);
  assert.equal(draft.language, language);
  assert.ok(draft.notes.entities);
  return draft.notes.languages?.spans.map((span) => [text.slice(span.start, span.end), span.language]);
};

test("a text of more than one language has its stretches noted, beside other notes", () => {
  assert.deepEqual(noted("hello|hola"), [
    ["hello", "en"],
    ["hola", "es"],
  ]);
  assert.equal(noted("hello"), undefined);
});

test("the model is told the post's language, and asked of named sources and languages alone", () => {
  assert.equal(noted("hello|hola", true, "xx"), undefined);
  assert.equal(noted("hello|hola", { sources: ["other"] }), undefined);
  assert.equal(noted("hello|hola", { languages: ["de"] }), undefined);
  assert.equal(noted("hello|hola", { languages: ["en"], sources: ["s1"] })?.length, 2);
});
