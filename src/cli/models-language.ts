import { makeLanguageDetector } from "../stages/language-detector.ts";
import { buildLanguageTable } from "../stages/language-table.ts";
import type { Judge } from "../models/linear-model.ts";

/** Languages of the narrow model, which tells them apart better than the broad one; "" where the broad one says nothing. */
const near = new Set(["es", "pt", "ca", "gl", "eu", "en", ""]);
const leastMargin = 0.05;
const leastSure = 0.7;
const marks = /https?:\/\/\S+|@\w+|#/g;
const otherScripts = /[\u0370-\u1fff\u2e80-\uffdc]/;

/** Language of a text: eld's of sixty, and for what is short or near to Spanish the model of this room. */
export function makeLanguageJudge(judge: Judge): (text: string) => string {
  const detector = makeLanguageDetector(buildLanguageTable());
  const names = judge.heads.get("language")?.names ?? [];
  return (text) => {
    const bare = text.replace(marks, " ");
    const { language, margin } = detector.detect(bare);
    if (!near.has(language) && (margin >= leastMargin || otherScripts.test(bare))) return language;
    const { probabilities, chosen } = judge.one("language", bare);
    return near.has(language) || (probabilities[chosen] ?? 0) >= leastSure ? (names[chosen] ?? "und") : language;
  };
}
