import type { KnownEntity } from "../core/linking.ts";
import type { Query } from "../core/query.ts";
import type { Sentiment } from "../core/event.ts";
import { type Draft, setText, type Stage } from "../core/stage.ts";
import { packTowards, type TargetSentiment } from "../core/towards.ts";
import type { SentimentModel } from "./judge.ts";
import { scoreOf, textToJudge } from "./judgements.ts";
import { scoreOfSum, type SentimentSign, type SentimentSigns } from "./sentiment.ts";
import type { Term } from "./terms.ts";
import { judgeTargets } from "./towards-judge.ts";
import { addsOf, type Naming } from "./towards-parts.ts";
import { towardsWordsOf } from "./towards-words.ts";
import { stageVersion } from "./versions.ts";

export interface TowardsOptions {
  readonly terms: readonly Term[];
  readonly entities: readonly KnownEntity[];
  readonly signs: SentimentSigns;
  /** What judges the sentiment of posts of this language; undefined: a lexicon does, or nobody. */
  readonly model?: ((draft: Draft) => SentimentModel | undefined) | undefined;
}

export interface TowardsStage extends Stage {
  /** What each word adds to what is said of each target, -2 to 2: how much its score falls where the word is left out. The draft has its terms and its linked names. */
  explain(draft: Draft): readonly TargetExplained[];
  setTerms(terms: readonly Term[]): void;
  setEntities(entities: readonly KnownEntity[]): void;
}

/** Namings that are looked at. */
const mostNamings = 40;

const mostExplained = 80;

export interface TargetExplained extends TargetSentiment {
  readonly words: readonly { readonly start: number; readonly end: number; readonly adds: number }[];
}

/** What is known of a draft's text. */
interface Read {
  readonly signs: readonly SentimentSign[] | undefined;
  readonly score: ((text: string) => number | undefined) | undefined;
}

interface Named {
  readonly kind: TargetSentiment["kind"];
  readonly id: string;
  readonly spans: readonly { readonly from: number; readonly to: number }[];
}

/** Says of each brand, person and thing that a post names what the post says of it. A post that names none costs nothing. */
export function makeTowards(options: TowardsOptions): TowardsStage {
  const { signs } = options;
  const version = `towards@${stageVersion("towards")}`;
  let queries = new Map(options.terms.map(({ id, query }) => [id, query]));
  let brandOf = brandsOf(options.entities);

  /** The terms whose words stand in the post, and the entries that its names are linked to. */
  function targetsOf(draft: Draft): readonly Named[] {
    const { words, starts } = draft.tokens;
    const most = words.length;
    const spansOf = new Map<string, { readonly kind: Named["kind"]; readonly id: string; spans: { from: number; to: number }[] }>();
    const add = (kind: Named["kind"], id: string, spans: readonly { readonly from: number; readonly to: number }[]): void => {
      if (spans.length === 0) return;
      const key = `${kind} ${id}`;
      const known = spansOf.get(key);
      if (known === undefined) spansOf.set(key, { kind, id, spans: [...spans] });
      else known.spans.push(...spans);
    };
    for (const term of draft.terms) {
      const query = queries.get(term);
      if (query !== undefined) add("term", term, namesIn(query, words, most));
    }
    for (const { start, end, link } of draft.notes?.entities?.spans ?? []) {
      if (link === undefined) continue;
      const from = starts.findIndex((at) => at >= start);
      if (from < 0 || (starts[from] ?? 0) >= end) continue;
      let to = from + 1;
      while (to < most && (starts[to] ?? end) < end) to++;
      add("entity", link.entity, [{ from, to }]);
      const brand = brandOf.get(link.entity);
      if (brand !== undefined && draft.terms.includes(brand)) add("term", brand, [{ from, to }]);
    }
    return [...spansOf.values()];
  }

  /** What is said of each; undefined: no model and no lexicon knows the language, or nothing is named. */
  function speak(whole: Draft, sentimentOf: (read: Read) => Sentiment | undefined): readonly TargetSentiment[] | undefined {
    const draft = shortened(whole);
    const named = targetsOf(draft);
    if (named.length === 0) return undefined;
    const read = readerOf(draft);
    if (read === undefined) return undefined;
    const { groups, namings } = grouped(named);
    const words = towardsWordsOf(draft.language);
    const reading = { text: draft.text, tokens: draft.tokens, words, namings, adds: addsOf(draft.tokens, read.signs ?? [], words, namings) };
    const spoken = judgeTargets(reading, groups.length, {
      model: read.score,
      emojiOf: signs.emojiOf,
      hasLexicon: read.signs !== undefined,
      sentiment: sentimentOf(read),
    });
    return groups.flatMap((group, i): TargetSentiment[] => {
      const said = spoken[i];
      return said === undefined ? [] : group.map(({ kind, id }) => ({ kind, id, ...said }));
    });
  }

  let asked = "lexicon";
  /** Undefined: neither a model nor a lexicon. */
  function readerOf(draft: Draft): Read | undefined {
    const model = options.model?.(draft);
    const found = signs.signsOf(draft);
    asked = "lexicon";
    if (model === undefined) return found && { signs: found, score: undefined };
    asked = "";
    const score = (text: string): number | undefined => {
      const said = model(text);
      asked = said?.model ?? asked;
      return said && scoreOf(said.probabilities);
    };
    return { signs: found, score };
  }

  function note(draft: Draft): void {
    if (draft.terms.length === 0 && draft.notes?.entities === undefined) return;
    const targets = speak(draft, () => draft.sentiment);
    if (targets !== undefined && targets.length > 0) draft.notes = { ...draft.notes, towards: packTowards(`${version} ${asked}`.trim(), targets) };
  }

  return {
    name: "towards",
    run: (batch) =>
      batch.map((draft) => {
        note(draft);
        return { keep: draft };
      }),
    explain(draft) {
      const wholly = (at: Draft) => (read: Read) => wholeOf(at, read, signs);
      const whole = speak(draft, wholly(draft)) ?? [];
      const words: { start: number; end: number; adds: number[] }[] = [];
      const names = targetsOf(draft).flatMap(({ spans }) => spans.map(({ from }) => draft.tokens.starts[from] ?? 0));
      const spoken = (start: number) => whole.some(({ places }) => places.some((place) => start >= place.start && start < place.end));
      for (const match of draft.text.matchAll(/[\p{L}\p{N}\p{M}'’]+|\p{Extended_Pictographic}/gu)) {
        if (words.length >= mostExplained) break;
        const [start, end] = [match.index, match.index + match[0].length];
        if (!spoken(start) || names.some((at) => at >= start && at < end)) continue;
        const without = { ...draft };
        setText(without, `${draft.text.slice(0, start)}${" ".repeat(end - start)}${draft.text.slice(end)}`);
        const left = speak(without, wholly(without)) ?? [];
        words.push({ start, end, adds: whole.map(({ kind, id, score }) => score - (left.find((one) => one.kind === kind && one.id === id)?.score ?? score)) });
      }
      return whole.map((target, i) => ({
        ...target,
        words: words.flatMap(({ start, end, adds }) => {
          const add = Math.round((adds[i] ?? 0) * 100) / 100;
          return add === 0 ? [] : [{ start, end, adds: add }];
        }),
      }));
    },
    setTerms(terms) {
      queries = new Map(terms.map(({ id, query }) => [id, query]));
    },
    setEntities(entities) {
      brandOf = brandsOf(entities);
    },
    [Symbol.dispose]() {},
  };
}

/** As much of a text as models judge. */
function shortened(draft: Draft): Draft {
  const text = textToJudge(draft);
  if (text.length === draft.text.length) return draft;
  const short = { ...draft };
  setText(short, text);
  return short;
}

/** The sentiment of all of a text, as it would be with other words. */
function wholeOf({ text }: Draft, { signs, score }: Read, { emojiOf }: SentimentSigns): Sentiment | undefined {
  const value = score === undefined ? scoreOfSum((signs ?? []).reduce((sum, { adds }) => sum + adds, 0) + emojiOf(text)) : score(text);
  if (value === undefined) return undefined;
  return { label: value >= 0.2 ? "positive" : value <= -0.2 ? "negative" : "neutral", score: Math.round(value * 100) / 100 || 0 };
}

const brandsOf = (entities: readonly KnownEntity[]): ReadonlyMap<string, string> => new Map(entities.flatMap(({ id, term }) => (term === undefined ? [] : [[id, term] as const])));

/** Where a text bears the words by which a query finds it; what it excludes names nothing. */
function namesIn(query: Query, words: readonly string[], most: number): { from: number; to: number }[] {
  const spans: { from: number; to: number }[] = [];
  const walk = (at: Query): void => {
    if (at.kind === "and" || at.kind === "or") for (const part of at.parts) walk(part);
    else if (at.kind === "word") for (let i = 0; i < most; i++) if (at.prefix ? words[i]?.startsWith(at.word) === true : words[i] === at.word) spans.push({ from: i, to: i + 1 });
    if (at.kind === "phrase")
      for (let i = 0; i + at.words.length <= most; i++) if (at.words.every((word, k) => words[i + k] === word)) spans.push({ from: i, to: i + at.words.length });
    if (at.kind === "near") for (let i = 0; i < most; i++) if (at.words.includes(words[i] ?? "")) spans.push({ from: i, to: i + 1 });
  };
  walk(query);
  return spans;
}

/** Targets that one naming means are one: a brand, and its entry of the register. */
function grouped(named: readonly Named[]): { readonly groups: readonly (readonly Named[])[]; readonly namings: readonly Naming[] } {
  const groups: Named[][] = [];
  for (const one of named) {
    const met = groups.filter((group) => group.some(({ spans }) => spans.some((a) => one.spans.some((b) => a.from < b.to && b.from < a.to))));
    const [first, ...others] = met;
    if (first === undefined) groups.push([one]);
    else {
      first.push(one);
      for (const other of others) {
        first.push(...other);
        groups.splice(groups.indexOf(other), 1);
      }
    }
  }
  let reached = 0;
  const namings = groups
    .flatMap((group, target) => group.flatMap(({ spans }) => spans.map(({ from, to }): Naming => ({ target, from, to }))))
    .toSorted((a, b) => a.from - b.from || b.to - a.to)
    .filter(({ from, to }) => {
      const isFree = from >= reached;
      reached = Math.max(reached, to);
      return isFree;
    });
  return { groups, namings: namings.slice(0, mostNamings) };
}
