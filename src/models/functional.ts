import type { FunctionalCase } from "./functional-case.ts";
import { hateCases, offensiveCases } from "./functional-hate.ts";
import { ironyCases, spamCases } from "./functional-irony.ts";
import { sentimentCases } from "./functional-sentiment.ts";
import type { Judge } from "./linear-model.ts";

/** All cases, written for this project. */
export const functionalCases: readonly FunctionalCase[] = [...sentimentCases, ...hateCases, ...offensiveCases, ...ironyCases, ...spamCases];

export interface CapabilityResult {
  readonly capability: string;
  readonly cases: number;
  readonly passed: number;
  /** The first that failed, of the project's own cases: what was asked and what came. */
  readonly failed: readonly { readonly text: string; readonly expected: string; readonly said: string }[];
}

/** Plain data, kept with the model. */
export interface FunctionalResult {
  readonly cases: number;
  readonly passed: number;
  readonly capabilities: readonly CapabilityResult[];
}

const mostShown = 5;

/**
 * The cases of the task whose classes the model has, and, on texts of the task's own, what must not change a judgement of any task: other
 * accounts, links, capitals, stretched or mistyped words.
 * @param texts that people labelled; of what fails among them nothing is kept but the count
 */
export function testFunctionally(judge: Judge, task: string, texts: readonly string[] = []): FunctionalResult {
  const names = judge.heads.get(task)?.names ?? [];
  const results = new Map<string, { cases: number; passed: number; failed: { text: string; expected: string; said: string }[] }>();
  const resultOf = (capability: string) => {
    const known = results.get(capability) ?? { cases: 0, passed: 0, failed: [] };
    results.set(capability, known);
    return known;
  };
  const saidOf = (text: string): string => names[judge.one(task, text).chosen] ?? "";
  const likelihood = (text: string, label: string): number => judge.one(task, text).probabilities[names.indexOf(label)] ?? 0;
  for (const { capability, text, expect } of casesFor(task, names)) {
    const result = resultOf(capability);
    result.cases++;
    const said = saidOf(text);
    const [isPassed, expected] =
      "is" in expect
        ? [said === expect.is, expect.is]
        : "isNot" in expect
          ? [said !== expect.isNot, `not ${expect.isNot}`]
          : "sameAs" in expect
            ? [said === saidOf(expect.sameAs), `${saidOf(expect.sameAs)}, as “${expect.sameAs}”`]
            : [likelihood(text, expect.of) > likelihood(expect.likelierThan, expect.of), `more ${expect.of} than “${expect.likelierThan}”`];
    if (isPassed) result.passed++;
    else if (result.failed.length < mostShown) result.failed.push({ text, expected, said });
  }
  for (const text of texts.slice(0, mostChanged)) {
    const said = saidOf(text);
    for (const [capability, change] of Object.entries(changes)) {
      const changed = change(text);
      if (changed === text) continue;
      const result = resultOf(capability);
      result.cases++;
      if (saidOf(changed) === said) result.passed++;
    }
  }
  const capabilities = [...results].map(([capability, result]) => ({ capability, ...result }));
  const sum = (pick: (one: CapabilityResult) => number) => capabilities.reduce((all, one) => all + pick(one), 0);
  return { cases: sum(({ cases }) => cases), passed: sum(({ passed }) => passed), capabilities };
}

const mostChanged = 60;

function casesFor(task: string, names: readonly string[]): readonly FunctionalCase[] {
  const labels = ({ expect }: FunctionalCase): string | undefined => ("is" in expect ? expect.is : "isNot" in expect ? expect.isNot : "of" in expect ? expect.of : undefined);
  const own = functionalCases.filter((one) => one.task === task);
  // A task of the same name with other classes asks something else.
  return own.every((one) => names.includes(labels(one) ?? names[0] ?? "")) ? own : [];
}

const changes: Readonly<Record<string, (text: string) => string>> = {
  "own texts: another account": (text) => text.replace(/@\w+/gu, "@somebody_else"),
  "own texts: another link": (text) => text.replace(/https?:\/\/\S+/gu, "https://other.example/page"),
  "own texts: capitals at the start": (text) => text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase()),
  "own texts: a full stop more": (text) => (/[\p{L}\p{N}]$/u.test(text) ? `${text}.` : text),
  "own texts: a stretched word": (text) => text.replace(/\b(\p{L}{2,})([aeiou])(\p{L}+)\b/u, "$1$2$2$2$3"),
  "own texts: a mistyped word": (text) => text.replace(/\b(\p{L}{2})(\p{L})(\p{L})(\p{L}{2,})\b/u, "$1$3$2$4"),
};

/** How far a capability may fall before it got worse: one case in twenty, at least one. */
const toleratedShare = 0.05;

/** What got worse from the model that judges now to the one that is to judge; empty: nothing. */
export function worseThan(before: FunctionalResult, after: FunctionalResult): readonly string[] {
  const worse: string[] = [];
  if (after.passed < before.passed) worse.push(`${before.passed} of ${before.cases} cases passed, now ${after.passed}`);
  for (const { capability, cases, passed } of before.capabilities) {
    const now = after.capabilities.find((one) => one.capability === capability)?.passed ?? 0;
    if (now < passed - Math.max(1, Math.floor(cases * toleratedShare))) worse.push(`${capability}: ${passed} of ${cases} passed, now ${now}`);
  }
  return worse;
}
