import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay } from "../shell/format.ts";
import { mayAct, useMe } from "../shell/me.ts";
import { Problem } from "../shell/states.tsx";
import { type AnnotationView, type NoteFields, removeNote, saveNote } from "./explore-api.ts";

interface Term {
  readonly id: string;
  readonly name: string;
}

const toField = (at: string): string => at.slice(0, 16);

/** What people noted of the time shown: the marks of the chart as a list, where analysts add, change and remove. */
export function Notes({ notes, terms, atMs }: { readonly notes: readonly AnnotationView[]; readonly terms: readonly Term[]; readonly atMs: number }) {
  const { t } = useTranslation();
  const me = useMe();
  const client = useQueryClient();
  const [editing, setEditing] = useState<string>();
  const [gone, setGone] = useState<AnnotationView>();
  const renew = () => client.invalidateQueries({ queryKey: ["notes"] });
  const remove = useMutation({
    mutationFn: (note: AnnotationView) => removeNote(note.id),
    onSuccess: (_, note) => {
      setGone(note);
      return renew();
    },
  });
  const undo = useMutation({
    mutationFn: ({ at, text, term }: AnnotationView) => saveNote({ at, text, ...(term !== undefined && { term }) }),
    onSuccess: () => {
      setGone(undefined);
      return renew();
    },
  });
  const mayEdit = mayAct(me, "analyst");
  const nameOf = (id: string) => terms.find((term) => term.id === id)?.name ?? id;
  return (
    <section className="notes-list" aria-labelledby="notes-title">
      <div className="bar">
        <h3 id="notes-title" className="grow">
          {t("explore.notes.title")}
        </h3>
        {mayEdit && editing === undefined && (
          <button type="button" onClick={() => setEditing("")}>
            {t("explore.notes.add")}
          </button>
        )}
      </div>
      {editing === "" && <NoteForm terms={terms} atMs={atMs} onDone={() => setEditing(undefined)} />}
      {notes.length === 0 && editing === undefined && <p className="hint">{t("explore.notes.none")}</p>}
      <ul>
        {notes.map((note) =>
          editing === note.id ? (
            <li key={note.id}>
              <NoteForm note={note} terms={terms} atMs={atMs} onDone={() => setEditing(undefined)} />
            </li>
          ) : (
            <li key={note.id} className="bar">
              <time dateTime={note.at}>
                {formatDay(note.at)} {formatClock(note.at).slice(0, 5)}
              </time>
              <span className="grow">
                {note.text} {note.term !== undefined && <span className="tag">{nameOf(note.term)}</span>}{" "}
                <span className="quiet">{t("explore.notes.by", { actor: note.actor, time: formatDay(note.changedAt) })}</span>
              </span>
              {mayEdit && (
                <>
                  <button type="button" className="plain" aria-label={`${t("explore.notes.edit")}: ${note.text}`} onClick={() => setEditing(note.id)}>
                    {t("explore.notes.edit")}
                  </button>
                  <button type="button" className="plain" aria-label={`${t("explore.notes.remove")}: ${note.text}`} onClick={() => remove.mutate(note)}>
                    {t("explore.notes.remove")}
                  </button>
                </>
              )}
            </li>
          ),
        )}
      </ul>
      {(remove.isError || undo.isError) && <Problem error={remove.error ?? undo.error} />}
      {gone !== undefined && (
        <p role="status">
          {t("explore.notes.removed")}{" "}
          <button type="button" className="plain" onClick={() => undo.mutate(gone)}>
            {t("explore.notes.undo")}
          </button>
        </p>
      )}
    </section>
  );
}

function NoteForm({ note, terms, atMs, onDone }: { readonly note?: AnnotationView; readonly terms: readonly Term[]; readonly atMs: number; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [text, setText] = useState(note?.text ?? "");
  const [at, setAt] = useState(toField(note?.at ?? new Date(atMs).toISOString()));
  const [term, setTerm] = useState(note?.term ?? "");
  const save = useMutation({
    mutationFn: (fields: NoteFields) => saveNote(fields, note?.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ["notes"] }).then(onDone),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ at: new Date(`${at}Z`).toISOString(), text: text.trim(), ...(term !== "" && { term }) });
  };
  return (
    <form className="note-form" onSubmit={submit}>
      <label className="field">
        {t("explore.notes.text")}
        <input value={text} onChange={(event) => setText(event.target.value)} required maxLength={300} autoFocus />
      </label>
      <label className="field">
        {t("explore.notes.at")}
        <input type="datetime-local" value={at} onChange={(event) => setAt(event.target.value)} required />
      </label>
      <label className="field">
        {t("explore.notes.term")}
        <select value={term} onChange={(event) => setTerm(event.target.value)}>
          <option value="">{t("explore.notes.all")}</option>
          {terms.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <div className="bar">
        <button type="submit" className="main" disabled={save.isPending}>
          {t("explore.notes.save")}
        </button>
        <button type="button" onClick={onDone}>
          {t("explore.notes.cancel")}
        </button>
      </div>
      {save.isError && <Problem error={save.error} />}
    </form>
  );
}
