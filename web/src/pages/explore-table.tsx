import { useTranslation } from "react-i18next";
import { download, toCsv } from "../shell/csv.ts";
import { Link } from "../shell/link.tsx";
import { type Column, Table } from "../shell/table.tsx";
import type { ExploreRowView, MetricView } from "./explore-api.ts";
import { changeOf, formatDifference, formatValue, leastBase } from "./explore-lines.ts";

export interface Line {
  readonly id: string;
  readonly name: string;
  readonly now: ExploreRowView | undefined;
  readonly before: ExploreRowView | undefined;
  readonly versus: ExploreRowView | undefined;
  /** Absent: no query says exactly these posts. */
  readonly postsPath: string | undefined;
}

/** Each value with what was before, the difference, and the way to its posts; as CSV too. */
export function ExploreTable({
  metric,
  lines,
  caption,
  withBefore,
  versusName,
}: {
  readonly metric: MetricView;
  readonly lines: readonly Line[];
  readonly caption: string;
  readonly withBefore: boolean;
  readonly versusName: string | undefined;
}) {
  const { t } = useTranslation();
  const told = (row: ExploreRowView | undefined) => formatValue(metric, row?.value ?? (metric.kind === "count" ? 0 : null));
  const percentOf = ({ now, before }: Line) => {
    const { percent, why } = changeOf(metric, now, before);
    if (percent !== undefined) return `${percent > 0 ? "+" : ""}${Math.round(percent * 1_000) / 10}%`;
    return why === "tiny" ? t("explore.tinyBase", { count: leastBase }) : t("explore.noBase");
  };
  const hasPercent = metric.kind === "count" || metric.kind === "mean";
  const columns: Column<Line>[] = [
    { id: "name", name: t("explore.column.name"), cell: (line) => line.name, sortBy: (line) => line.name },
    { id: "now", name: t("explore.column.now"), isFigure: true, cell: (line) => told(line.now), sortBy: (line) => line.now?.value ?? -Infinity },
    ...(metric.kind === "share"
      ? [
          {
            id: "interval",
            name: t("explore.column.interval"),
            isFigure: true,
            cell: (line: Line) => (line.now?.low === undefined ? "–" : `${formatValue(metric, line.now.low)} – ${formatValue(metric, line.now.high)}`),
          },
        ]
      : []),
    ...(versusName === undefined
      ? []
      : [{ id: "versus", name: versusName, isFigure: true, cell: (line: Line) => told(line.versus), sortBy: (line: Line) => line.versus?.value ?? -Infinity }]),
    ...(withBefore
      ? [
          { id: "before", name: t("explore.column.before"), isFigure: true, cell: (line: Line) => told(line.before) },
          {
            id: "change",
            name: t("explore.column.change"),
            isFigure: true,
            cell: (line: Line) => formatDifference(metric, changeOf(metric, line.now, line.before).difference),
            sortBy: (line: Line) => changeOf(metric, line.now, line.before).difference ?? -Infinity,
          },
          ...(hasPercent ? [{ id: "percent", name: t("explore.column.percent"), isFigure: true, cell: percentOf }] : []),
        ]
      : []),
    { id: "posts", name: t("explore.posts"), cell: (line) => (line.postsPath === undefined ? "–" : <Link to={line.postsPath}>{t("explore.posts")}</Link>) },
  ];
  const csv = () => {
    const header = [
      "name",
      metric.id,
      "low",
      "high",
      "posts",
      ...(versusName === undefined ? [] : [`${metric.id} of ${versusName}`]),
      ...(withBefore ? ["before", "posts before", "change"] : []),
    ];
    const rows = lines.map((line) => [
      line.name,
      line.now?.value ?? undefined,
      line.now?.low,
      line.now?.high,
      line.now?.posts,
      ...(versusName === undefined ? [] : [line.versus?.value ?? undefined]),
      ...(withBefore ? [line.before?.value ?? undefined, line.before?.posts, changeOf(metric, line.now, line.before).difference] : []),
    ]);
    download(`${metric.id}.csv`, toCsv([header, ...rows]));
  };
  return (
    <>
      <div className="bar">
        <strong className="grow">{caption}</strong>
        <button type="button" className="plain" aria-label={`CSV: ${caption}`} onClick={csv}>
          CSV
        </button>
      </div>
      <Table caption={caption} columns={columns} rows={lines} rowKey={(line) => line.id} />
    </>
  );
}
