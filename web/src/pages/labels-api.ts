import type { Static } from "typebox";
import type { agreementSchema, drawAnswerSchema, importAnswerSchema, ItemView, SetView, versionRowSchema, versionSchema } from "../../../src/api/label-set-schemas.ts";
import { ask } from "../shell/api.ts";

export type { ItemView, SetView };
export type Span = NonNullable<ItemView["spans"]>[number];
export type Said = { readonly label: string } | { readonly spans: readonly Span[] } | { readonly skipped: true };
export type Agreement = Static<typeof agreementSchema>;
export type VersionRow = Static<typeof versionRowSchema>;
export type ImportAnswer = Static<typeof importAnswerSchema>;
export type DrawAnswer = Static<typeof drawAnswerSchema>;
export interface SetDraft {
  readonly name: string;
  readonly kind: "classes" | "spans";
  readonly classes: readonly string[];
  readonly guidelines: string;
  readonly perText: number;
  readonly splitBy: "author" | "time";
}

const base = "/api/v1/label-sets";
const of = (set: string, rest = "") => `${base}/${encodeURIComponent(set)}${rest}`;
const json = (method: string, body: unknown) => ({ method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export const setsOf = () => ask<{ readonly items: readonly SetView[] }>(base);
export const setOf = (set: string) => ask<SetView>(of(set));
export const addSet = (draft: SetDraft) => ask<SetView>(base, json("POST", draft));
export const changeSet = (set: string, { kind: _kind, ...draft }: SetDraft) => ask<SetView>(of(set), json("PATCH", draft));
export const removeSet = (set: string) => ask<void>(of(set), { method: "DELETE" });

export const nextItems = (set: string, limit: number) => ask<{ readonly items: readonly ItemView[] }>(of(set, `/next?limit=${limit}`));
export const annotate = (set: string, item: string, said: Said, tookMs: number) =>
  ask<ItemView>(of(set, `/items/${item}/annotation`), json("PUT", { ...said, tookMs: Math.min(3_600_000, Math.round(tookMs)) }));
export const undo = (set: string) => ask<{ readonly item: ItemView | null }>(of(set, "/undo"), { method: "POST" });
export const conflictsOf = (set: string, cursor: string | undefined) =>
  ask<{ readonly items: readonly ItemView[]; readonly next: string | null }>(of(set, `/items?state=conflict&limit=20${cursor === undefined ? "" : `&cursor=${cursor}`}`));
export const settle = (set: string, item: string, said: { readonly label?: string | undefined; readonly spans?: readonly Span[] | undefined }) =>
  ask<ItemView>(of(set, `/items/${item}/label`), json("PUT", said));

export const draw = (set: string, asked: { readonly q: string; readonly count: number; readonly how: string }) => ask<DrawAnswer>(of(set, "/draw"), json("POST", asked));
export const reorder = (set: string) => ask<DrawAnswer>(of(set, "/reorder"), { method: "POST" });
export const takeCorrections = (set: string, what: string) => ask<ImportAnswer>(of(set, "/corrections"), json("POST", { what }));
export async function sendFile(set: string, file: File): Promise<ImportAnswer> {
  const as = /\.(?:jsonl|ndjson|json)$/i.test(file.name) ? "jsonl" : /\.(?:conll|bio|iob|txt)$/i.test(file.name) ? "conll" : "csv";
  return ask(of(set, `/import?as=${as}`), { method: "POST", headers: { "content-type": "application/octet-stream" }, body: await file.text() });
}

export const agreementOf = (set: string) => ask<Agreement>(of(set, "/agreement"));
export const versionsOf = (set: string) => ask<{ readonly items: readonly VersionRow[] }>(of(set, "/versions"));
export const freeze = (set: string) => ask<Static<typeof versionSchema>>(of(set, "/versions"), { method: "POST" });
export const exportPath = (set: string, as: string, version?: number) => of(set, `/export?as=${as}${version === undefined ? "" : `&version=${version}`}`);

/** What somebody said, in words. */
export const saidInWords = (said: { readonly label?: string; readonly spans?: readonly Span[] }, text: string, none: string): string =>
  said.label ?? (said.spans === undefined || said.spans.length === 0 ? none : said.spans.map(({ start, end, kind }) => `${kind} “${text.slice(start, end)}”`).join(", "));
