import type { Notes, Sentiment, TowardsLabel, TowardsNote } from "./event.ts";
import { towardsLabels as labels } from "./event.ts";

export interface TargetSentiment {
  readonly kind: "term" | "entity";
  readonly id: string;
  /** Absent: it names the target, and what it says of it is not sure enough. */
  readonly label?: Sentiment["label"];
  /** -1 to 1. */
  readonly score: number;
  /** The stretches of the text that speak of it. */
  readonly places: readonly { readonly start: number; readonly end: number }[];
}

export function packTowards(by: string, targets: readonly TargetSentiment[]): TowardsNote {
  return {
    by,
    of: targets.map(({ kind, id, label, score, places }) => [
      `${kind === "term" ? "t" : "e"}:${id}`,
      labels.indexOf(label ?? "none"),
      Math.round(score * 100),
      places.flatMap(({ start, end }) => [start, end]),
    ]),
  };
}

/** What is noted of each target; of a post that names none, or was not looked at, nothing. */
export function towardsOf(notes: Notes | undefined): readonly TargetSentiment[] {
  return (notes?.towards?.of ?? []).map(([key, label, score, numbers]) => {
    const name = labels[label] ?? "none";
    const places = Array.from({ length: numbers.length >> 1 }, (_, i) => ({ start: numbers[2 * i] ?? 0, end: numbers[2 * i + 1] ?? 0 }));
    return { kind: key.startsWith("t:") ? "term" : "entity", id: key.slice(2), ...(name !== "none" && { label: name }), score: score / 100, places };
  });
}

/** What counts for a brand: what the post says of it; where it was not looked at for that, the sentiment of the whole post. */
export function labelTowards(
  term: string,
  { sentiment, towards }: { readonly sentiment?: Sentiment["label"] | undefined; readonly towards?: Readonly<Record<string, TowardsLabel>> | undefined },
): TowardsLabel {
  return towards?.[term] ?? sentiment ?? "none";
}

/** `brand=negative` of a query; undefined: it is not of that form. */
export function parseTowards(value: string): { readonly term: string; readonly label: TowardsLabel } | undefined {
  const at = value.lastIndexOf("=");
  const label = labels.find((name) => name === value.slice(at + 1));
  return at < 1 || label === undefined ? undefined : { term: value.slice(0, at), label };
}
