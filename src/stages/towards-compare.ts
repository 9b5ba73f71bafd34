import { betweenOf, namedIn, type Naming, type Part, type Reading } from "./towards-parts.ts";

/** What a comparison says of a target: 1 well, -1 badly. */
export type Verdicts = Map<number, 1 | -1>;

/** How far behind "than" the other may stand, in words. */
const near = 4;

/** Who comes off better where two are held against each other; `of` is the whole sentence. */
export function compareIn(reading: Reading, of: Pick<Part, "from" | "to">): Verdicts {
  const verdicts: Verdicts = new Map();
  const named = namedIn(reading, of);
  if (named.length === 0) return verdicts;
  byThan(reading, of, named, verdicts);
  byVerb(reading, named, verdicts);
  return verdicts;
}

const denied = ({ tokens, words }: Reading, from: number, to: number): boolean =>
  tokens.words
    .slice(from, to)
    .some((word, i, all) => words.negators.has(word) || (word === "t" && i > 0 && /^(?:isn|aren|wasn|weren|don|doesn|didn|can|won)$/u.test(all[i - 1] ?? "")));

function set(verdicts: Verdicts, namings: readonly Naming[], value: number): void {
  for (const { target } of namings) verdicts.set(target, value > 0 ? 1 : -1);
}

/** A is better than B; A is not as good as B; nothing is worse than B. */
function byThan(reading: Reading, { from, to }: Pick<Part, "from" | "to">, named: readonly Naming[], verdicts: Verdicts): void {
  const { tokens, words, adds } = reading;
  for (let t = from + 1; t < to; t++) {
    const word = tokens.words[t] ?? "";
    if (!words.than.has(word)) continue;
    const other = named.find((one) => one.from > t && one.from <= t + near);
    if (other === undefined) continue;
    const rank = rankBefore(reading, from, t);
    if (rank === undefined) continue;
    const before = named.filter((one) => one.to <= rank.at && one.target !== other.target);
    const first = before.at(-1);
    // I like A more than B: as the verb feels.
    const verb = rank.value === 0 && first !== undefined ? adds.subarray(from, first.from).findLast((add) => add !== 0) : undefined;
    const value = rank.value === 0 ? Math.sign(verb ?? 1) : rank.value;
    const flip = denied(reading, from, rank.at) ? -1 : 1;
    const otherSign = value * flip * -1;
    // Nobody is better than B, who is not compared with A.
    set(verdicts, [other], otherSign);
    if (before.length > 0) set(verdicts, before, -otherSign);
  }
  for (let t = from + 1; t < to; t++) {
    if (tokens.words[t] !== "as" || !denied(reading, Math.max(from, t - 2), t)) continue;
    const second = tokens.words.indexOf("as", t + 1);
    const other = named.find((one) => second > t && one.from > second && one.from <= second + near);
    const before = named.filter((one) => one.to <= t);
    if (other === undefined || before.length === 0) continue;
    // Not as bad as B: the negation has turned what the lexicon says of the word.
    const value = adds.subarray(t, second).some((add) => add > 0) ? 1 : -1;
    set(verdicts, before.slice(-1), value);
    set(verdicts, [other], -value);
  }
}

/** The word of comparison before "than". `value` 0: more, of which the verb tells what. */
function rankBefore({ tokens, words, adds }: Reading, from: number, t: number): { readonly at: number; readonly value: number } | undefined {
  for (let i = t - 1; i >= Math.max(from, t - 6); i--) {
    const word = tokens.words[i] ?? "";
    if (words.better.has(word)) return { at: i, value: 1 };
    if (words.worse.has(word)) return { at: i, value: -1 };
    if (word === "rather") return { at: i, value: 1 };
    const isMore = words.more.has(word);
    if (!isMore && !words.less.has(word)) continue;
    const felt = adds.subarray(i + 1, t).find((add) => add !== 0);
    const hasWord = i + 1 < t;
    const value = felt === undefined ? (hasWord ? 1 : 0) : Math.sign(felt);
    // The lexicon may count "less" as a damper, never as a negation.
    return { at: i, value: isMore ? value : value === 0 ? -1 : -value };
  }
  return undefined;
}

/** A beats B; I prefer A to B; A over B; A > B; unlike A; moved from A to B. */
function byVerb(reading: Reading, named: readonly Naming[], verdicts: Verdicts): void {
  const { tokens, words } = reading;
  for (let k = 1; k < named.length; k++) {
    const [a, b] = [named[k - 1], named[k]];
    if (a === undefined || b === undefined || a.target === b.target) continue;
    const gap = tokens.words.slice(a.to, b.from);
    const marks = betweenOf(reading, b.from);
    if (gap.length === 0 && /^\s*(?:>+|≫)\s*@?#?$/u.test(marks)) pair(verdicts, a, b);
    else if (gap.length === 0 && /^\s*(?:<+|≪)\s*@?#?$/u.test(marks)) pair(verdicts, b, a);
    else if (gap.length <= 3 && gap.some((word) => words.beats.has(word))) pair(verdicts, ...(denied(reading, a.to, b.from) ? ([b, a] as const) : ([a, b] as const)));
    else if (gap.includes("compete") && denied(reading, a.to, b.from)) pair(verdicts, b, a);
    else if (gap.length <= 2 && gap.some((word) => words.preferTo.has(word)) && tokens.words.slice(Math.max(0, a.from - 4), a.from).some((word) => words.prefer.has(word)))
      pair(verdicts, a, b);
    else if (gap.length <= 2 && gap.includes("to") && tokens.words[a.from - 1] === "from" && moves.has(tokens.words[a.from - 2] ?? "")) pair(verdicts, b, a);
  }
}

const moves: ReadonlySet<string> = new Set(["switched", "moved", "came", "went", "changed", "switching", "moving", "upgraded", "switch", "move"]);

function pair(verdicts: Verdicts, better: Naming, worse: Naming): void {
  verdicts.set(better.target, 1);
  verdicts.set(worse.target, -1);
}

/** Whether a part sets its target against another: unlike A, compared to A. */
export function isSetAgainst({ tokens, words, namings }: Reading, part: Part): boolean {
  const first = namings.find(({ from, to }) => from >= part.from && to <= part.to);
  if (first === undefined) return false;
  return tokens.words.slice(part.from, first.from).some((word) => words.unlike.has(word) || word === "compared");
}
