import { Type, type Static } from "typebox";
import { queryFields } from "../core/query.ts";
import type { Post } from "../core/event.ts";
import { type EntitySpan, judgementsOf } from "../core/judgement.ts";
import { type TargetSentiment, towardsOf } from "../core/towards.ts";
import { judgementSchema, viewJudgement } from "./judgement-schemas.ts";
import { redactPost } from "../policies/redact.ts";

const text = (description: string) => Type.String({ description });
export const instant = (description: string) => Type.String({ format: "date-time", description });
export const optionalInstant = (description: string) => Type.Optional(instant(description));

export const problemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: text("Stable: see the reference of codes."),
    instance: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(Type.Object({ place: Type.String(), message: Type.String() }))),
  },
  { description: "RFC 9457 problem details." },
);

/** The problems that any route behind the guard may answer with. */
export const problems = {
  "4xx": { description: "The request cannot be served as it is.", content: { "application/problem+json": { schema: problemSchema } } },
  "5xx": { description: "The request may be right; the system cannot serve it now.", content: { "application/problem+json": { schema: problemSchema } } },
} as const;

export const sentimentLabel = Type.Union([Type.Literal("negative"), Type.Literal("neutral"), Type.Literal("positive")]);
export const countsSchema = Type.Object({ likes: Type.Integer(), shares: Type.Integer(), replies: Type.Integer(), views: Type.Integer() });

const linkSchema = Type.Object({ entity: text("Id of an entry of the register of names."), probability: Type.Number({ minimum: 0, maximum: 1 }) });
const entitySpanSchema = Type.Object({
  start: Type.Integer(),
  end: Type.Integer(),
  kind: text("person, organisation, product or place."),
  link: Type.Optional(linkSchema),
  candidates: Type.Optional(Type.Array(linkSchema, { description: "Entries that bear this name, where none is likely enough to be linked." })),
  place: Type.Optional(
    Type.Object(
      {
        name: Type.String(),
        country: Type.String(),
        region: Type.Optional(Type.String()),
        latitude: Type.Optional(Type.Number()),
        longitude: Type.Optional(Type.Number()),
        probability: Type.Number({ minimum: 0, maximum: 1 }),
      },
      { description: "Where a place lies. Cities are those of GeoNames (CC BY 4.0)." },
    ),
  ),
});

export const targetSchema = Type.Object({
  kind: Type.Union([Type.Literal("term"), Type.Literal("entity")]),
  id: Type.String(),
  sentiment: Type.Union([sentimentLabel, Type.Null()], { description: "null: named, and not sure enough what is said of it." }),
  score: Type.Number({ minimum: -1, maximum: 1 }),
  places: Type.Array(Type.Object({ start: Type.Integer(), end: Type.Integer() }), { description: "The stretches of the text that speak of it." }),
});

export function viewTarget({ kind, id, label, score, places }: TargetSentiment): Static<typeof targetSchema> {
  return { kind, id, sentiment: label ?? null, score, places: places.map(({ start, end }) => ({ start, end })) };
}

export const postSchema = Type.Object({
  id: text("Keyed hash of platform and native id."),
  platform: Type.String(),
  source: text("Id of the source that brought it."),
  author: text("Pseudonym."),
  text: text("Plain text; accounts stand in it as @m_…"),
  createdAt: instant("When the platform says that it was made."),
  receivedAt: instant("When it reached Earshot."),
  editedAt: optionalInstant("Last edit."),
  revision: Type.Integer(),
  language: text("BCP 47 primary tag; und where unsure."),
  sentiment: Type.Union([sentimentLabel, Type.Null()], { description: "null: not scored, which is not neutral." }),
  sentimentScore: Type.Union([Type.Number({ minimum: -1, maximum: 1 }), Type.Null()]),
  terms: Type.Array(Type.String(), { description: "Ids of the brands and queries that match." }),
  hashtags: Type.Array(Type.String()),
  links: Type.Array(Type.String()),
  mentions: Type.Array(Type.String()),
  replyTo: Type.Optional(Type.String()),
  root: Type.Optional(Type.String()),
  reshareOf: Type.Optional(Type.String()),
  quoteOf: Type.Optional(Type.String()),
  counts: countsSchema,
  media: Type.Optional(
    Type.Array(Type.Object({ kind: Type.String(), alt: Type.Optional(Type.String()), mimeType: Type.Optional(Type.String()), sizeBytes: Type.Optional(Type.Integer()) })),
  ),
  sensitivity: Type.String(),
  region: Type.String(),
  pii: Type.Optional(Type.Array(Type.Object({ start: Type.Integer(), end: Type.Integer(), kind: Type.String() }))),
  judgements: Type.Optional(Type.Array(judgementSchema)),
  languages: Type.Optional(
    Type.Object(
      {
        model: Type.String(),
        spans: Type.Array(
          Type.Object({
            start: Type.Integer(),
            end: Type.Integer(),
            language: text("BCP 47; hi-Latn is Hindi in Latin letters."),
            confidence: Type.Number({ minimum: 0, maximum: 1 }),
          }),
        ),
      },
      { description: "Where the text is not in its post's one language alone." },
    ),
  ),
  towards: Type.Optional(
    Type.Object(
      { by: text("What judged: a stage, and a model or the lexicon. Only judgements of one version compare."), targets: Type.Array(targetSchema) },
      { description: "What the post says of each term that it names, and of each entry of the register that its names are linked to." },
    ),
  ),
  entities: Type.Optional(
    Type.Object({
      model: Type.String(),
      spans: Type.Array(entitySpanSchema),
    }),
  ),
});
export type PostView = Static<typeof postSchema>;

function viewSpan({ link, candidates, place, ...span }: EntitySpan): Static<typeof entitySpanSchema> {
  return { ...span, ...(link && { link: { ...link } }), ...(candidates && { candidates: candidates.map((one) => ({ ...one })) }), ...(place && { place: { ...place } }) };
}

/** A post as everybody is shown it. */
export const viewPost = (post: Post): PostView => viewWhole(redactPost(post));

/** With the personal data in it: only to who named a purpose that was written down. */
export function viewWhole(post: Post): PostView {
  return {
    id: post.id,
    platform: post.platform,
    source: post.source,
    author: post.author,
    text: post.text,
    createdAt: iso(post.createdAt),
    receivedAt: iso(post.receivedAt),
    ...(post.editedAt !== undefined && { editedAt: iso(post.editedAt) }),
    revision: post.revision,
    language: post.language,
    sentiment: post.sentiment?.label ?? null,
    sentimentScore: post.sentiment?.score ?? null,
    terms: [...post.terms],
    hashtags: [...post.hashtags],
    links: [...post.links],
    mentions: [...post.mentions],
    ...(post.replyTo && { replyTo: post.replyTo }),
    ...(post.root && { root: post.root }),
    ...(post.reshareOf && { reshareOf: post.reshareOf }),
    ...(post.quoteOf && { quoteOf: post.quoteOf }),
    counts: { ...post.counts },
    ...(post.media && {
      media: post.media.map(({ kind, alt, mimeType, sizeBytes }) => ({
        kind,
        ...(alt !== undefined && { alt }),
        ...(mimeType !== undefined && { mimeType }),
        ...(sizeBytes !== undefined && { sizeBytes }),
      })),
    }),
    sensitivity: post.sensitivity,
    region: post.region,
    ...(post.pii && { pii: post.pii.map((span) => ({ ...span })) }),
    ...((post.notes?.judged ?? post.notes?.judgements) && { judgements: judgementsOf(post.notes).map(viewJudgement) }),
    ...(post.notes?.languages && { languages: { model: post.notes.languages.model, spans: post.notes.languages.spans.map((span) => ({ ...span })) } }),
    ...(post.notes?.towards && { towards: { by: post.notes.towards.by, targets: towardsOf(post.notes).map(viewTarget) } }),
    ...(post.notes?.entities && { entities: { model: post.notes.entities.model, spans: post.notes.entities.spans.map(viewSpan) } }),
  };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export const queryParameter = Type.String({
  maxLength: 4_000,
  description: `Words, "phrases", prefix*, AND OR NOT, NEAR/n, ( ), field:value with ${queryFields.join(", ")}, created:2026-01-01..2026-02-01, spelled:word (also where it is hidden, as h4te or h*te). Empty: everything.`,
});
export const limitParameter = (most: number, standard: number) => Type.Integer({ minimum: 1, maximum: most, default: standard });
export const cursorParameter = Type.Optional(Type.String({ maxLength: 2_000, description: "`next` of the page before." }));
