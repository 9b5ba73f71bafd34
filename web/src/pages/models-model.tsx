import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { figureText, IntervalMark } from "./models-figure.tsx";
import { CompareDialog, PromoteDialog } from "./models-promote.tsx";
import { type Figures, type Functional, type Model, type Task, testModel } from "./models-registry-api.ts";
import { ShadowPart } from "./models-shadow.tsx";

const percent = (share: number): string => `${Math.round(share * 100)}%`;

/** A model: its card, its figures by slice, its functional tests, what it says beside. */
export function ModelPanel({ model, task }: { readonly model: Model; readonly task: Task }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const me = useMe();
  const [open, setOpen] = useState<"promote" | "compare">();
  const renew = () => client.invalidateQueries({ queryKey: ["models"] });
  const test = useMutation({ mutationFn: () => testModel(model.id), onSuccess: renew });
  const { parameters, figures, functional, labelSet } = model;
  const judges = task.judge?.model === model.id;
  const card: readonly (readonly [string, string])[] = [
    [t("registry.card.state"), t(`registry.state.${model.state}`)],
    [t("registry.card.data"), t("registry.card.dataIs", { name: labelSet.name, version: labelSet.version, hash: labelSet.hash.slice(0, 12) })],
    [t("registry.card.texts"), t("registry.card.textsAre", { texts: formatNumber(parameters.texts), validation: formatNumber(parameters.validation) })],
    [t("registry.card.chosenBy"), t(parameters.chosenBy === "validation" ? "registry.card.byValidation" : "registry.card.byFolds")],
    [t("registry.card.classes"), model.classes.map((name) => t("registry.card.threshold", { name, threshold: (parameters.thresholds[name] ?? 0).toFixed(2) })).join(", ")],
    [t("registry.card.stacked"), parameters.stacked.length === 0 ? t("registry.card.notStacked") : parameters.stacked.join(", ")],
    [t("registry.card.weights"), t("registry.card.weightsAre", { hash: model.weightsSha256.slice(0, 16), kb: formatNumber(Math.ceil(model.weightsBytes / 1_000)) })],
    [t("registry.card.code"), model.codeVersion],
    [t("registry.card.training"), t("registry.card.trainingIs", { epochs: parameters.epochs, temperature: parameters.temperature.toFixed(2), seed: parameters.seed })],
    [t("registry.card.by"), t("registry.by", { actor: model.actor, at: `${formatDay(model.at)} ${formatClock(model.at).slice(0, 5)} UTC` })],
    [t("registry.card.use"), t("registry.card.useIs")],
  ];
  return (
    <section aria-labelledby="model-title">
      <div className="bar">
        <h3 id="model-title">
          <code>{model.id}</code>
        </h3>
        {mayAct(me, "analyst") && task.judge !== undefined && !judges && (
          <button type="button" onClick={() => setOpen("compare")}>
            {t("registry.compare.open", { model: task.judge.model })}
          </button>
        )}
        {mayAct(me, "admin") && !judges && (
          <button type="button" className="main" onClick={() => setOpen("promote")}>
            {t("registry.promote.open")}
          </button>
        )}
        {mayAct(me, "analyst") && (
          <button type="button" disabled={test.isPending} onClick={() => test.mutate()}>
            {t("registry.test")}
          </button>
        )}
      </div>
      {test.isError && <Problem error={test.error} />}
      <dl className="card">
        {card.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {figures === null ? (
        <p className="hint">
          {t("registry.noGoldHint")} <Link to={`/labels/${labelSet.id}`}>{t("models.toLabels")}</Link>
        </p>
      ) : (
        <FiguresPart figures={figures} />
      )}
      {functional !== null && functional.cases > 0 && <FunctionalPart functional={functional} />}
      {mayAct(me, "analyst") && <ShadowPart model={model} />}
      {open === "promote" && <PromoteDialog model={model} task={task} onClose={() => setOpen(undefined)} />}
      {open === "compare" && task.judge !== undefined && (
        <CompareDialog a={task.judge.isEmbedded ? "embedded" : task.judge.model} b={model.id} onClose={() => setOpen(undefined)} />
      )}
    </section>
  );
}

function FiguresPart({ figures }: { readonly figures: Figures }) {
  const { t } = useTranslation();
  const name = figureText(t, figures.headline);
  const columns: Column<Figures["slices"][number]>[] = [
    { id: "slice", name: t("registry.slice.of"), cell: ({ by, value }) => `${t(`registry.slice.${by}`)}: ${value}`, sortBy: ({ by, value }) => `${by} ${value}` },
    { id: "n", name: t("registry.slice.texts"), isFigure: true, cell: ({ n }) => formatNumber(n), sortBy: ({ n }) => n },
    {
      id: "figure",
      name: t("registry.column.figure"),
      cell: ({ figure, n }) => (figure === undefined ? <span className="quiet">{t("registry.slice.few")}</span> : <IntervalMark interval={figure} name={name} n={n} />),
      sortBy: ({ figure }) => figure?.value ?? 0,
    },
  ];
  return (
    <>
      <h4>{t("registry.figures", { n: formatNumber(figures.n) })}</h4>
      <p>
        <IntervalMark interval={figures.figure} name={name} n={figures.n} />
      </p>
      <p>
        {t("registry.more", {
          accuracy: percent(figures.accuracy),
          classes: Object.entries(figures.f1PerClass)
            .map(([label, f1]) => `${label} ${percent(f1)}`)
            .join(", "),
          calibration: figures.calibrationError.toFixed(3),
          posts: formatNumber(figures.postsPerCpuSecond),
        })}
      </p>
      <p className="quiet">
        {t("registry.faithful", { ranked: percent(figures.faithfulness.ranked), random: percent(figures.faithfulness.random), count: figures.faithfulness.texts })}
      </p>
      {figures.slices.length > 0 && <Table caption={t("registry.slices")} columns={columns} rows={figures.slices} rowKey={({ by, value }) => `${by} ${value}`} />}
    </>
  );
}

function FunctionalPart({ functional }: { readonly functional: Functional }) {
  const { t } = useTranslation();
  return (
    <>
      <h4>{t("registry.tests.title", { passed: formatNumber(functional.passed), cases: formatNumber(functional.cases) })}</h4>
      <p className="quiet">{t("registry.tests.about")}</p>
      <ul className="plain-list">
        {functional.capabilities.map(({ capability, cases, passed, failed }) => (
          <li key={capability}>
            {failed.length === 0 ? (
              t("registry.tests.capability", { capability, passed, cases })
            ) : (
              <details>
                <summary>{t("registry.tests.capability", { capability, passed, cases })}</summary>
                <ul>
                  {failed.map(({ text, expected, said }) => (
                    <li key={text}>{t("registry.tests.failed", { text, expected, said })}</li>
                  ))}
                </ul>
              </details>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
