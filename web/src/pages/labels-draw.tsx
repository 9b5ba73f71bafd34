import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatNumber } from "../shell/format.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { draw, type DrawAnswer, type ImportAnswer, reorder, sendFile, type SetView, takeCorrections } from "./labels-api.ts";

const hows = ["uncertain", "diverse", "random"] as const;
interface Part {
  readonly set: SetView;
  readonly onChanged: () => void;
}

/** Chooses stored posts to label next, and says by what. */
export function Draw({ set, onChanged }: Part) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState({ q: "", count: 50, how: "uncertain" as (typeof hows)[number] });
  const [done, setDone] = useState<string>();
  const sayWho = ({ model }: DrawAnswer) => (model === undefined ? t("labels.draw.byNone") : t("labels.draw.by", { model }));
  const drawing = useMutation({
    mutationFn: () => draw(set.id, asked),
    onMutate: () => setDone(undefined),
    onSuccess: (answer) => {
      setDone(`${t("labels.draw.done", { count: answer.added, of: formatNumber(answer.of) })} ${asked.how === "uncertain" ? sayWho(answer) : ""}`);
      onChanged();
    },
  });
  const ordering = useMutation({
    mutationFn: () => reorder(set.id),
    onMutate: () => setDone(undefined),
    onSuccess: (answer) => setDone(`${t("labels.draw.reordered", { of: formatNumber(answer.of) })} ${sayWho(answer)}`),
  });
  const isBusy = drawing.isPending || ordering.isPending;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    drawing.mutate();
  };
  return (
    <form onSubmit={submit} className="label-draw">
      <h3>{t("labels.draw.title")}</h3>
      <label className="field">
        {t("labels.draw.q")}
        <input value={asked.q} onChange={(event) => setAsked({ ...asked, q: event.target.value })} maxLength={4_000} spellCheck={false} />
      </label>
      <div className="bar">
        <label className="field">
          {t("labels.draw.count")}
          <input type="number" min={1} max={500} value={asked.count} onChange={(event) => setAsked({ ...asked, count: event.target.valueAsNumber })} required />
        </label>
        <label className="field">
          {t("labels.draw.how")}
          <select value={asked.how} onChange={(event) => setAsked({ ...asked, how: hows.find((how) => how === event.target.value) ?? "uncertain" })}>
            {hows.map((how) => (
              <option key={how} value={how}>
                {t(`labels.draw.hows.${how}`)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p className="hint">{t("labels.draw.hint")}</p>
      <div className="actions">
        <button type="submit" className="main" disabled={isBusy}>
          {t("labels.draw.action")}
        </button>
        {set.progress.byState.open > 1 && (
          <button type="button" disabled={isBusy} onClick={() => ordering.mutate()}>
            {t("labels.draw.reorder")}
          </button>
        )}
      </div>
      {isBusy && <Loading />}
      {done !== undefined && <p role="status">{done}</p>}
      {drawing.isError && <Problem error={drawing.error} />}
      {ordering.isError && <Problem error={ordering.error} />}
    </form>
  );
}

/** Texts from files, and what people corrected at single posts. */
export function TextsIn({ set, onChanged }: Part) {
  const { t } = useTranslation();
  const [answer, setAnswer] = useState<ImportAnswer>();
  const onSuccess = (told: ImportAnswer) => {
    setAnswer(told);
    onChanged();
  };
  const sending = useMutation({ mutationFn: (file: File) => sendFile(set.id, file), onMutate: () => setAnswer(undefined), onSuccess });
  const correcting = useMutation({ mutationFn: (what: string) => takeCorrections(set.id, what), onMutate: () => setAnswer(undefined), onSuccess });
  return (
    <section aria-labelledby="label-file-title">
      <h3 id="label-file-title">{t("labels.file.title")}</h3>
      <p className="hint">{t("labels.file.hint")}</p>
      <label className="field">
        {t("labels.file.choose")}
        <input
          type="file"
          accept=".csv,.tsv,.jsonl,.ndjson,.conll,.bio,.iob,.txt"
          disabled={sending.isPending}
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file !== undefined) sending.mutate(file);
            event.target.value = "";
          }}
        />
      </label>
      {set.kind === "classes" && (
        <div className="actions">
          {(["sentiment", "language"] as const).map((what) => (
            <button key={what} type="button" disabled={correcting.isPending} onClick={() => correcting.mutate(what)}>
              {t("labels.file.corrections", { what: t(`labels.file.what.${what}`) })}
            </button>
          ))}
        </div>
      )}
      {(sending.isPending || correcting.isPending) && <Loading />}
      {answer !== undefined && (
        <div role="status">
          <p>
            {t("labels.file.done", {
              added: formatNumber(answer.added),
              labels: formatNumber(answer.labels),
              known: formatNumber(answer.known),
              rejected: formatNumber(answer.rejected),
            })}
          </p>
          <ul>
            {answer.faults.slice(0, 10).map((fault) => (
              <li key={fault.line}>
                {t("labels.file.fault", { line: fault.line, message: fault.message })} <code>{fault.code}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
      {sending.isError && <Problem error={sending.error} />}
      {correcting.isError && <Problem error={correcting.error} />}
    </section>
  );
}
