import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { QueryBuilder } from "../shell/query-builder.tsx";
import { EntryRow } from "../shell/query-builder-entries.tsx";
import { QueryPreview } from "../shell/query-builder-preview.tsx";
import { Problem } from "../shell/states.tsx";
import { idFor, kindOf, kinds, putTerm, type TermAnswer, type TermDraft } from "./terms-api.ts";

const firstColour = "#1f5fbf";

/** The definition of a term: a form, beside it what it would find. */
export function TermEdit({
  term,
  start,
  taken,
  isReadOnly,
  onSaved,
  onRemove,
}: {
  /** Absent: a new one. */
  readonly term: TermAnswer | undefined;
  readonly start: TermDraft;
  readonly taken: ReadonlySet<string>;
  readonly isReadOnly: boolean;
  readonly onSaved: (term: TermAnswer) => void;
  readonly onRemove: () => void;
}) {
  const { t } = useTranslation();
  const formId = useId();
  const [draft, setDraft] = useState<TermDraft>(start);
  const id = term?.id ?? idFor(draft.name, taken);
  const save = useMutation({ mutationFn: () => putTerm(id, { ...draft, name: draft.name.trim() }), onSuccess: onSaved });
  const change = (changes: Partial<TermDraft>) => setDraft((before) => ({ ...before, ...changes }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const { colour: _none, ...colourless } = draft;
  return (
    <>
      <form onSubmit={submit} className="term-form">
        <div className="term-head">
          <label className="field grow" htmlFor={`${formId}-name`}>
            {t("terms.name")}
            <input
              id={`${formId}-name`}
              value={draft.name}
              required
              maxLength={200}
              readOnly={isReadOnly}
              autoComplete="off"
              onChange={(event) => change({ name: event.target.value })}
            />
          </label>
          <label className="field" htmlFor={`${formId}-kind`}>
            {t("terms.kind")}
            <select id={`${formId}-kind`} value={draft.kind} disabled={isReadOnly} onChange={(event) => change({ kind: kindOf(event.target.value) })}>
              {kinds.map((kind) => (
                <option key={kind} value={kind}>
                  {t(`terms.kind_${kind}`)}
                </option>
              ))}
            </select>
          </label>
          <div className="field">
            <label htmlFor={`${formId}-colour`}>{t("terms.colour")}</label>
            <span className="colour">
              <input id={`${formId}-colour`} type="color" value={draft.colour ?? firstColour} disabled={isReadOnly} onChange={(event) => change({ colour: event.target.value })} />
              {draft.colour !== undefined && !isReadOnly && (
                <button type="button" className="plain" aria-label={t("terms.colourNone")} onClick={() => setDraft(colourless)}>
                  ×
                </button>
              )}
              {draft.colour === undefined && <span className="quiet">{t("terms.noColour")}</span>}
            </span>
          </div>
        </div>
        <QueryBuilder value={draft.query} onChange={(query) => change({ query })} use="term" isReadOnly={isReadOnly} />
        <EntryRow
          label={t("terms.handles")}
          values={draft.handles}
          onChange={(handles) => change({ handles: handles.map((handle) => handle.replace(/^@/u, "")) })}
          hint={t("terms.handlesHint")}
          isReadOnly={isReadOnly}
        />
        {save.isError && <Problem error={save.error} />}
        {!isReadOnly && (
          <div className="actions">
            <button type="submit" className="main" disabled={save.isPending || draft.name.trim() === "" || draft.query.trim() === ""}>
              {save.isPending ? t("terms.saving") : term === undefined ? t("terms.saveNew") : t("terms.save")}
            </button>
            <small className="quiet grow">
              {t("terms.id", { id })}. {term !== undefined && draft.query !== term.query && t("terms.retagHint")}
            </small>
            {term !== undefined && (
              <button type="button" className="danger" onClick={onRemove}>
                {t("terms.remove")}
              </button>
            )}
          </div>
        )}
      </form>
      <QueryPreview query={draft.query} use="term" />
    </>
  );
}
