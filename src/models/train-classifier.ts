import { EarshotError } from "../core/errors.ts";
import { type Classifier, denseOf, shiftsOf, type Stack } from "./classifier.ts";
import { type ClassifierOptions, type ClassifierWeights, type Epoch, fitClassifier, lossOf, scoresOf, type TextSet } from "./classifier-train.ts";
import type { Extractor } from "./features.ts";
import { figuresOf } from "./figures.ts";
import { type Head, judged, logOf } from "./linear-model.ts";
import { type Example, makeRandom, shuffle } from "./linear-train.ts";

export interface ClassifierText {
  readonly text: string;
  /** Class number. */
  readonly label: number;
  /** Texts of one author are never on both sides of a split. */
  readonly author?: string;
  readonly language?: string;
}

export interface ClassifierData {
  readonly task: string;
  readonly classes: readonly string[];
  readonly train: readonly ClassifierText[];
  /** Not trained on: where training ends, temperature and thresholds are chosen by them. */
  readonly validation: readonly ClassifierText[];
}

export interface ClassifierPlan {
  readonly seed: number;
  /** Least probability of each class, by name, above 0, below 1; absent: they are chosen where there are texts enough, and else even. */
  readonly thresholds?: Readonly<Record<string, number>>;
  /** What embedded models say of a text is looked at too; absent: not. */
  readonly stack?: Stack;
}

export interface TrainingStep extends Epoch {
  /** Of all fits, which this one is. */
  readonly fit: number;
  readonly fits: number;
  readonly epochs: number;
}

/** What a training came to; plain data, kept with the model. */
export interface TrainingParameters {
  readonly texts: number;
  readonly validation: number;
  readonly perClass: Readonly<Record<string, number>>;
  /** cross-validation: too few texts to hold some back, five folds were; validation: the set's own part was. */
  readonly chosenBy: "cross-validation" | "validation";
  readonly ngrams: number;
  readonly pull: number;
  readonly epochs: number;
  readonly costs: readonly number[];
  readonly temperature: number;
  readonly thresholds: Readonly<Record<string, number>>;
  readonly stacked: readonly string[];
  readonly seed: number;
  /** Mean log loss on texts that were not trained on. */
  readonly heldBackLoss: number;
  readonly heldBackMacroF1: number;
}

/** With fewer texts, five folds of all choose how much n-grams count, how strong the pull is and when training ends. */
const fewTexts = 400;
const folds = 5;
const leastPerClass = 2;
const mostEpochs = 40;
const patience = 4;
/** Pooled vectors first: n-grams join only where they help on texts that were held back. */
const fewGrid = [0, 0.4, 1].flatMap((ngrams) => [3e-2, 1e-2, 2e-3].map((pull) => ({ ngrams, pull })));
const manyGrid = [{ ngrams: 1, pull: 2e-4 }];
const balance = 0.5;
/** So many texts of each class, at least, choose thresholds; fewer would choose by chance. */
const leastForThresholds = 50;
const mostRows = 32_768;
/** Share of the texts in a language from which the model judges posts in it. */
const leastLanguageShare = 0.05;

/** @throws USAGE where a class has too few texts to learn from */
export function trainClassifier(data: ClassifierData, extractor: Extractor, plan: ClassifierPlan, report: (step: TrainingStep) => void) {
  refuseTooFew(data);
  const { stack, seed } = plan;
  const classes = data.classes.length;
  const isFew = data.train.length + data.validation.length < fewTexts || data.validation.length === 0;
  const texts = isFew ? [...data.train, ...data.validation] : data.train;
  const read = makeReader(texts, extractor, stack);
  const all = read.set(texts);
  const costs = costsOf(all.labels, classes);
  const options = (grid: (typeof fewGrid)[number], epochs: number): ClassifierOptions => ({ classes, costs, ...grid, epochs, patience, seed });
  const grid = isFew ? fewGrid : manyGrid;
  const fits = isFew ? grid.length * folds + 1 : 1;
  let fit = 0;
  const begin = (epochs: number) => {
    fit++;
    return (epoch: Epoch) => report({ ...epoch, fit, fits, epochs });
  };

  let chosen = grid[0] ?? { ngrams: 1, pull: 1e-3 };
  let weights: ClassifierWeights;
  let heldBack: { readonly scores: readonly Float64Array[]; readonly labels: readonly number[] };
  let epochs: number;
  if (isFew) {
    const parts = foldsOf(texts, classes, seed);
    let least = Infinity;
    let best: { scores: Float64Array[]; epochs: number } = { scores: [], epochs: mostEpochs };
    for (const one of grid) {
      const scores: Float64Array[] = Array.from({ length: texts.length }, () => new Float64Array(classes));
      const ended: number[] = [];
      for (let fold = 0; fold < folds; fold++) {
        const inside = (held: boolean) => [...texts.keys()].filter((i) => (parts[i] === fold) === held);
        const held = inside(true);
        if (held.length === 0) continue;
        const fitted = fitClassifier(part(all, inside(false)), part(all, held), options(one, mostEpochs), begin(mostEpochs));
        ended.push(fitted.epoch);
        for (const i of held) scores[i] = scoresOf(fitted.weights, all.examples[i] ?? noExample, classes);
      }
      const loss = lossOf(scores, all.labels, temperatureOf(scores, all.labels));
      if (loss >= least) continue;
      least = loss;
      chosen = one;
      best = { scores, epochs: medianOf(ended) };
    }
    epochs = best.epochs;
    heldBack = { scores: best.scores, labels: all.labels };
    weights = fitClassifier(all, undefined, options(chosen, epochs), begin(epochs)).weights;
  } else {
    const check = read.set(data.validation);
    const fitted = fitClassifier(all, check, options(chosen, mostEpochs), begin(mostEpochs));
    ({ weights, epoch: epochs } = fitted);
    heldBack = { scores: check.examples.map((example) => scoresOf(weights, example, classes)), labels: check.labels };
  }

  const temperature = temperatureOf(heldBack.scores, heldBack.labels);
  const common = { task: data.task, classes, temperature, names: data.classes };
  const thresholds = data.classes.map((name) => plan.thresholds?.[name] ?? 1 / classes);
  const given = plan.thresholds !== undefined && Object.keys(plan.thresholds).length > 0;
  const shifts = given ? shiftsOf(thresholds, temperature) : chosenShifts(heldBack, common);
  const head: Head = { ...common, shifts };
  const said = heldBack.scores.map((one) => judged(one, 0, head).chosen);
  const parameters: TrainingParameters = {
    texts: texts.length,
    validation: isFew ? 0 : data.validation.length,
    perClass: Object.fromEntries(data.classes.map((name, c) => [name, all.labels.filter((label) => label === c).length])),
    chosenBy: isFew ? "cross-validation" : "validation",
    ...chosen,
    epochs,
    costs,
    temperature,
    thresholds: Object.fromEntries(data.classes.map((name, c) => [name, Math.exp(-(shifts[c] ?? 0) / temperature)])),
    stacked: stack?.versions ?? [],
    seed,
    heldBackLoss: lossOf(heldBack.scores, heldBack.labels, temperature),
    heldBackMacroF1: figuresOf(heldBack.labels, said, classes).macroF1,
  };
  const model = packed(weights, head, { languages: languagesOf(texts), stacked: parameters.stacked, means: read.means, deviations: read.deviations });
  return { model, parameters };
}

const noExample: Example = { buckets: new Uint32Array(0), values: new Float32Array(0), dense: new Float32Array(0) };

function refuseTooFew({ task, classes, train, validation }: ClassifierData): void {
  const texts = [...train, ...validation];
  const counts = classes.map((_, c) => texts.filter(({ label }) => label === c).length);
  const few = classes.filter((_, c) => (counts[c] ?? 0) < leastPerClass);
  if (few.length > 0)
    throw new EarshotError("USAGE", `${task}: expected at least ${leastPerClass} texts of each class to learn from, came fewer of ${few.join(", ")}; label some more`);
}

function makeReader(texts: readonly ClassifierText[], extractor: Extractor, stack: Stack | undefined) {
  const numbersOf = (text: string) => {
    const probabilities = stack?.probabilities(text) ?? [];
    const { dense } = extractor.extract(text);
    return { dense, probabilities };
  };
  const size = extractor.denseSize + (texts[0] === undefined ? 0 : numbersOf(texts[0].text).probabilities.length);
  const [sums, squares] = [new Float64Array(size), new Float64Array(size)];
  for (const { text } of texts) {
    const { dense, probabilities } = numbersOf(text);
    for (let d = 0; d < size; d++) {
      const value = d < dense.length ? (dense[d] ?? 0) : logOf(probabilities[d - dense.length] ?? 0);
      sums[d] = (sums[d] ?? 0) + value;
      squares[d] = (squares[d] ?? 0) + value * value;
    }
  }
  const means = Float32Array.from(sums, (sum) => sum / texts.length);
  const deviations = Float32Array.from(squares, (square, d) => Math.sqrt(Math.max(0, square / texts.length - (means[d] ?? 0) ** 2) + 1e-6));
  const exampleOf = (text: string): Example => {
    const probabilities = stack?.probabilities(text) ?? [];
    const { count, buckets, values, dense } = extractor.extract(text);
    return { buckets: buckets.slice(0, count), values: values.slice(0, count), dense: denseOf(dense, probabilities, { means, deviations }) };
  };
  return {
    means,
    deviations,
    set: (list: readonly ClassifierText[]): TextSet => ({ examples: list.map(({ text }) => exampleOf(text)), labels: list.map(({ label }) => label) }),
  };
}

function part({ examples, labels }: TextSet, places: readonly number[]): TextSet {
  return { examples: places.map((i) => examples[i] ?? noExample), labels: places.map((i) => labels[i] ?? 0) };
}

/** Rare classes cost more, by the root of how much rarer they are. */
function costsOf(labels: readonly number[], classes: number): readonly number[] {
  return Array.from({ length: classes }, (_, c) => (labels.length / classes / Math.max(1, labels.filter((label) => label === c).length)) ** balance);
}

/** A fold for each text: each class spread evenly, an author's texts together. */
function foldsOf(texts: readonly ClassifierText[], classes: number, seed: number): readonly number[] {
  const random = makeRandom(seed);
  const sizes = Array.from({ length: folds }, () => new Float64Array(classes));
  const groups = new Map<string, number[]>();
  for (const [i, { author }] of texts.entries()) {
    const key = author ?? `${i}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [i]);
    else group.push(i);
  }
  const order = [...groups.values()];
  const places = [...order.keys()];
  shuffle(places, random);
  const parts: number[] = Array.from({ length: texts.length }, () => 0);
  for (const at of places) {
    const group = order[at] ?? [];
    const label = texts[group[0] ?? 0]?.label ?? 0;
    let fold = 0;
    for (let other = 1; other < folds; other++) if ((sizes[other]?.[label] ?? 0) < (sizes[fold]?.[label] ?? 0)) fold = other;
    for (const i of group) {
      parts[i] = fold;
      const size = sizes[fold];
      const own = texts[i]?.label ?? 0;
      if (size !== undefined) size[own] = (size[own] ?? 0) + 1;
    }
  }
  return parts;
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 1;
}

/** By the likelihood of texts that were not trained on (temperature scaling; Guo et al., 2017). */
function temperatureOf(scores: readonly Float64Array[], labels: readonly number[]): number {
  let [temperature, least] = [1, Infinity];
  for (let tried = 0.3; tried <= 5; tried *= 1.1) {
    const loss = lossOf(scores, labels, tried);
    if (loss < least) [least, temperature] = [loss, tried];
  }
  return temperature;
}

/** One class after the other gets the threshold that helps macro-F1 most; even ones where there are too few texts to tell. */
function chosenShifts({ scores, labels }: { readonly scores: readonly Float64Array[]; readonly labels: readonly number[] }, head: Omit<Head, "shifts">): readonly number[] {
  const even = Array.from({ length: head.classes }, () => 1 / head.classes);
  const counts = even.map((_, c) => labels.filter((label) => label === c).length);
  if (counts.some((count) => count < leastForThresholds)) return shiftsOf(even, head.temperature);
  const figureOf = (thresholds: readonly number[]): number => {
    const tried: Head = { ...head, shifts: shiftsOf(thresholds, head.temperature) };
    return figuresOf(
      labels,
      scores.map((one) => judged(one, 0, tried).chosen),
      head.classes,
    ).macroF1;
  };
  let thresholds: readonly number[] = even;
  let best = figureOf(even);
  for (const c of even.keys())
    for (let tried = 0.1; tried <= 0.9; tried += 0.05) {
      const others = (1 - tried) / (head.classes - 1);
      const next = head.classes === 2 ? even.map((_, other) => (other === c ? tried : others)) : thresholds.with(c, tried);
      const figure = figureOf(next);
      if (figure > best + 1e-3) [best, thresholds] = [figure, next];
    }
  return shiftsOf(thresholds, head.temperature);
}

function languagesOf(texts: readonly ClassifierText[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { language } of texts) {
    if (language === undefined || language === "und") return [];
    counts.set(language, (counts.get(language) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count >= texts.length * leastLanguageShare).map(([language]) => language);
}

/** Weights as bytes; rows that weigh least are left out. */
function packed({ columns, buckets, dense, bias, ngrams }: ClassifierWeights, head: Head, rest: Pick<Classifier, "languages" | "stacked" | "means" | "deviations">): Classifier {
  const { classes } = head;
  const scales = new Float32Array(classes);
  const norms = [...columns].map(([bucket, column]) => {
    let norm = 0;
    for (let c = 0; c < classes; c++) {
      const weight = Math.abs(buckets[column * classes + c] ?? 0);
      norm += weight * weight;
      if (weight > (scales[c] ?? 0)) scales[c] = weight;
    }
    return { bucket, column, norm };
  });
  for (let c = 0; c < classes; c++) scales[c] = (scales[c] ?? 0) / 127 || 1;
  const rows = norms
    .filter(({ norm }) => norm > 0)
    .toSorted((a, b) => b.norm - a.norm)
    .slice(0, mostRows)
    .toSorted((a, b) => a.bucket - b.bucket);
  const matrix = new Int8Array(rows.length * classes);
  for (const [row, { column }] of rows.entries()) for (let c = 0; c < classes; c++) matrix[row * classes + c] = Math.round((buckets[column * classes + c] ?? 0) / (scales[c] ?? 1));
  return { head, ...rest, ngrams, kept: Uint32Array.from(rows, ({ bucket }) => bucket), matrix, scales, dense: Float32Array.from(dense), bias: Float32Array.from(bias) };
}
