import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/dialog.tsx";
import { formatClock, formatDay, formatNumber, languageName } from "../shell/format.ts";
import { setQuery, usePlace } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { type LineView, linesOf, nameOf } from "./topics-api.ts";
import { Course, Mood, TopicDetail } from "./topics-parts.tsx";
import { riverOf } from "./topics-river.ts";

const [width, height] = [960, 260];
const drawn = 8;
const hourMs = 3_600_000;
const sumOf = (line: LineView): number => line.hours.reduce((sum, { posts }) => sum + posts, 0);
const moodOf = (line: LineView) =>
  line.hours.reduce(
    (sum, { sentiment }) => ({
      negative: sum.negative + sentiment.negative,
      neutral: sum.neutral + sentiment.neutral,
      positive: sum.positive + sentiment.positive,
      unscored: sum.unscored + sentiment.unscored,
    }),
    { negative: 0, neutral: 0, positive: 0, unscored: 0 },
  );
const timeOf = (at: string): string => `${formatDay(at)} ${formatClock(at).slice(0, 5)}`;

/** Topics as they go on: a river of the largest, and a table of all. */
export function TopicLines({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }) {
  const { t } = useTranslation();
  const { query } = usePlace();
  const [from, to] = [Math.floor(fromMs / hourMs) * hourMs, Math.ceil(toMs / hourMs) * hourMs];
  const found = useQuery({ queryKey: ["topic-lines", from, to], queryFn: ({ signal }) => linesOf(from, to, signal) });
  if (found.isPending) return <Loading />;
  if (found.isError) return <Problem error={found.error} onRetry={() => void found.refetch()} />;
  const { items, hours } = found.data;
  if (items.length === 0) return <Empty>{t("topics.lines.none")}</Empty>;
  const byId = new Map(items.map((line) => [line.id, line]));
  const named = (id: string | undefined): string => {
    const line = id === undefined ? undefined : byId.get(id);
    return line === undefined ? (id ?? "") : nameOf(line);
  };
  const times = hours.map(({ at }) => Date.parse(at));
  const open = byId.get(query.get("line") ?? "");
  const columns: readonly Column<LineView>[] = [
    {
      id: "topic",
      name: t("topics.topic"),
      cell: (line) => {
        const place = items.indexOf(line);
        return (
          <span className="topic-name">
            {place < drawn && (
              <svg className="time-chart" width="10" height="10" aria-hidden="true">
                <rect className={`block series-${place}`} width="10" height="10" />
              </svg>
            )}
            {nameOf(line)}
          </span>
        );
      },
      sortBy: nameOf,
    },
    { id: "language", name: t("topics.language"), cell: (line) => languageName(line.language), sortBy: (line) => line.language },
    { id: "posts", name: t("topics.lines.total"), isFigure: true, cell: (line) => `≈${formatNumber(sumOf(line))}`, sortBy: sumOf },
    { id: "mood", name: t("topics.sentiment"), cell: (line) => <Mood sentiment={moodOf(line)} /> },
    {
      id: "course",
      name: t("topics.course"),
      cell: (line) => <Course name={nameOf(line)} series={times.map((at) => line.hours.find((hour) => Date.parse(hour.at) === at)?.posts ?? 0)} />,
    },
    { id: "born", name: t("topics.lines.born"), cell: (line) => timeOf(line.bornAt), sortBy: (line) => line.bornAt },
    { id: "last", name: t("topics.lines.last"), cell: (line) => timeOf(line.lastAt), sortBy: (line) => line.lastAt },
    { id: "from", name: t("topics.lines.from"), cell: (line) => line.parents.map(named).join("; ") },
    { id: "into", name: t("topics.lines.into"), cell: (line) => named(line.into) },
  ];
  return (
    <>
      <p className="hint">{t("topics.lines.intro")}</p>
      <River lines={items.slice(0, drawn)} times={times} />
      <p className="quiet">{t("topics.lines.hours", { hours: formatNumber(hours.length) })}</p>
      <Table caption={t("topics.lines.caption")} columns={columns} rows={items} rowKey={(line) => line.id} onOpen={(line) => setQuery({ line: line.id })} />
      {open !== undefined && (
        <Dialog key={open.id} kind="side" title={nameOf(open)} onClose={() => setQuery({ line: undefined })}>
          <TopicDetail topic={open} fromMs={Date.parse(open.bornAt)} toMs={Date.parse(open.lastAt) + hourMs} />
        </Dialog>
      )}
    </>
  );
}

function River({ lines, times }: { readonly lines: readonly LineView[]; readonly times: readonly number[] }) {
  const { t } = useTranslation();
  const bands = riverOf(lines, times, width, height);
  const byId = new Map(bands.map((band) => [band.line.id, band]));
  const links = bands.flatMap((band) => [
    ...band.line.parents.flatMap((id) => {
      const parent = byId.get(id);
      return parent === undefined ? [] : [{ key: `${id} ${band.line.id}`, from: parent.start, to: band.start }];
    }),
    ...(band.line.into === undefined ? [] : [byId.get(band.line.into)]).flatMap((heir) =>
      heir === undefined ? [] : [{ key: `${band.line.id} ${heir.line.id}`, from: band.end, to: heir.end }],
    ),
  ]);
  const [first, last] = [times[0], times.at(-1)];
  return (
    <figure className="time-chart river" aria-labelledby="river-title">
      <figcaption id="river-title">{t("topics.lines.title")}</figcaption>
      <svg viewBox={`0 0 ${width} ${height + 18}`} role="img" aria-labelledby="river-title">
        {bands.map((band, i) => (
          <path key={band.line.id} className={`block series-${i}`} d={band.path}>
            <title>{nameOf(band.line)}</title>
          </path>
        ))}
        {links.map(({ key, from, to }) => (
          <path key={key} className="river-link" d={`M${from.join(",")}L${to.join(",")}`} />
        ))}
        {first !== undefined && <text x="0" y={height + 14}>{`${timeOf(new Date(first).toISOString())} UTC`}</text>}
        {last !== undefined && (
          <text x={width} y={height + 14} textAnchor="end">
            {timeOf(new Date(last).toISOString())}
          </text>
        )}
      </svg>
    </figure>
  );
}
