import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/dialog.tsx";
import { formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { Loading, Problem } from "../shell/states.tsx";
import { DifferenceMark, figureText, IntervalMark } from "./models-figure.tsx";
import { checkOf, compareOf, type Comparison, type Model, promote, type Task } from "./models-registry-api.ts";

/** Letters of a reason for a promotion by few texts. */
const leastReason = 10;

function Compared({ comparison }: { readonly comparison: Comparison }) {
  const { t } = useTranslation();
  const { a, b, figures, difference, n, leftOut, labelSet, functional, slices, headline } = comparison;
  const name = figureText(t, headline);
  const nameOf = (id: string) => (id === "nobody" ? t("registry.compare.constant") : id === "embedded" ? t("registry.compare.embedded") : id);
  return (
    <>
      <p>{t("registry.compare.on", { n: formatNumber(n), version: labelSet.version, leftOut: formatNumber(leftOut) })}</p>
      <dl className="card">
        <dt>{nameOf(a)}</dt>
        <dd>
          <IntervalMark interval={figures.a} name={name} n={n} />
        </dd>
        <dt>{nameOf(b)}</dt>
        <dd>
          <IntervalMark interval={figures.b} name={name} n={n} />
        </dd>
        <dt>{t("registry.compare.difference")}</dt>
        <dd>
          <DifferenceMark difference={difference} />
        </dd>
        <dt>{t("registry.compare.tests")}</dt>
        <dd>{t("registry.compare.testsAre", { before: `${functional.a.passed} / ${functional.a.cases}`, after: `${functional.b.passed} / ${functional.b.cases}` })}</dd>
        {slices.map(({ by, value, n: texts, difference: of }) => (
          <div key={`${by} ${value}`} style={{ display: "contents" }}>
            <dt>
              {t(`registry.slice.${by}`)}: {value} <span className="quiet">({formatNumber(texts)})</span>
            </dt>
            <dd>
              <DifferenceMark difference={of} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

export function CompareDialog({ a, b, onClose }: { readonly a: string; readonly b: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const compared = useQuery({ queryKey: ["compare", a, b], queryFn: () => compareOf(a, b), retry: false });
  return (
    <Dialog title={t("registry.compare.title")} onClose={onClose}>
      <div className="models-registry">
        {compared.isPending && <Loading what={t("registry.compare.working")} />}
        {compared.isError && <Problem error={compared.error} />}
        {compared.data !== undefined && <Compared comparison={compared.data} />}
      </div>
    </Dialog>
  );
}

/** Says what speaks for and against it, and what will happen, before it does. */
export function PromoteDialog({ model, task, onClose }: { readonly model: Model; readonly task: Task; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const check = useQuery({ queryKey: ["check", model.id], queryFn: () => checkOf(model.id), retry: false });
  const [reason, setReason] = useState("");
  const isGiven = check.data?.overridable === true && reason.trim().length >= leastReason;
  const act = useMutation({
    mutationFn: () => promote(model.id, reason.trim()),
    onSuccess: () => {
      for (const name of ["models", "judged", "notes"]) void client.invalidateQueries({ queryKey: [name] });
      onClose();
    },
  });
  return (
    <Dialog title={t("registry.promote.title", { model: model.id })} onClose={onClose}>
      <div className="models-registry">
        {check.isPending && <Loading what={t("registry.compare.working")} />}
        {check.isError && (
          <>
            <Problem error={check.error} />
            <Link to={`/labels/${model.labelSet.id}`}>{t("models.toLabels")}</Link>
          </>
        )}
        {check.data !== undefined && (
          <>
            <Compared comparison={check.data.comparison} />
            {(check.data.allowed || check.data.overridable) && (
              <p>{t("registry.promote.what", { task: task.task, model: model.id, was: task.judge?.model ?? t("registry.nobody") })}</p>
            )}
            {!check.data.allowed && (
              <div role="alert">
                <strong>{t(check.data.overridable ? "registry.promote.few" : "registry.promote.refused")}</strong>
                <ul>
                  {check.data.reasons.map((speaks) => (
                    <li key={speaks}>{speaks}</li>
                  ))}
                </ul>
                <Link to={`/labels/${model.labelSet.id}`}>{t("models.toLabels")}</Link>
              </div>
            )}
            {check.data.overridable && (
              <label className="field">
                {t("registry.promote.reason", { count: leastReason })}
                <textarea value={reason} rows={2} maxLength={500} onChange={(event) => setReason(event.target.value)} />
              </label>
            )}
          </>
        )}
        {act.isError && <Problem error={act.error} />}
        <div className="actions">
          <button type="button" className="main" disabled={(check.data?.allowed !== true && !isGiven) || act.isPending} onClick={() => act.mutate()}>
            {t("registry.promote.do")}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
