import type { Notes, Outcome, PiiSpan, SourcePost } from "../core/event.ts";
import type { LanguageSpan } from "../core/language-spans.ts";
import type { EntitySpan } from "../core/judgement.ts";
import { entitiesOf } from "../core/query-match.ts";
import type { Draft, Stage } from "../core/stage.ts";
import { type TargetSentiment, towardsOf } from "../core/towards.ts";
import type { LanguageFinding } from "./language.ts";
import type { SentimentFinding } from "./sentiment.ts";
import type { TermFinding } from "./terms-explain.ts";
import { stageVersion } from "./versions.ts";

/** What the stages made of one post, step by step. */
export interface StagesTrace {
  readonly steps: readonly StageStep[];
  readonly outcome: "keep" | "drop" | "reject";
  /** Why it was dropped or rejected. */
  readonly reason?: string;
  readonly findings: StageFindings;
}

export interface StageStep {
  readonly stage: string;
  readonly version: string;
  readonly outcome: "keep" | "drop" | "reject";
}

export interface StageFindings {
  readonly normalise?: { readonly format: SourcePost["format"]; readonly fromUnits: number; readonly toUnits: number; readonly links: number; readonly hashtags: number };
  /** kept: handles of your own organisation, which stay readable. */
  readonly mentions?: { readonly accounts: number; readonly masked: number; readonly kept: number };
  /** asked: the source keeps only what matches. */
  readonly sieve?: { readonly asked: boolean };
  readonly language?: LanguageFinding;
  readonly sentiment?: SentimentFinding;
  readonly judge?: Notes;
  readonly codeSwitching?: readonly LanguageSpan[];
  /** Names that mean an entry of the register; that bear the name of one and are not linked; places with a country. */
  readonly link?: { readonly entities: readonly string[]; readonly linked: number; readonly unlinked: number; readonly placed: number };
  readonly pii?: { readonly spans: readonly PiiSpan[]; readonly sensitivity: string };
  readonly terms?: readonly TermFinding[];
  readonly towards?: readonly TargetSentiment[];
}

export interface TraceOptions {
  readonly stages: readonly Stage[];
  readonly run: (stage: Stage, draft: Draft) => Outcome<Draft>;
  readonly keep: (source: string) => "everything" | "matching";
  readonly language: { readonly explain: (draft: Draft) => LanguageFinding };
  readonly sentiment: { readonly explain: (draft: Draft) => SentimentFinding };
  readonly terms: { readonly explain: (draft: Draft) => readonly TermFinding[] };
}

export function traceStages(draft: Draft, options: TraceOptions): StagesTrace {
  const steps: StageStep[] = [];
  const findings: StageFindings = {};
  for (const stage of options.stages) {
    const result = options.run(stage, draft);
    const outcome = "keep" in result ? "keep" : "drop" in result ? "drop" : "reject";
    steps.push({ stage: stage.name, version: stageVersion(stage.name), outcome });
    Object.assign(findings, findingOf(stage.name, draft, options));
    if ("drop" in result) return { steps, outcome: "drop", reason: result.drop, findings };
    if ("reject" in result) return { steps, outcome: "reject", reason: `${result.reject.code}: ${result.reject.message}`, findings };
  }
  return { steps, outcome: "keep", findings };
}

function findingOf(stage: string, draft: Draft, { keep, language, sentiment, terms }: TraceOptions): StageFindings {
  switch (stage) {
    case "normalise":
      return {
        normalise: { format: draft.post.format, fromUnits: draft.post.text.length, toUnits: draft.text.length, links: draft.links.length, hashtags: draft.hashtags.length },
      };
    case "mentions": {
      const masked = draft.accountSpans.filter(({ start, end }) => draft.text.slice(start, end).startsWith("@m_")).length;
      return { mentions: { accounts: draft.accountSpans.length, masked, kept: draft.accountSpans.length - masked } };
    }
    case "sieve":
      return { sieve: { asked: keep(draft.source) === "matching" } };
    case "language":
      return { language: language.explain(draft) };
    case "sentiment":
      return { sentiment: sentiment.explain(draft) };
    case "judge":
    case "deep":
      return { judge: draft.notes ?? {} };
    case "code-switching":
      return { codeSwitching: draft.notes?.languages?.spans ?? [] };
    case "link": {
      const spans = draft.notes?.entities?.spans ?? [];
      const count = (holds: (span: EntitySpan) => boolean) => spans.filter(holds).length;
      return {
        link: {
          entities: entitiesOf(draft.notes),
          linked: count((span) => span.link !== undefined),
          unlinked: count((span) => span.candidates !== undefined),
          placed: count((span) => span.place !== undefined),
        },
      };
    }
    case "pii":
      return { pii: { spans: draft.pii, sensitivity: draft.sensitivity } };
    case "terms":
      return { terms: terms.explain(draft) };
    case "towards":
      return { towards: towardsOf(draft.notes) };
    default:
      return {};
  }
}
