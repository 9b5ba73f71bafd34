import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { useWidth } from "../shell/use-width.ts";
import type { Spread } from "./post-api.ts";
import { type Dot, type DotKind, dotSize, type LanesBy, layOut } from "./post-spread-layout.ts";

const usualWidth = 760;
const leastWidth = 260;
const axisHeight = 18;

/** Kinds differ by shape as well as by colour. */
const marks: Readonly<Record<DotKind, string>> = {
  original: "M0-9L9 0L0 9L-9 0Z",
  repost: "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0",
  boost: "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0",
  retweet: "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0",
  crosspost: "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0",
  quote: "M-5-5H5V5H-5Z",
  copy: "M0-6L6 5H-6Z",
  link: "M-5-2H-2V-5H2V-2H5V2H2V5H-2V2H-5Z",
};
const ties: Readonly<Record<DotKind, string>> = {
  original: "original",
  repost: "reshare",
  boost: "reshare",
  retweet: "reshare",
  crosspost: "reshare",
  quote: "quote",
  copy: "copy",
  link: "link",
};

export function Mark({ kind }: { readonly kind: DotKind }) {
  return (
    <svg className="spread-key" width="20" height="20" viewBox="-10 -10 20 20" aria-hidden="true">
      <path className={`spread-mark tie-${ties[kind]}`} d={marks[kind]} />
    </svg>
  );
}

/** Each post a mark at its time, with an edge from what it shares, quotes, repeats or links with; one stop of the tab key, arrow keys within. */
export function SpreadPicture({ spread, by, here }: { readonly spread: Spread; readonly by: LanesBy; readonly here: string }) {
  const { t } = useTranslation();
  const frame = useRef<SVGSVGElement>(null);
  const width = useWidth(frame, true, usualWidth, leastWidth);
  const { lanes, dots, edges, height, fromMs, toMs } = useMemo(() => layOut(spread, by, width), [spread, by, width]);
  const [at, setAt] = useState<number>();
  const [shown, setShown] = useState<Dot>();
  const current = Math.min(at ?? 0, dots.length - 1);
  const laneName = (name: string) => (by === "platform" ? name : t(`postPage.spread.kind.${dots.find(({ kind }) => kind === name)?.kind ?? "original"}`));
  const timeOf = (ms: number) => `${formatDay(new Date(ms).toISOString())} ${formatClock(ms)} UTC`;
  const nameOf = ({ kind, post, at: ms }: Dot) => t("postPage.spread.dot", { kind: t(`postPage.spread.kind.${kind}`), platform: post.platform, time: timeOf(ms) });
  const goTo = (place: number) => {
    const next = Math.max(0, Math.min(dots.length - 1, place));
    setAt(next);
    frame.current?.querySelectorAll<SVGAElement>("a")[next]?.focus();
  };
  /** The nearest in time of another lane, below or above. */
  const beside = (down: boolean): number => {
    const own = dots[current];
    const others = own === undefined ? [] : dots.filter((dot) => (down ? dot.y > own.y : dot.y < own.y));
    const distance = (dot: Dot) => Math.abs(dot.x - (own?.x ?? 0)) + Math.abs(dot.y - (own?.y ?? 0));
    const nearest = others.toSorted((a, b) => distance(a) - distance(b))[0];
    return nearest === undefined ? current : dots.indexOf(nearest);
  };
  const onKey = (event: KeyboardEvent) => {
    const places: Readonly<Record<string, () => number>> = {
      ArrowRight: () => current + 1,
      ArrowLeft: () => current - 1,
      ArrowDown: () => beside(true),
      ArrowUp: () => beside(false),
      Home: () => 0,
      End: () => dots.length - 1,
    };
    const place = places[event.key]?.();
    if (place === undefined) return;
    event.preventDefault();
    goTo(place);
  };
  return (
    <figure className="time-chart spread-picture" aria-labelledby="spread-title">
      <figcaption id="spread-title">{t("postPage.spread.title")}</figcaption>
      <svg ref={frame} viewBox={`0 0 ${width} ${height + axisHeight}`} role="group" aria-labelledby="spread-title" onKeyDown={onKey} onPointerLeave={() => setShown(undefined)}>
        {lanes.map((lane, i) => (
          <g key={lane.name}>
            <rect className={i % 2 === 0 ? "lane" : "lane other"} x="0" y={lane.y} width={width} height={lane.height} />
            <text x="6" y={lane.y + 14}>
              {laneName(lane.name)}
            </text>
          </g>
        ))}
        {edges.map(({ from, to }) => (
          <path key={to.id} className={`spread-edge tie-${ties[to.kind]}`} d={`M${from.x} ${from.y}L${to.x} ${to.y}`} />
        ))}
        {dots.map((dot, i) => (
          <Link
            key={dot.id}
            to={`/post/${dot.id}?show=spread`}
            className="spread-dot"
            tabIndex={i === current ? 0 : -1}
            aria-label={nameOf(dot)}
            aria-current={dot.id === here ? "true" : undefined}
            onFocus={() => {
              setAt(i);
              setShown(dot);
            }}
            onPointerEnter={() => setShown(dot)}
          >
            <rect className="target" x={dot.x - dotSize / 2} y={dot.y - dotSize / 2} width={dotSize} height={dotSize} rx="4" />
            <path className={`spread-mark tie-${ties[dot.kind]}`} d={marks[dot.kind]} transform={`translate(${dot.x} ${dot.y})`} />
          </Link>
        ))}
        <text x="0" y={height + 14}>
          {timeOf(fromMs)}
        </text>
        {toMs > fromMs && (
          <text x={width} y={height + 14} textAnchor="end">
            {width < 480 ? formatClock(toMs) : timeOf(toMs)}
          </text>
        )}
      </svg>
      <p className="told">{shown === undefined ? t("postPage.spread.keys") : `${nameOf(shown)}: ${shown.post.text.slice(0, 120)}`}</p>
    </figure>
  );
}
