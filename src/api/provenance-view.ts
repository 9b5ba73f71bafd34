import { type Static, Type } from "typebox";
import { entitiesOf } from "../core/query-match.ts";
import type { Notes } from "../core/event.ts";
import { judgementsOf } from "../core/judgement.ts";
import { maskRaw } from "../policies/mask-raw.ts";
import type { PostTrace } from "../runtime/provenance.ts";
import { judgementSchema, viewJudgement } from "./judgement-schemas.ts";
import { countsSchema, instant, iso, optionalInstant, sentimentLabel, targetSchema, viewTarget } from "./schemas.ts";

const int = Type.Integer();
const text = (description: string) => Type.String({ description });
const optional = Type.Optional;

export const maskedRawSchema = Type.Object(
  {
    form: Type.String({ description: "json, markup, text or binary." }),
    text: Type.String(),
    sizeBytes: int,
    cut: Type.Boolean({ description: "It is longer than what is shown." }),
  },
  { description: "The message's shape; whatever may tell of a person stands as •••." },
);

const signSchema = Type.Object({
  word: text("As it stands in the text."),
  valence: Type.Number({ description: "Of the lexicon, -4 to 4." }),
  negatedBy: optional(Type.String()),
  raisedBy: optional(Type.Array(Type.String())),
  loweredBy: optional(Type.Array(Type.String())),
  shouted: optional(Type.Boolean()),
  contrast: optional(Type.String({ description: "before or after a word like “but”." })),
  adds: Type.Number({ description: "To the sum." }),
});

const stagesSchema = Type.Object({
  outcome: text("keep, drop or reject: what today's stages would do."),
  reason: optional(Type.String()),
  steps: Type.Array(Type.Object({ stage: Type.String(), version: text("Fingerprint of the stage and of what it knows."), outcome: Type.String() })),
  normalise: optional(Type.Object({ format: Type.String(), fromUnits: int, toUnits: int, links: int, hashtags: int })),
  mentions: optional(Type.Object({ accounts: int, masked: int, kept: Type.Integer({ description: "Handles of your own organisation." }) })),
  link: optional(Type.Object({ linked: Type.Integer(), unlinked: Type.Integer(), placed: Type.Integer() })),
  sieve: optional(Type.Object({ asked: Type.Boolean({ description: "false: the source keeps everything." }) })),
  language: optional(
    Type.Object({
      language: Type.String(),
      by: text("script, hint, ngrams or unsure: what decided."),
      letters: int,
      hint: optional(text("The platform's tag.")),
      margin: optional(Type.Number()),
      candidates: Type.Array(Type.Object({ language: Type.String(), score: Type.Number({ minimum: 0, maximum: 1 }) })),
    }),
  ),
  sentiment: optional(
    Type.Object({
      lexicon: optional(text("Absent: there is none for the language, and the post is not scored.")),
      signs: Type.Array(signSchema),
      emoji: Type.Number(),
      emphasis: Type.Number(),
      sum: Type.Number(),
      label: optional(sentimentLabel),
      score: optional(Type.Number({ minimum: -1, maximum: 1 })),
    }),
  ),
  judge: optional(Type.Array(judgementSchema)),
  codeSwitching: optional(Type.Array(Type.String({ description: "Languages of the stretches, in order; none where the post's own is all." }))),
  pii: optional(Type.Object({ sensitivity: Type.String(), kinds: Type.Array(Type.Object({ kind: Type.String(), count: int })) })),
  terms: optional(Type.Array(Type.Object({ id: Type.String(), parts: Type.Array(Type.Object({ part: Type.String(), words: Type.Array(Type.String()) })) }))),
  towards: optional(Type.Array(targetSchema)),
  pseudonyms: Type.Object({ post: Type.String(), author: Type.String(), authorKeyVersion: int, mentions: int }),
  differs: Type.Array(Type.String(), { description: "Fields in which today's word is another than what is stored." }),
});

export const traceSchema = Type.Object({
  raw: optional(
    Type.Object({
      source: Type.String(),
      connector: Type.String(),
      parserVersion: Type.String(),
      receivedAt: instant("When it came."),
      partition: int,
      offset: int,
      index: Type.Integer({ description: "Of the post within the message." }),
      masked: maskedRawSchema,
    }),
  ),
  refusal: optional(text("Why today's parser makes no post of the message.")),
  stages: optional(stagesSchema),
  places: Type.Object({
    partition: int,
    postsOffset: optional(int),
    ledger: optional(
      Type.Object({
        revision: int,
        generation: Type.Integer({ description: "Rises with each replay." }),
        counts: Type.Array(
          Type.Object({ name: Type.String(), told: int, at: optionalInstant("When the platform told it."), since: Type.Integer({ description: "Reactions since." }) }),
        ),
      }),
    ),
    search: optional(Type.Object({ month: Type.String(), row: int, body: text("index, or lake once the index has let it go.") })),
    lake: optional(Type.Object({ file: Type.String(), rowGroup: int, row: int }, { description: "Absent: it waits for the next file." })),
    rollups: Type.Object({
      minute: instant("Start of the bucket."),
      hour: instant("Start of the bucket."),
      day: instant("Start of the bucket."),
      keys: Type.Array(
        Type.Object({
          platform: Type.String(),
          source: Type.String(),
          language: Type.String(),
          sensitivity: Type.String(),
          region: Type.String(),
          term: text("Empty: whatever the terms."),
        }),
      ),
    }),
  }),
  history: Type.Object({
    changes: Type.Array(
      Type.Object({
        offset: int,
        kind: Type.String(),
        at: instant("Upstream."),
        generation: int,
        revision: optional(int),
        language: optional(Type.String()),
        sentiment: optional(Type.String()),
        terms: optional(Type.Array(Type.String())),
        counts: optional(countsSchema),
      }),
    ),
    looked: Type.Object({ frames: int, of: int }, { description: "How much of the partition's changes was looked through; less than all: there may be older ones." }),
  }),
});

export type TraceView = Static<typeof traceSchema>;

const floorTo = (ms: number, unitMs: number): string => iso(Math.floor(ms / unitMs) * unitMs);

/** Of the text, what is not personal data: a word inside of it is told by its kind. */
function wordAt(traced: NonNullable<PostTrace["stages"]>, start: number, end: number): string {
  const span = traced.findings.pii?.spans.find((one) => one.start < end && start < one.end);
  return span === undefined ? traced.now.text.slice(start, end) : `[${span.kind}]`;
}

/** What models say, and which: a newer version is another word. */
function saidBy(notes: Notes | undefined): string {
  return judgementsOf(notes)
    .map(({ task, label, model }) => `${task} ${label ?? ""} ${model}`)
    .join("\n");
}

function viewStages({ post, stages }: PostTrace) {
  if (stages === undefined) return undefined;
  const { steps, outcome, reason, findings, now } = stages;
  const { normalise, mentions, sieve, language, sentiment, judge, codeSwitching, link, pii, terms, towards } = findings;
  const kinds = new Map<string, number>();
  for (const { kind } of pii?.spans ?? []) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const differs = [
    ...(now.text === post.text ? [] : ["text"]),
    ...(now.language === post.language ? [] : ["language"]),
    ...(now.sentiment?.label === post.sentiment?.label ? [] : ["sentiment"]),
    ...(saidBy(judge) === saidBy(post.notes) ? [] : ["judgements"]),
    ...((link?.entities ?? []).join("\n") === entitiesOf(post.notes).join("\n") ? [] : ["entities"]),
    ...(now.terms.join("\n") === post.terms.join("\n") ? [] : ["terms"]),
    ...(now.sensitivity === post.sensitivity ? [] : ["sensitivity"]),
  ];
  return {
    outcome,
    ...(reason !== undefined && { reason }),
    steps: steps.map((step) => ({ ...step })),
    ...(normalise && { normalise: { ...normalise } }),
    ...(mentions && { mentions: { ...mentions } }),
    ...(link && { link: { linked: link.linked, unlinked: link.unlinked, placed: link.placed } }),
    ...(sieve && { sieve: { ...sieve } }),
    ...(language && { language: { ...language, candidates: language.candidates.map((one) => ({ ...one })) } }),
    ...(sentiment && {
      sentiment: {
        ...(sentiment.lexicon !== undefined && { lexicon: sentiment.lexicon }),
        signs: sentiment.signs.map(({ start, end, raisedBy, loweredBy, ...sign }) => ({
          word: wordAt(stages, start, end),
          ...sign,
          ...(raisedBy && { raisedBy: [...raisedBy] }),
          ...(loweredBy && { loweredBy: [...loweredBy] }),
        })),
        emoji: sentiment.emoji,
        emphasis: sentiment.emphasis,
        sum: sentiment.sum,
        ...(sentiment.sentiment && { label: sentiment.sentiment.label, score: sentiment.sentiment.score }),
      },
    }),
    ...(judge && { judge: judgementsOf(judge).map(viewJudgement) }),
    ...(codeSwitching && { codeSwitching: codeSwitching.map((span) => span.language) }),
    ...(pii && { pii: { sensitivity: pii.sensitivity, kinds: [...kinds].map(([kind, count]) => ({ kind, count })) } }),
    ...(terms && { terms: terms.map(({ id, parts }) => ({ id, parts: parts.map(({ part, words }) => ({ part, words: [...words] })) })) }),
    ...(towards && { towards: towards.map(viewTarget) }),
    pseudonyms: { post: post.id, author: post.author, authorKeyVersion: Number(post.author.slice(1, post.author.indexOf("_"))), mentions: now.mentions },
    differs,
  };
}

export function viewTrace(trace: PostTrace) {
  const { raw, refusal, places, history } = trace;
  const stages = viewStages(trace);
  const { platform, source, language, sensitivity, region, createdAt, terms } = places.rollups;
  return {
    ...(raw && {
      raw: {
        source: raw.source,
        connector: raw.connector,
        parserVersion: raw.parserVersion,
        receivedAt: iso(raw.receivedAt),
        partition: raw.partition,
        offset: raw.offset,
        index: raw.index,
        masked: maskRaw(raw.bytes),
      },
    }),
    ...(refusal !== undefined && { refusal }),
    ...(stages && { stages }),
    places: {
      partition: places.partition,
      ...(places.postsOffset !== undefined && { postsOffset: places.postsOffset }),
      ...(places.ledger && {
        ledger: { ...places.ledger, counts: places.ledger.counts.map(({ at, ...count }) => ({ ...count, ...(at !== undefined && { at: iso(at) }) })) },
      }),
      ...(places.search && { search: { ...places.search } }),
      ...(places.lake && { lake: { ...places.lake } }),
      rollups: {
        minute: floorTo(createdAt, 60_000),
        hour: floorTo(createdAt, 3_600_000),
        day: floorTo(createdAt, 86_400_000),
        keys: ["", ...terms].map((term) => ({ platform, source, language, sensitivity, region, term })),
      },
    },
    history: {
      changes: history.changes.map(({ at, terms: bears, counts, ...change }) => ({
        ...change,
        at: iso(at),
        ...(bears && { terms: [...bears] }),
        ...(counts && { counts: { ...counts } }),
      })),
      looked: { ...history.looked },
    },
  };
}
