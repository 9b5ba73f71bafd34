import { type KeyboardEvent, type PointerEvent, useId, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Series, TimeChartProps } from "./chart.tsx";
import { download, toCsv } from "./csv.ts";
import { formatNumber } from "./format.ts";
import { useWidth } from "./use-width.ts";
import "./time-chart.css";

const usualWidth = 760;
const leastWidth = 240;
const left = 48;
const bottom = 20;
const top = 8;
const mostSeries = 8;

/** 1, 2 or 5 times a power of ten, at or above the value. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

const dayAndHour = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });
const dayOnly = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
const hourOnly = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });

/** The largest seven, and the rest as one. */
function fewSeries(series: readonly Series[], other: string): readonly Series[] {
  const own = series.filter((one) => one.isBefore !== true);
  if (own.length <= mostSeries) return series;
  const total = (one: Series) => one.points.reduce((sum, [, value]) => sum + (value ?? 0), 0);
  const sorted = own.toSorted((a, b) => total(b) - total(a));
  const rest = sorted.slice(mostSeries - 1);
  const sums = new Map<number, number>();
  for (const one of rest) for (const [at, value] of one.points) sums.set(at, (sums.get(at) ?? 0) + (value ?? 0));
  return [...sorted.slice(0, mostSeries - 1), { id: "other", name: other, points: [...sums].sort(([a], [b]) => a - b) }, ...series.filter((one) => one.isBefore === true)];
}

const plain = (value: number | undefined): string => (value === undefined ? "–" : formatNumber(Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 1_000) / 1_000));
const percent = (value: number | undefined): string => (value === undefined ? "–" : `${formatNumber(Math.round(value * 1_000) / 10)}%`);
const longestNote = 28;
const notesBeside = 3;

/** A figure over time: from zero, gaps hatched and never bridged, exact values by pointer and by arrow keys, as a table and as CSV. */
export default function TimeChart(props: TimeChartProps) {
  const { title, unit, kind = "line", isSimulated = false, notes = [], completeBefore = Infinity, onPick, heightPx = 220, isPercent = false } = props;
  const { t } = useTranslation();
  const format = isPercent ? percent : plain;
  const id = useId();
  const frame = useRef<SVGSVGElement>(null);
  const [at, setAt] = useState<number>();
  /** Which of the lines is meant, by its place. */
  const [on, setOn] = useState(0);
  const [asTable, setAsTable] = useState(false);
  const wide = useWidth(frame, !asTable, usualWidth, leastWidth);
  const series = useMemo(() => fewSeries(props.series, t("chart.other")), [props.series, t]);
  const own = series.filter((one) => one.isBefore !== true);
  const times = useMemo(() => [...new Set(own.flatMap((one) => one.points.map(([time]) => time)))].sort((a, b) => a - b), [own]);
  const values = useMemo(() => new Map(series.map((one) => [one.id, new Map(one.points)])), [series]);
  const valueOf = (one: Series, index: number): number | undefined => {
    if (one.isBefore !== true) return values.get(one.id)?.get(times[index] ?? NaN);
    return one.points[index]?.[1];
  };
  const stackTop = (index: number) => own.reduce((sum, one) => sum + Math.max(0, valueOf(one, index) ?? 0), 0);
  const all = times.flatMap((_, index) => (kind === "stacked" ? [stackTop(index)] : series.map((one) => valueOf(one, index) ?? 0)));
  const most = niceAbove(Math.max(0, ...all) || 1);
  const least = Math.min(0, ...all) < 0 ? -niceAbove(-Math.min(...all)) : 0;
  const plot = { width: wide - left - 8, height: heightPx - bottom - top };
  const step = plot.width / Math.max(1, times.length);
  const x = (index: number) => left + step * (index + 0.5);
  const y = (value: number) => top + plot.height * (1 - (value - least) / (most - least));
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const axis = (time: number) => (span > 3 * 86_400_000 ? dayOnly : hourOnly).format(time);
  const ticks =
    times.length === 0
      ? []
      : (wide < 480 ? [0, 2, 4] : [0, 1, 2, 3, 4]).map((part) => Math.round(((times.length - 1) * part) / 4)).filter((index, i, list) => list.indexOf(index) === i);
  const isGap = (index: number) => own.every((one) => valueOf(one, index) === undefined);

  const lineOf = (one: Series): string => {
    let path = "";
    let isDown = false;
    for (let index = 0; index < times.length; index++) {
      const value = valueOf(one, index);
      if (value !== undefined) path += `${isDown ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
      isDown = value !== undefined;
    }
    return path;
  };
  /** The line, or the part of a stack, that lies nearest to a height. */
  const nearest = (index: number, height: number): number => {
    let base = 0;
    const distances = own.map((one) => {
      const value = valueOf(one, index) ?? 0;
      const middle = kind === "stacked" ? base + value / 2 : value;
      base += value;
      return Math.abs(y(middle) - height);
    });
    return Math.max(0, distances.indexOf(Math.min(...distances)));
  };
  const placeOf = (event: { readonly clientX: number; readonly clientY: number }) => {
    const box = frame.current?.getBoundingClientRect();
    if (box === undefined || times.length === 0) return undefined;
    const index = Math.max(0, Math.min(times.length - 1, Math.floor((((event.clientX - box.left) / box.width) * wide - left) / step)));
    return { index, line: nearest(index, ((event.clientY - box.top) / box.height) * heightPx) };
  };
  const pointAt = (event: PointerEvent) => {
    const place = placeOf(event);
    if (place === undefined) return;
    setAt(place.index);
    setOn(place.line);
  };
  const pick = (index: number | undefined, line: number) => {
    const [time, one] = [times[index ?? -1], own[line] ?? own[0]];
    // What is summed up as the rest has no way of its own.
    if (time !== undefined && one !== undefined && one.id !== "other") onPick?.(time, one);
  };
  const onKey = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const over = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by !== 0) {
      event.preventDefault();
      setAt(Math.max(0, Math.min(times.length - 1, (at ?? (by > 0 ? -1 : times.length)) + by)));
    } else if (over !== 0 && own.length > 1) {
      event.preventDefault();
      setOn((on + over + own.length) % own.length);
    } else if (event.key === "Enter") pick(at, on);
    else if (event.key === "Escape") setAt(undefined);
  };
  const header = ["time (UTC)", ...series.map((one) => one.name)];
  const rows = times.map((time, index) => [new Date(time).toISOString(), ...series.map((one) => valueOf(one, index))] as const);
  const told =
    at === undefined || times[at] === undefined
      ? undefined
      : { time: times[at], values: series.map((one) => `${own.length > 1 && one === own[on] ? "› " : ""}${one.name}: ${format(valueOf(one, at))}`) };
  return (
    <figure className="time-chart" aria-labelledby={id}>
      <figcaption className="bar">
        <strong id={id} className="grow">
          {title} <span className="quiet">({unit}, UTC)</span>
        </strong>
        <button type="button" className="plain" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {t(asTable ? "chart.asChart" : "chart.asTable")}
        </button>
        <button type="button" className="plain" onClick={() => download(`${title}.csv`, toCsv([header, ...rows]))}>
          CSV
        </button>
      </figcaption>
      {asTable ? (
        <div className="table-scroll chart-table" role="region" aria-label={title} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {header.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(([time, ...cells]) => (
                <tr key={time}>
                  <th scope="row">{time}</th>
                  {cells.map((value, i) => (
                    <td key={series[i]?.id} className="figure">
                      {format(value)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <>
          <svg
            ref={frame}
            viewBox={`0 0 ${wide} ${heightPx}`}
            role="application"
            aria-label={t("chart.keys", { title })}
            tabIndex={0}
            onPointerMove={pointAt}
            onPointerLeave={() => setAt(undefined)}
            onKeyDown={onKey}
            onClick={(event) => {
              const place = placeOf(event);
              if (place !== undefined) pick(place.index, place.line);
            }}
            className={onPick === undefined ? undefined : "pickable"}
          >
            <defs>
              <pattern id={`${id}-gap`} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <rect className="gap-line" width="2" height="6" />
              </pattern>
            </defs>
            {[0, 0.5, 1].map((part) => {
              const value = least + (most - least) * part;
              return (
                <g key={part} className="axis">
                  <line x1={left} x2={wide - 8} y1={y(value)} y2={y(value)} />
                  <text x={left - 6} y={y(value) + 4} textAnchor="end">
                    {format(value)}
                  </text>
                </g>
              );
            })}
            {ticks.map((index) => (
              <text key={index} className="tick" x={x(index)} y={heightPx - 4} textAnchor={index === 0 ? "start" : index === times.length - 1 ? "end" : "middle"}>
                {axis(times[index] ?? 0)}
              </text>
            ))}
            {times.map((time, index) => isGap(index) && <rect key={time} x={x(index) - step / 2} width={step} y={top} height={plot.height} fill={`url(#${CSS.escape(id)}-gap)`} />)}
            {times.map((time, index) => time >= completeBefore && <rect key={time} className="late" x={x(index) - step / 2} width={step} y={top} height={plot.height} />)}
            {isSimulated && (
              <text className="watermark" x={left + plot.width / 2} y={top + plot.height / 2} textAnchor="middle">
                {t("post.simulated")}
              </text>
            )}
            {kind === "line"
              ? own.map((one, i) => <path key={one.id} className={`line series-${colourOf(one, i)}`} d={lineOf(one)} />)
              : times.map((time, index) => {
                  let base = 0;
                  return own.map((one, i) => {
                    const value = valueOf(one, index);
                    if (value === undefined) return null;
                    const inner = kind === "stacked" ? 1 : own.length;
                    const from = kind === "stacked" ? base : 0;
                    base += value;
                    const barWidth = Math.max(0.5, (step * 0.85) / inner);
                    return (
                      <rect
                        key={`${time} ${one.id}`}
                        className={`block series-${colourOf(one, i)}`}
                        x={x(index) - (step * 0.85) / 2 + (kind === "stacked" ? 0 : barWidth * i)}
                        width={barWidth}
                        y={y(Math.max(from, from + value))}
                        height={Math.abs(y(from) - y(from + value))}
                      />
                    );
                  });
                })}
            {series.map((one) => one.isBefore === true && <path key={one.id} className="line before" d={lineOf(one)} />)}
            {notes.map((note, place) => {
              const index = times.findLastIndex((time) => time <= note.at);
              if (index < 0) return null;
              const isLate = x(index) > left + plot.width * 0.7;
              return (
                <g key={`${note.at} ${note.text}`} className="note">
                  <title>{note.text}</title>
                  <line x1={x(index)} x2={x(index)} y1={top} y2={top + plot.height} />
                  <text x={x(index) + (isLate ? -4 : 4)} y={top + 10 + (place % notesBeside) * 13} textAnchor={isLate ? "end" : "start"}>
                    {note.text.length > longestNote ? `${note.text.slice(0, longestNote).toWellFormed()}…` : note.text}
                  </text>
                </g>
              );
            })}
            {at !== undefined && <line className="cursor" x1={x(at)} x2={x(at)} y1={top} y2={top + plot.height} />}
          </svg>
          <p className="told" aria-live="polite">
            {told === undefined ? " " : `${dayAndHour.format(told.time)} · ${told.values.join(" · ")}`}
          </p>
          <ul className="legend">
            {series.map((one, i) => (
              <li key={one.id} className={one.isBefore === true ? "key-before" : `key-${colourOf(one, i)}`}>
                {one.name}
              </li>
            ))}
          </ul>
        </>
      )}
    </figure>
  );
}

/** Sentiment has its own colours; the others go by their place. */
function colourOf(one: Series, place: number): string {
  return ["negative", "neutral", "positive"].includes(one.id) ? one.id : String(place % mostSeries);
}
