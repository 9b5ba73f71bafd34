import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/dialog.tsx";
import { Problem } from "../shell/states.tsx";
import { addSet, changeSet, type SetDraft, type SetView } from "./labels-api.ts";

const empty: SetDraft = { name: "", kind: "classes", classes: [], guidelines: "", perText: 1, splitBy: "author" };

/** Makes a label set, or changes one. */
export function SetForm({
  set,
  onSaved,
  onClose,
  onRemove,
}: {
  /** Absent: a new one. */
  readonly set?: SetView;
  readonly onSaved: (set: SetView) => void;
  readonly onClose: () => void;
  readonly onRemove?: () => void;
}) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<SetDraft>(set ?? empty);
  const [lines, setLines] = useState((set?.classes ?? []).join("\n"));
  const classes = [...new Set(lines.split("\n").map((line) => line.trim()))].filter((line) => line !== "");
  const change = (changes: Partial<SetDraft>) => setDraft((before) => ({ ...before, ...changes }));
  const save = useMutation({
    mutationFn: () => {
      const { name, kind, guidelines, perText, splitBy } = draft;
      const whole = { name: name.trim(), kind, classes, guidelines, perText, splitBy };
      return set === undefined ? addSet(whole) : changeSet(set.id, whole);
    },
    onSuccess: onSaved,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog kind="side" title={set === undefined ? t("labels.form.newTitle") : t("labels.form.editTitle", { name: set.name })} onClose={onClose}>
      <form onSubmit={submit} className="label-form">
        <label className="field">
          {t("labels.form.name")}
          <input value={draft.name} onChange={(event) => change({ name: event.target.value })} required maxLength={100} autoComplete="off" />
        </label>
        {set === undefined && (
          <label className="field">
            {t("labels.form.kind")}
            <select value={draft.kind} onChange={(event) => change({ kind: event.target.value === "spans" ? "spans" : "classes" })}>
              <option value="classes">{t("labels.kinds.classes")}</option>
              <option value="spans">{t("labels.kinds.spans")}</option>
            </select>
          </label>
        )}
        <label className="field">
          {draft.kind === "classes" ? t("labels.form.classes") : t("labels.form.kindsOfSpans")}
          <textarea value={lines} onChange={(event) => setLines(event.target.value)} rows={5} required spellCheck={false} />
        </label>
        <label className="field">
          {t("labels.form.guidelines")}
          <textarea
            value={draft.guidelines}
            onChange={(event) => change({ guidelines: event.target.value })}
            rows={8}
            maxLength={20_000}
            aria-describedby="label-guidelines-hint"
          />
        </label>
        <p className="hint" id="label-guidelines-hint">
          {t("labels.form.guidelinesHint")}
        </p>
        <label className="field">
          {t("labels.form.perText")}
          <input type="number" min={1} max={10} value={draft.perText} onChange={(event) => change({ perText: event.target.valueAsNumber })} required />
        </label>
        <label className="field">
          {t("labels.form.splitBy")}
          <select value={draft.splitBy} onChange={(event) => change({ splitBy: event.target.value === "time" ? "time" : "author" })}>
            <option value="author">{t("labels.form.split.author")}</option>
            <option value="time">{t("labels.form.split.time")}</option>
          </select>
        </label>
        {save.isError && <Problem error={save.error} />}
        <div className="actions">
          <button type="submit" className="main" disabled={save.isPending || classes.length === 0}>
            {set === undefined ? t("labels.make") : t("labels.save")}
          </button>
          {onRemove !== undefined && (
            <button type="button" className="danger" onClick={onRemove}>
              {t("labels.form.remove")}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
