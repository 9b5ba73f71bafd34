import type { LabelSpan } from "../core/label-set.ts";
import { wordsOf } from "./words.ts";

/** What one annotator said of one unit. */
export interface Rating {
  readonly unit: string;
  readonly annotator: string;
  readonly value: string;
}

export interface Agreement {
  /** Krippendorff's α for nominal values; absent: no unit was rated twice, or all say the same one thing, and nothing can be told. */
  readonly alpha?: number;
  /** Units that two or more rated; only they count. */
  readonly units: number;
  /** Pairs of ratings of one unit that are the same, of all pairs. */
  readonly observed: number;
  readonly perClass: Readonly<Record<string, ClassAgreement>>;
  readonly perAnnotator: Readonly<Record<string, AnnotatorAgreement>>;
  /** How often two ratings of a unit were this and that, each pair once, both ways round together. Names sorted. */
  readonly confusion: readonly { readonly one: string; readonly other: string; readonly pairs: number }[];
}

export interface ClassAgreement {
  /** α of this class against all others together. */
  readonly alpha?: number;
  /** Ratings that say it, of units that two or more rated. */
  readonly ratings: number;
}

export interface AnnotatorAgreement {
  /** Units that this annotator shares with others. */
  readonly units: number;
  /** Of the pairs with others, those that are the same. */
  readonly same: number;
}

/**
 * Krippendorff's α for nominal data with any number of annotators and missing values: 1 − (n − 1) Σ o_ck / Σ n_c n_k over c ≠ k, by the
 * coincidences of pairable values (Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, section C).
 */
export function agreementOf(ratings: readonly Rating[]): Agreement {
  const units = unitsOf(ratings);
  const values = new Map<string, number>();
  const pairs = new Map<string, number>();
  const annotators = new Map<string, { units: number; pairs: number; same: number }>();
  let same = 0;
  let all = 0;
  for (const rated of units) {
    for (const [i, { value, annotator }] of rated.entries()) {
      values.set(value, (values.get(value) ?? 0) + 1);
      const known = annotators.get(annotator) ?? { units: 0, pairs: 0, same: 0 };
      known.units++;
      known.pairs += rated.length - 1;
      known.same += rated.filter((other, j) => j !== i && other.value === value).length;
      annotators.set(annotator, known);
      for (const other of rated.slice(i + 1)) {
        all++;
        if (other.value === value) same++;
        const key = [value, other.value].toSorted().join("\n");
        pairs.set(key, (pairs.get(key) ?? 0) + 1);
      }
    }
  }
  const alpha = alphaOf(units, (value) => value);
  return {
    ...(alpha !== undefined && { alpha }),
    units: units.length,
    observed: all === 0 ? 0 : same / all,
    perClass: Object.fromEntries(
      [...values.keys()].toSorted().map((name) => {
        const own = alphaOf(units, (value) => (value === name ? "is" : "is not"));
        return [name, { ratings: values.get(name) ?? 0, ...(own !== undefined && { alpha: own }) }];
      }),
    ),
    perAnnotator: Object.fromEntries(
      [...annotators].toSorted(([a], [b]) => a.localeCompare(b)).map(([name, known]) => [name, { units: known.units, same: known.pairs === 0 ? 0 : known.same / known.pairs }]),
    ),
    confusion: [...pairs]
      .map(([key, count]) => ({ one: key.split("\n")[0] ?? "", other: key.split("\n")[1] ?? "", pairs: count }))
      .toSorted((a, b) => b.pairs - a.pairs || a.one.localeCompare(b.one) || a.other.localeCompare(b.other)),
  };
}

function unitsOf(ratings: readonly Rating[]): readonly (readonly Rating[])[] {
  const units = new Map<string, Rating[]>();
  for (const rating of ratings) {
    const known = units.get(rating.unit);
    if (known === undefined) units.set(rating.unit, [rating]);
    else known.push(rating);
  }
  return [...units.values()].filter((rated) => rated.length > 1);
}

function alphaOf(units: readonly (readonly Rating[])[], valueOf: (value: string) => string): number | undefined {
  const totals = new Map<string, number>();
  let disagreeing = 0;
  let total = 0;
  for (const rated of units) {
    const inside = new Map<string, number>();
    for (const { value } of rated) inside.set(valueOf(value), (inside.get(valueOf(value)) ?? 0) + 1);
    for (const [value, count] of inside) {
      totals.set(value, (totals.get(value) ?? 0) + count);
      disagreeing += (count * (rated.length - count)) / (rated.length - 1);
    }
    total += rated.length;
  }
  let expected = 0;
  for (const count of totals.values()) expected += count * (total - count);
  return expected === 0 ? undefined : 1 - ((total - 1) * disagreeing) / expected;
}

/** What is no span. */
export const outside = "none";

/** Ratings of each word of a text: the kind of the span that covers it. Words are those that the models read. */
export function ratingsOfSpans(unit: string, annotator: string, text: string, spans: readonly LabelSpan[]): readonly Rating[] {
  const { starts, ends } = wordsOf(text);
  return starts.map((start, i) => ({
    unit: `${unit} ${i}`,
    annotator,
    value: spans.find((span) => span.start < (ends[i] ?? 0) && start < span.end)?.kind ?? outside,
  }));
}
