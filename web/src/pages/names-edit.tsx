import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type HTMLInputTypeAttribute, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "../shell/link.tsx";
import { EntryRow } from "../shell/query-builder-entries.tsx";
import { Problem } from "../shell/states.tsx";
import { type EntityAnswer, type EntityDraft, entityKindOf, entityKinds, putEntity } from "./names-api.ts";
import { idFor, type TermAnswer } from "./terms-api.ts";

const lists = ["aliases", "hashtags", "context", "against", "handles"] as const;
const hints = { context: "names.contextHint", against: "names.againstHint", handles: "names.handlesHint" } as const;

/** The definition of an entry. */
export function NameEdit({
  entity,
  terms,
  taken,
  isReadOnly,
  onSaved,
  onRemove,
}: {
  /** Absent: a new one. */
  readonly entity: EntityAnswer | undefined;
  readonly terms: readonly TermAnswer[];
  readonly taken: ReadonlySet<string>;
  readonly isReadOnly: boolean;
  readonly onSaved: (entity: EntityAnswer) => void;
  readonly onRemove: () => void;
}) {
  const { t } = useTranslation();
  const formId = useId();
  const [draft, setDraft] = useState<EntityDraft>(() => {
    if (entity === undefined) return { name: "", kind: "brand", aliases: [], handles: [], hashtags: [], context: [], against: [] };
    const { id: _id, version: _version, changedAt: _changedAt, ...said } = entity;
    return said;
  });
  const id = entity?.id ?? idFor(draft.name, taken);
  const save = useMutation({ mutationFn: () => putEntity(id, { ...draft, name: draft.name.trim() }), onSuccess: onSaved });
  const change = (changes: Partial<EntityDraft>) => setDraft((before) => ({ ...before, ...changes }));
  /** An empty field is no field. */
  const changeText = (field: "term" | "country" | "region", text: string) =>
    setDraft(({ [field]: _before, ...rest }) => (text === "" ? rest : { ...rest, [field]: field === "country" ? text.toLowerCase() : text }));
  const changeNumber = (field: "latitude" | "longitude", text: string) =>
    setDraft(({ [field]: _before, ...rest }) => (text === "" || Number.isNaN(Number(text)) ? rest : { ...rest, [field]: Number(text) }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const field = (name: "country" | "region" | "latitude" | "longitude", type: HTMLInputTypeAttribute, more: object = {}) => (
    <label className="field" htmlFor={`${formId}-${name}`}>
      {t(`names.${name}`)}
      <input
        id={`${formId}-${name}`}
        type={type}
        value={draft[name] ?? ""}
        readOnly={isReadOnly}
        autoComplete="off"
        onChange={(event) => (name === "latitude" || name === "longitude" ? changeNumber(name, event.target.value) : changeText(name, event.target.value))}
        {...more}
      />
    </label>
  );
  return (
    <form onSubmit={submit} className="term-form">
      <div className="term-head">
        <label className="field grow" htmlFor={`${formId}-name`}>
          {t("names.name")}
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
          {t("names.kind")}
          <select id={`${formId}-kind`} value={draft.kind} disabled={isReadOnly} onChange={(event) => change({ kind: entityKindOf(event.target.value) })}>
            {entityKinds.map((kind) => (
              <option key={kind} value={kind}>
                {t(`names.kind_${kind}`)}
              </option>
            ))}
          </select>
        </label>
        <label className="field" htmlFor={`${formId}-term`}>
          {t("names.term")}
          <select id={`${formId}-term`} value={draft.term ?? ""} disabled={isReadOnly} onChange={(event) => changeText("term", event.target.value)}>
            <option value="">{t("names.noTerm")}</option>
            {terms.map((term) => (
              <option key={term.id} value={term.id}>
                {term.name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {lists.map((name) => (
        <EntryRow
          key={name}
          label={t(`names.${name}`)}
          values={draft[name]}
          onChange={(values) => change({ [name]: [...values] })}
          isReadOnly={isReadOnly}
          {...(name in hints && { hint: t(hints[name as keyof typeof hints]) })}
        />
      ))}
      {draft.kind === "place" && (
        <div className="term-head">
          {field("country", "text", { pattern: "[A-Za-z]{2}", maxLength: 2, title: t("names.countryHint") })}
          {field("region", "text", { maxLength: 200 })}
          {field("latitude", "number", { min: -90, max: 90, step: "any" })}
          {field("longitude", "number", { min: -180, max: 180, step: "any" })}
        </div>
      )}
      {save.isError && <Problem error={save.error} />}
      {entity !== undefined && !isReadOnly && (
        <p className="hint">
          <Link to={`/terms?${new URLSearchParams({ new: "brand", name: entity.name, q: `entity:${entity.id}` }).toString()}`}>{t("names.asTerm")}</Link>
        </p>
      )}
      {!isReadOnly && (
        <div className="actions">
          <button type="submit" className="main" disabled={save.isPending || draft.name.trim() === ""}>
            {save.isPending ? t("names.saving") : t("names.save")}
          </button>
          <small className="quiet grow">{id}</small>
          {entity !== undefined && (
            <button type="button" className="danger" onClick={onRemove}>
              {t("names.remove")}
            </button>
          )}
        </div>
      )}
    </form>
  );
}
