import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { download, toCsv } from "../shell/csv.ts";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { type Bakeoff, type BakeoffRow, bakeoffOf, cancelBakeoff, type MeasuredRow } from "./models-bakeoff-api.ts";
import { DeepModels } from "./models-bakeoff-deep.tsx";
import { BakeoffPlot } from "./models-bakeoff-plot.tsx";
import { BakeoffStart } from "./models-bakeoff-start.tsx";
import "./models-bakeoff.css";

const whileRunningMs = 1_000;
const key = ["bakeoff"];
const percent = (share: number | undefined): string => (share === undefined ? "" : (share * 100).toFixed(1));
const signed = (value: number): string => `${value > 0 ? "+" : ""}${(value * 100).toFixed(1)}`;
const whole = (value: number | undefined): string => (value === undefined ? "" : formatNumber(Math.round(value)));

export default function ModelsBakeoff() {
  const { t } = useTranslation();
  const me = useMe();
  const client = useQueryClient();
  const asked = useQuery({ queryKey: key, queryFn: bakeoffOf, refetchInterval: ({ state }) => (state.data?.bakeoff?.state === "running" ? whileRunningMs : false) });
  const bakeoff = asked.data?.bakeoff ?? undefined;
  const cancel = useMutation({ mutationFn: cancelBakeoff, onSuccess: () => client.invalidateQueries({ queryKey: key }) });
  return (
    <section aria-labelledby="models-bakeoff-title" className="bakeoff">
      <div className="bar">
        <h2 id="models-bakeoff-title">{t("page.bake-off")}</h2>
        <About data={{ name: t("page.bake-off"), definition: t("models.bakeoffPage.about"), metric: "macro-F1", coverage: [t("models.bakeoffPage.aboutNot")] }} />
      </div>
      <p className="hint">{t("models.bakeoffPage.intro")}</p>
      {mayAct(me, "analyst") && <BakeoffStart isBusy={bakeoff?.state === "running"} onStarted={(started) => client.setQueryData(key, { bakeoff: started })} />}
      {asked.isPending && <Loading />}
      {asked.isError && <Problem error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isSuccess && bakeoff === undefined && <Empty action={<Link to="/labels">{t("models.toLabels")}</Link>}>{t("models.bakeoff")}</Empty>}
      {bakeoff?.state === "running" && (
        <div className="bar" role="status">
          <progress value={bakeoff.done} max={Math.max(1, bakeoff.of)} aria-label={t("models.bakeoffPage.running", { task: bakeoff.task, done: bakeoff.done, of: bakeoff.of })} />
          <span>{t("models.bakeoffPage.running", { task: bakeoff.task, done: bakeoff.done, of: bakeoff.of })}</span>
          {mayAct(me, "analyst") && (
            <button type="button" onClick={() => cancel.mutate()}>
              {t("models.bakeoffPage.cancel")}
            </button>
          )}
        </div>
      )}
      {bakeoff?.state === "failed" && (
        <div className="problem" role="alert">
          <strong>{t("models.bakeoffPage.failed")}</strong>
          <p>{bakeoff.error?.message}</p>
        </div>
      )}
      {bakeoff?.state === "done" && <Result bakeoff={bakeoff} />}
      <DeepModels />
    </section>
  );
}

function Result({ bakeoff }: { readonly bakeoff: Bakeoff }) {
  const { t } = useTranslation();
  const { rows = [], gold, task, n = 0, finishedAt = bakeoff.startedAt } = bakeoff;
  const measured = rows.filter((row): row is MeasuredRow => row.figures !== undefined);
  const column = (id: string, pick: (row: BakeoffRow) => string, sortBy?: (row: BakeoffRow) => number): Column<BakeoffRow> => ({
    id,
    name: t(`models.bakeoffPage.columns.${id}`),
    cell: pick,
    ...(sortBy === undefined ? { sortBy: pick } : { isFigure: true, sortBy }),
  });
  const columns: readonly Column<BakeoffRow>[] = [
    { ...column("name", ({ name }) => name), cell: (row) => <code className="long">{row.name}</code> },
    column("kind", ({ kind }) => t(`models.bakeoffPage.kinds.${kind}`)),
    column(
      "macroF1",
      ({ figures }) => (figures === undefined ? "" : `${percent(figures.macroF1.value)} (${percent(figures.macroF1.low)}–${percent(figures.macroF1.high)})`),
      ({ figures }) => figures?.macroF1.value ?? -1,
    ),
    column(
      "difference",
      ({ difference }) => (difference === undefined ? "" : `${signed(difference.value)} (${signed(difference.low)} to ${signed(difference.high)})`),
      ({ difference }) => difference?.value ?? 0,
    ),
    column(
      "cpu",
      ({ figures }) => whole(figures?.cpuMicrosPerPost),
      ({ figures }) => figures?.cpuMicrosPerPost ?? -1,
    ),
    column(
      "time",
      ({ figures }) => whole(figures?.microsPerPost),
      ({ figures }) => figures?.microsPerPost ?? -1,
    ),
    column(
      "memory",
      ({ figures }) => whole(figures?.memoryMb),
      ({ figures }) => figures?.memoryMb ?? -1,
    ),
    column(
      "answered",
      ({ figures }) => percent(figures?.answered),
      ({ figures }) => figures?.answered ?? -1,
    ),
    column("licence", ({ licence }) => licence),
    column(
      "note",
      ({ best, judges, reason }) => reason ?? [judges ? t("models.bakeoffPage.judges") : "", best ? t("models.bakeoffPage.best") : ""].filter((one) => one !== "").join("; "),
    ),
  ];
  const csv = () =>
    download(
      `bakeoff-${task}.csv`,
      toCsv([
        [
          "model",
          "kind",
          "macro_f1",
          "low",
          "high",
          "difference",
          "difference_low",
          "difference_high",
          "accuracy",
          "answered",
          "cpu_us_per_post",
          "us_per_post",
          "memory_mib",
          "licence",
          "best",
          "reason",
        ],
        ...rows.map(({ name, kind, figures, difference, licence, best, reason }) => [
          name,
          kind,
          figures?.macroF1.value,
          figures?.macroF1.low,
          figures?.macroF1.high,
          difference?.value,
          difference?.low,
          difference?.high,
          figures?.accuracy,
          figures?.answered,
          figures?.cpuMicrosPerPost,
          figures?.microsPerPost,
          figures?.memoryMb,
          licence,
          best ? "yes" : "no",
          reason,
        ]),
      ]),
    );
  return (
    <>
      <p>
        {gold.kind === "set" ? t("models.bakeoffPage.onSet", { task, name: gold.name, version: gold.version, count: n }) : t("models.bakeoffPage.onUpload", { task, count: n })}{" "}
        <span className="quiet">
          {bakeoff.actor}, {formatDay(finishedAt)} {formatClock(finishedAt)} UTC
        </span>
      </p>
      {measured.length > 0 && <BakeoffPlot rows={measured} />}
      {rows.length === 0 ? (
        <p>{t("models.bakeoffPage.nobody", { task })}</p>
      ) : (
        <>
          <Table caption={t("models.bakeoffPage.table")} columns={columns} rows={rows} rowKey={(row) => `${row.kind} ${row.name}`} />
          <button type="button" onClick={csv}>
            {t("models.bakeoffPage.csv")}
          </button>
        </>
      )}
    </>
  );
}
