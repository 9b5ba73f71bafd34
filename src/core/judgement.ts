import type { Notes } from "./event.ts";

/** What a language model says of a text for one task. */
export interface Judgement {
  /** sentiment, emotion, irony, offensive, hate, spam; or a task that people labelled. */
  readonly task: string;
  /** Name and fingerprint of its weights, `social@1f2e3d4c`, `complaint@9a8b7c6d`: only judgements of one version compare. */
  readonly model: string;
  /** The class that it chooses; absent: it is not sure enough. */
  readonly label?: string;
  /** By class, calibrated, to three digits. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** A larger model was to answer in its place and did not, so that this one stands: its budget was spent, it was too slow, it failed. */
  readonly stood?: Unanswered;
}

export type Unanswered = "budget" | "late" | "failed";

/** A model of one task, wherever it runs; slow against the embedded ones. */
export interface TextJudge {
  readonly task: string;
  /** Name and fingerprint, as in `Judgement.model`. */
  readonly version: string;
  readonly labels: readonly string[];
  /** One judgement a text, in order; without a label where the model gave no usable answer. */
  judge(texts: readonly string[], signal?: AbortSignal): Promise<readonly Judgement[]>;
}

/** A model that finds names in texts, wherever it runs. */
export interface TextTagger extends Pick<TextJudge, "task" | "version"> {
  /** One answer a text, in order; places are those of the text. */
  judge(texts: readonly string[], signal?: AbortSignal): Promise<readonly Tagged[]>;
}

export interface Tagged {
  readonly model: string;
  readonly spans: readonly EntitySpan[];
}

/** A name in a text, half open in UTF-16 units. */
export interface EntitySpan {
  readonly start: number;
  readonly end: number;
  readonly kind: "person" | "organisation" | "place" | "product";
  /** The entry of the register that it means; absent: none, or none is likely enough. */
  readonly link?: EntityLink;
  /** Entries that bear this name, the likeliest first, where none is linked. */
  readonly candidates?: readonly EntityLink[];
  /** Where it lies, of a place. */
  readonly place?: SpanPlace;
}

export interface EntityLink {
  /** Id of an entry of the register. */
  readonly entity: string;
  /** 0 to 1, to two digits. */
  readonly probability: number;
}

export interface SpanPlace {
  readonly name: string;
  /** ISO 3166-1 alpha-2, lower case. */
  readonly country: string;
  readonly region?: string;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly probability: number;
}

declare module "./event.ts" {
  interface Notes {
    /** What language models say of the text; each says which model it was. Read it, and `judged`, by `judgementsOf`. */
    readonly judgements?: readonly Judgement[];
    /** Judgements of the embedded models, by version, as `packJudgements` writes them. */
    readonly judged?: Readonly<Record<string, readonly number[]>>;
    readonly entities?: EntityNotes;
  }
}

export interface EntityNotes {
  /** What found the names; several are joined by a space. */
  readonly model: string;
  /** In the order of the text. */
  readonly spans: readonly EntitySpan[];
}

/** Languages beside English whose sentiment an embedded model judges. */
export const multilingualLanguages: readonly string[] = ["ar", "de", "es", "fr", "hi", "it", "pt"];

/** The embedded language models, as stages ask them; one for each thread. */
export interface TextModels {
  /** English. Always with a label. */
  social(text: string): readonly Judgement[];
  /** Sentiment in a language of `multilingualLanguages`. Always with a label. */
  multilingual(text: string, language: string): Judgement;
  /** Always with a label. */
  spam(text: string): Judgement;
  entities(text: string): { readonly model: string; readonly spans: readonly EntitySpan[] };
  /** Models that were trained here and promoted, of posts in this language; one a task, always with a label. They stand in the place of an embedded model of their task. */
  promoted(text: string, language: string): readonly Judgement[];
  /** Whether any model that was trained here judges, or judges beside. */
  hasOwn(): boolean;
  /** Whether a promoted model judges this task of posts in this language. */
  hasPromoted(task: string, language: string): boolean;
  /** Lets candidates judge beside, without effect. @param said what was noted */
  watch(post: { readonly text: string; readonly language: string; readonly platform: string; readonly nativeId: string }, said: readonly Judgement[]): void;
}

/** Classes of the tasks that are stored packed, a task known by its place: only ever added to. */
const packedTasks: readonly (readonly [task: string, classes: readonly string[]])[] = [
  ["sentiment", ["negative", "neutral", "positive"]],
  ["emotion", ["anger", "joy", "optimism", "sadness"]],
  ["irony", ["no", "yes"]],
  ["offensive", ["no", "yes"]],
  ["hate", ["no", "yes"]],
  ["spam", ["ham", "spam"]],
];
const placeOf = new Map(packedTasks.map(([task], place) => [task, place]));
const thousandth = 1e3;

/**
 * Judgements as they are stored: a list of integers for each model, for each task its place, the number of the class that it chooses from 1 (0: it is
 * not sure enough), then the classes' probabilities in thousandths. A sixth of what they are as records. Others than of the embedded tasks stay records, and what bears `stood`.
 */
export function packJudgements(judgements: readonly Judgement[]): Pick<Notes, "judgements" | "judged"> {
  const judged: Record<string, number[]> = {};
  const others: Judgement[] = [];
  for (const judgement of judgements) {
    const { task, model, label, probabilities } = judgement;
    const place = placeOf.get(task) ?? -1;
    const classes = packedTasks[place]?.[1] ?? [];
    if (classes.length === 0 || judgement.stood !== undefined || !sameClasses(classes, probabilities)) {
      others.push(judgement);
      continue;
    }
    const list = (judged[model] ??= []);
    list.push(place, label === undefined ? 0 : classes.indexOf(label) + 1);
    for (const name of classes) list.push(Math.round((probabilities[name] ?? 0) * thousandth));
  }
  return { ...(others.length < judgements.length && { judged }), ...(others.length > 0 && { judgements: others }) };
}

/** Labels that say that there is nothing: most posts bear them, and nobody looks for them. */
const plainLabels: ReadonlySet<string> = new Set(["no", "ham"]);

/**
 * What models say of a post as queries name it, `emotion/anger`, `hate/yes`: lower case, blanks as -. Sentiment has a field of its own,
 * and what says that there is nothing is not named.
 */
export function judgedNames(notes: Notes | undefined): readonly string[] {
  if (notes?.judged === undefined && notes?.judgements === undefined) return [];
  return judgementsOf(notes).flatMap(({ task, label }) => (label === undefined || !isJudgedNamed(task, label) ? [] : [judgedName(task, label)]));
}

/** Whether the index names a class of a task, and so finds the posts that bear it. */
export const isJudgedNamed = (task: string, label: string): boolean => task !== "sentiment" && !plainLabels.has(label);

export function judgedName(task: string, label: string): string {
  return `${task}/${label}`.toLowerCase().replaceAll(/\s+/g, "-");
}

function sameClasses(classes: readonly string[], probabilities: Readonly<Record<string, number>>): boolean {
  return Object.keys(probabilities).length === classes.length && classes.every((name) => probabilities[name] !== undefined);
}

/** All judgements of a post, in the order of the models and tasks. */
export function judgementsOf(notes: Notes | undefined): readonly Judgement[] {
  if (notes?.judged === undefined) return notes?.judgements ?? [];
  const all: Judgement[] = [];
  for (const [model, list] of Object.entries(notes.judged)) {
    for (let at = 0; at < list.length;) {
      const [task, classes] = packedTasks[list[at] ?? -1] ?? [];
      if (task === undefined || classes === undefined) break;
      const label = classes[(list[at + 1] ?? 0) - 1];
      const first = at + 2;
      all.push({ task, model, ...(label !== undefined && { label }), probabilities: Object.fromEntries(classes.map((name, c) => [name, (list[first + c] ?? 0) / thousandth])) });
      at = first + classes.length;
    }
  }
  return [...all, ...(notes.judgements ?? [])];
}
