import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { setQuery, usePlace } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { figureText, IntervalMark } from "./models-figure.tsx";
import { ModelPanel } from "./models-model.tsx";
import { cancelRun, labelSetsOf, type Model, type Run, retrain, runsOf, type Task, tasksOf, train } from "./models-registry-api.ts";
import { ModelsUse } from "./models-use.tsx";
import { RetrainingSection } from "./models-retraining.tsx";
import { TaskPanel } from "./models-task.tsx";
import "./models-registry.css";

const runningEveryMs = 500;
const when = (at: string): string => `${formatDay(at)} ${formatClock(at).slice(0, 5)}`;
/** The model that judges, where it was trained here. */
const judgeOf = ({ judge, versions }: Task): Model | undefined => versions.find(({ id }) => id === judge?.model);

export default function ModelsRegistry() {
  const { t } = useTranslation();
  const me = useMe();
  const { query } = usePlace();
  const tasks = useQuery({ queryKey: ["models"], queryFn: tasksOf, refetchInterval: 30_000 });
  const items = tasks.data?.items ?? [];
  const models = items.flatMap(({ versions }) => versions);
  const model = models.find(({ id }) => id === query.get("model"));
  const task = items.find((one) => one.task === (model?.task ?? query.get("task")));
  const columns: Column<Task>[] = [
    { id: "task", name: t("registry.column.task"), cell: (row) => row.task, sortBy: (row) => row.task },
    {
      id: "judge",
      name: t("registry.column.judge"),
      cell: ({ judge }) =>
        judge === undefined ? (
          <span className="quiet">{t("registry.nobody")}</span>
        ) : (
          <>
            <code>{judge.model}</code> {judge.stopped !== undefined && <span className="trouble">{t("registry.stopped")}</span>}
            {judge.isOff && <span className="quiet">{t("registry.off")}</span>}
          </>
        ),
    },
    {
      id: "figure",
      name: t("registry.column.figure"),
      cell: (row) => {
        const figures = judgeOf(row)?.figures;
        return figures === null || figures === undefined ? (
          <span className="quiet">{row.judge?.isEmbedded === true ? t("registry.embedded") : t("registry.noFigure")}</span>
        ) : (
          <IntervalMark interval={figures.figure} name={figureText(t, figures.headline)} n={figures.n} />
        );
      },
    },
    {
      id: "since",
      name: t("registry.column.since"),
      cell: ({ judge }) => (judge === undefined || judge.isOff ? "–" : judge.since === undefined ? t("registry.always") : when(judge.since)),
      sortBy: ({ judge }) => judge?.since ?? "",
    },
    { id: "versions", name: t("registry.column.versions"), isFigure: true, cell: ({ versions, embedded }) => formatNumber(versions.length + (embedded === undefined ? 0 : 1)) },
  ];
  return (
    <section aria-labelledby="models-title" className="models-registry">
      <div className="bar">
        <h2 id="models-title">{t("page.models")}</h2>
        <About
          data={{
            name: t("page.models"),
            definition: t("registry.about"),
            metric: "model-figure 1",
            coverage: [t("registry.aboutInterval"), t("registry.aboutGold"), t("registry.aboutVersions")],
          }}
        />
      </div>
      <p className="hint">{t("registry.intro")}</p>
      <ModelsUse />
      {mayAct(me, "analyst") && <Train />}
      <Stopped tasks={items} />
      {tasks.isPending && <Loading />}
      {tasks.isError && <Problem error={tasks.error} onRetry={() => void tasks.refetch()} />}
      {items.length > 0 && (
        <Table caption={t("registry.tasks")} columns={columns} rows={items} rowKey={(row) => row.task} onOpen={(row) => setQuery({ task: row.task, model: undefined })} />
      )}
      {tasks.data !== undefined && models.length === 0 && <Empty action={<Link to="/labels">{t("models.toLabels")}</Link>}>{t("models.registry")}</Empty>}
      {tasks.data !== undefined && <RetrainingSection />}
      {task !== undefined && <TaskPanel key={task.task} task={task} open={model?.id} />}
      {model !== undefined && task !== undefined && <ModelPanel key={model.id} model={model} task={task} />}
    </section>
  );
}

/** Promoted models whose embedded models changed under them, each with the way back in one press. */
function Stopped({ tasks }: { readonly tasks: readonly Task[] }) {
  const { t } = useTranslation();
  const me = useMe();
  const client = useQueryClient();
  const again = useMutation({ mutationFn: retrain, onSuccess: () => client.invalidateQueries({ queryKey: ["model-runs"] }) });
  const stopped = tasks.filter(({ judge }) => judge?.stopped !== undefined);
  if (stopped.length === 0) return null;
  return (
    <div role="alert" className="trouble">
      {stopped.map((task) => {
        const model = judgeOf(task);
        return (
          <div key={task.task}>
            <p>{t("registry.stoppedWhy", { task: task.task, model: task.judge?.model ?? "", reason: task.judge?.stopped ?? "" })}</p>
            {mayAct(me, "analyst") && model !== undefined && (
              <button type="button" disabled={again.isPending} onClick={() => again.mutate(model.id)}>
                {t("registry.retrain", { name: model.labelSet.name, version: model.labelSet.version })}
              </button>
            )}
          </div>
        );
      })}
      {again.isSuccess && <p>{t("registry.retraining")}</p>}
      {again.isError && <Problem error={again.error} />}
    </div>
  );
}

function Train() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const sets = useQuery({ queryKey: ["label-sets"], queryFn: labelSetsOf });
  const runs = useQuery({
    queryKey: ["model-runs"],
    queryFn: runsOf,
    refetchInterval: ({ state }) => (state.data?.items[0]?.state === "running" ? runningEveryMs : false),
  });
  const { query } = usePlace();
  const [isStacked, setStacked] = useState(true);
  const usable = sets.data?.items.filter(({ kind }) => kind === "classes") ?? [];
  const set = usable.find(({ id }) => id === query.get("set"))?.id ?? "";
  const begin = useMutation({ mutationFn: () => train({ set, stacked: isStacked }), onSuccess: () => client.invalidateQueries({ queryKey: ["model-runs"] }) });
  const run = runs.data?.items[0];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    begin.mutate();
  };
  if (sets.isError) return <Problem error={sets.error} />;
  if (usable.length === 0) return null;
  return (
    <section aria-labelledby="train-title">
      <h3 id="train-title">{t("registry.train.title")}</h3>
      <form className="bar" onSubmit={submit}>
        <label className="field">
          {t("registry.train.set")}
          <select value={set} required onChange={(event) => setQuery({ set: event.target.value }, "replace")}>
            <option value="">{t("registry.train.choose")}</option>
            {usable.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label className="check">
          <input type="checkbox" checked={isStacked} onChange={(event) => setStacked(event.target.checked)} /> {t("registry.train.stacked")}
        </label>
        <button type="submit" className="main" disabled={set === "" || begin.isPending || run?.state === "running"}>
          {t("registry.train.begin")}
        </button>
        <span className="quiet">{t("registry.train.about")}</span>
      </form>
      {begin.isError && <Problem error={begin.error} />}
      {run !== undefined && <RunState run={run} />}
    </section>
  );
}

function RunState({ run }: { readonly run: Run }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const cancel = useMutation({ mutationFn: () => cancelRun(run.id), onSuccess: () => client.invalidateQueries({ queryKey: ["model-runs"] }) });
  const { step, model } = run;
  // What came of it is listed once it is there.
  useEffect(() => void client.invalidateQueries({ queryKey: ["models"] }), [client, run.id, run.state]);
  const done = step === undefined ? 0 : (step.fit - 1 + step.epoch / step.epochs) / step.fits;
  return (
    <div role="status" className="run">
      {run.state === "running" ? (
        <>
          <label className="field">
            {t("registry.run.running", { task: run.task, version: run.version })}
            <progress value={done} max={1} />
          </label>
          {step !== undefined && (
            <span className="quiet">
              {t("registry.run.step", { fit: step.fit, fits: step.fits, epoch: step.epoch, loss: step.loss.toFixed(3) })}
              {step.heldBackLoss !== undefined && ` ${t("registry.run.heldBack", { loss: step.heldBackLoss.toFixed(3) })}`}
            </span>
          )}
          <button type="button" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
            {t("registry.run.cancel")}
          </button>
        </>
      ) : run.state === "failed" ? (
        <p className="trouble">{t("registry.run.failed", { message: run.error?.message ?? "" })}</p>
      ) : run.state === "cancelled" ? (
        <p>{t("registry.run.cancelled")}</p>
      ) : (
        <p>
          {t("registry.run.done")} {model !== undefined && <Link to={`/models?model=${encodeURIComponent(model)}`}>{model}</Link>}
        </p>
      )}
    </div>
  );
}
