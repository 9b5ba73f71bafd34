import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { ask, status } from "../shell/api.ts";
import type { Series } from "../shell/chart.tsx";
import { formatNumber, languageName } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { type Listen, useListen } from "../shell/listen.ts";
import { ListenBar } from "../shell/listen-bar.tsx";
import { go, setQuery, usePlace } from "../shell/place.ts";
import { searchPath } from "../shell/query.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { bucketsOf, type DimensionName, dimensionNames, grainOf, intervalOf, type MetricName, metricNames, type RollupRow, valueOf } from "./explore-figures.ts";
import { queryOf } from "./explore-query.ts";
import "./explore.css";

const TimeChart = lazy(() => import("../shell/time-chart.tsx"));

interface Answer {
  readonly rows: readonly RollupRow[];
  readonly freshAt: string | null;
}
interface Line {
  readonly id: string;
  readonly name: string;
  readonly now: RollupRow | undefined;
  readonly before: RollupRow | undefined;
}

const nameIn = (by: DimensionName | undefined, row: RollupRow): string => (by === undefined ? "" : (row[by] ?? ""));

function rollupPath(listen: Listen, fromMs: number, toMs: number, grain: string, by: DimensionName | undefined): string {
  const query = new URLSearchParams({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), grain });
  if (by !== undefined) query.set("by", by);
  if (listen.terms.length > 0) query.set("term", listen.terms.join(","));
  if (listen.languages.length > 0) query.set("language", listen.languages.join(","));
  if (listen.platforms.length > 0) query.set("platform", listen.platforms.join(","));
  return `/api/v1/rollups?${query.toString()}`;
}

export default function Explore() {
  const { t } = useTranslation();
  const { query } = usePlace();
  const listen = useListen();
  const metric = metricNames.find((name) => name === query.get("metric")) ?? "posts";
  const by = dimensionNames.find((name) => name === query.get("by"));
  const withBefore = query.get("before") !== "no";
  const { grain, everyMs } = grainOf(listen.toMs - listen.fromMs);
  // Whole buckets: the same question twice is the same span.
  const fromMs = Math.floor(listen.fromMs / everyMs) * everyMs;
  const toMs = Math.ceil(listen.toMs / everyMs) * everyMs;
  const beforeMs = fromMs - (toMs - fromMs);
  const key = [fromMs, toMs, by ?? "", listen.terms.join(), listen.languages.join(), listen.platforms.join()];
  const asking = (name: string, from: number, to: number, wanted: string, dimension: DimensionName | undefined, enabled = true) => ({
    queryKey: ["explore", name, ...key],
    queryFn: () => ask<Answer>(rollupPath(listen, from, to, wanted, dimension)),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
    enabled,
  });
  const overTime = useQuery(asking("time", fromMs, toMs, grain, by));
  const whole = useQuery(asking("whole", fromMs, toMs, "all", by));
  const sums = useQuery(asking("sums", fromMs, toMs, "all", undefined));
  const timeBefore = useQuery(asking("time-before", beforeMs, fromMs, grain, undefined, withBefore && by === undefined));
  const wholeBefore = useQuery(asking("whole-before", beforeMs, fromMs, "all", by, withBefore));
  const state = useQuery({ queryKey: ["status"], queryFn: status });
  const shownName = (name: string): string => (by === "language" ? languageName(name) : name === "" ? "–" : name);

  const buckets = bucketsOf(fromMs, toMs, everyMs);
  const seriesOf = (rows: readonly RollupRow[], shiftMs: number, isBefore: boolean): Series[] =>
    [...Map.groupBy(rows, (row) => nameIn(by, row))].map(([name, own]) => {
      const values = new Map(own.map((row) => [Date.parse(row.at ?? ""), valueOf(metric, row)]));
      // Counts of a bucket without a row are zero; shares of nothing are a gap.
      const nothing = ["posts", "authors", "engagement"].includes(metric) ? 0 : undefined;
      const points = buckets.map((at) => [at, values.has(at - shiftMs) ? values.get(at - shiftMs) : nothing] as const);
      return {
        id: isBefore ? `${name} before` : by === undefined ? metric : name,
        name: isBefore ? t("explore.before") : by === undefined ? t(`explore.metrics.${metric}`) : shownName(name),
        points,
        isBefore,
      };
    });
  const series = [...seriesOf(overTime.data?.rows ?? [], 0, false), ...(withBefore && by === undefined ? seriesOf(timeBefore.data?.rows ?? [], toMs - fromMs, true) : [])];
  const before = new Map((withBefore ? (wholeBefore.data?.rows ?? []) : []).map((row) => [nameIn(by, row), row]));
  const lines: Line[] = (whole.data?.rows ?? []).map((row) => {
    const name = nameIn(by, row);
    return { id: name, name: by === undefined ? t("explore.total") : shownName(name), now: row, before: before.get(name) };
  });
  const [total] = sums.data?.rows ?? [];
  const failed = [overTime, whole, sums].find((one) => one.isError);
  const postsPath = (fields: { readonly value?: string; readonly from?: number; readonly to?: number }) =>
    searchPath(queryOf({ listen, fromMs: fields.from ?? fromMs, toMs: fields.to ?? toMs, ...(by !== undefined && fields.value !== undefined && { by, value: fields.value }) }));
  const figure = (value: number | undefined) =>
    value === undefined ? "–" : formatNumber(Math.abs(value) < 10 && !Number.isInteger(value) ? Math.round(value * 1_000) / 1_000 : value);
  const columns: Column<Line>[] = [
    { id: "name", name: t("explore.column.name"), cell: (line) => line.name, sortBy: (line) => line.name },
    {
      id: "now",
      name: t("explore.column.now"),
      isFigure: true,
      cell: (line) => figure(line.now && valueOf(metric, line.now)),
      sortBy: (line) => (line.now && valueOf(metric, line.now)) ?? -Infinity,
    },
    ...(withBefore
      ? ([
          { id: "before", name: t("explore.column.before"), isFigure: true, cell: (line) => figure(line.before && valueOf(metric, line.before)) },
          { id: "change", name: t("explore.column.change"), isFigure: true, cell: (line) => figure(changeOf(metric, line)) },
          {
            id: "percent",
            name: t("explore.column.percent"),
            isFigure: true,
            cell: (line) => {
              const base = line.before && valueOf(metric, line.before);
              const change = changeOf(metric, line);
              return base === undefined || base === 0 || change === undefined ? t("explore.noBase") : `${Math.round((change / Math.abs(base)) * 1_000) / 10}%`;
            },
          },
        ] satisfies Column<Line>[])
      : []),
    ...(metric === "negative" || metric === "unscored"
      ? ([
          {
            id: "interval",
            name: t("explore.column.interval"),
            isFigure: true,
            cell: (line) => {
              const range = line.now && intervalOf(metric, line.now);
              return range === undefined ? "–" : `${figure(range[0])} – ${figure(range[1])}`;
            },
          },
        ] satisfies Column<Line>[])
      : []),
    { id: "posts", name: t("explore.posts"), cell: (line) => <Link to={postsPath({ value: line.id })}>{t("explore.posts")}</Link> },
  ];
  const freshAt = overTime.data?.freshAt;
  const coverage = [
    ...(total === undefined || total.posts === 0 ? [] : [t("explore.coverage.unscored", { share: Math.round((total.unscored / total.posts) * 1_000) / 10 })]),
    ...(state.data?.rejected === undefined ? [] : [t("explore.coverage.rejected", { count: state.data.rejected, formatted: formatNumber(state.data.rejected) })]),
    ...(metric === "authors" && total?.authorsExact === false ? [t("explore.coverage.sketch")] : []),
    ...(metric === "negative" || metric === "unscored" ? [t("explore.coverage.interval")] : []),
    t("explore.coverage.last"),
  ];
  const choose = (label: string, name: string, value: string, options: readonly (readonly [string, string])[]) => (
    <label className="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => setQuery({ [name]: event.target.value })}>
        {options.map(([id, text]) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <section aria-labelledby="explore-title">
      <ListenBar />
      <div className="bar explore-bar">
        <h2 id="explore-title">{t("page.explore")}</h2>
        {choose(
          t("explore.metric"),
          "metric",
          metric,
          metricNames.map((name) => [name, t(`explore.metrics.${name}`)]),
        )}
        {choose(t("explore.by"), "by", by ?? "", [["", t("explore.byNone")], ...dimensionNames.map((name) => [name, t(`explore.dimensions.${name}`)] as const)])}
        <label className="check">
          <input type="checkbox" checked={withBefore} onChange={(event) => setQuery({ before: event.target.checked ? undefined : "no" })} /> {t("explore.compare")}
        </label>
        <About
          data={{
            name: t(`explore.metrics.${metric}`),
            definition: t(`explore.definitions.${metric}`),
            metric: `${metric} 1`,
            ...(typeof freshAt === "string" && { freshAt: Date.parse(freshAt) }),
            coverage,
            postsPath: postsPath({}),
          }}
        />
      </div>
      {failed !== undefined && <Problem error={failed.error} onRetry={() => void failed.refetch()} />}
      {overTime.isPending && <Loading />}
      {total !== undefined && total.posts > 0 && (
        <p className="headline" role="status">
          <strong>{figure(valueOf(metric, total))}</strong> {t(`explore.units.${metric}`)}
        </p>
      )}
      {sums.isSuccess && (total === undefined || total.posts === 0) && <Empty>{t("explore.none")}</Empty>}
      {series.some((one) => one.isBefore !== true) && (
        <Suspense fallback={<Loading />}>
          <TimeChart
            title={t(`explore.metrics.${metric}`)}
            unit={t(`explore.units.${metric}`)}
            series={series}
            isSimulated={state.data?.simulated === "shown"}
            completeBefore={Math.floor(listen.toMs / everyMs) * everyMs}
            onPick={(at) => go(postsPath({ from: at, to: at + everyMs }))}
          />
        </Suspense>
      )}
      {lines.length > 0 && (
        <Table
          caption={t("explore.caption", { by: by === undefined ? t("explore.total") : t(`explore.dimensions.${by}`) })}
          columns={columns}
          rows={lines}
          rowKey={(line) => line.id}
        />
      )}
    </section>
  );
}

function changeOf(metric: MetricName, { now, before }: Line): number | undefined {
  const [a, b] = [now && valueOf(metric, now), before && valueOf(metric, before)];
  return a === undefined || b === undefined ? undefined : a - b;
}
