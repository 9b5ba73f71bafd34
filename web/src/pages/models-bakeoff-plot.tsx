import { type KeyboardEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatNumber } from "../shell/format.ts";
import type { MeasuredRow } from "./models-bakeoff-api.ts";
import { decadesAround, labelPlaces } from "./models-bakeoff-places.ts";

const frame = { wide: 720, high: 340, left: 46, right: 16, top: 16, bottom: 44 } as const;
const percents = [0, 20, 40, 60, 80, 100] as const;

/** A form for each kind, so that nothing hangs on a colour. */
function Mark({ kind, x, y }: { readonly kind: MeasuredRow["kind"]; readonly x: number; readonly y: number }) {
  switch (kind) {
    case "lexicon":
      return <rect x={x - 5} y={y - 5} width={10} height={10} />;
    case "embedded":
      return <circle cx={x} cy={y} r={6} />;
    case "trained":
      return <path d={`M${x - 6} ${y} L${x + 6} ${y} M${x} ${y - 6} L${x} ${y + 6}`} />;
    case "onnx":
      return <path d={`M${x} ${y - 7} L${x + 7} ${y + 6} L${x - 7} ${y + 6} Z`} />;
    case "http":
      return <path d={`M${x} ${y - 7} L${x + 7} ${y} L${x} ${y + 7} L${x - 7} ${y} Z`} />;
  }
}

/** Quality against cost: up is better, left is cheaper. */
export function BakeoffPlot({ rows }: { readonly rows: readonly MeasuredRow[] }) {
  const { t } = useTranslation();
  const id = useId();
  const [at, setAt] = useState<number>();
  const decades = decadesAround(rows.map(({ figures }) => figures.costMicros));
  const [low, high] = [Math.log10(decades[0] ?? 1), Math.log10(decades.at(-1) ?? 10)];
  const xOf = (micros: number) => frame.left + ((Math.log10(Math.max(micros, 0.01)) - low) / (high - low)) * (frame.wide - frame.left - frame.right);
  const yOf = (share: number) => frame.top + (1 - share) * (frame.high - frame.top - frame.bottom);
  const byCost = rows.map((_, i) => i).toSorted((a, b) => (rows[a]?.figures.costMicros ?? 0) - (rows[b]?.figures.costMicros ?? 0));
  const frontier = byCost.flatMap((i) => {
    const row = rows[i];
    return row?.best === true ? [`${xOf(row.figures.costMicros)},${yOf(row.figures.macroF1.value)}`] : [];
  });
  const labels = labelPlaces(
    rows.map(({ name, figures }) => ({ name, x: xOf(figures.costMicros), y: yOf(figures.macroF1.value) })),
    frame.wide,
  );
  const onKey = (event: KeyboardEvent) => {
    const place = at === undefined ? -1 : byCost.indexOf(at);
    if (event.key === "ArrowRight" || event.key === "ArrowDown") setAt(byCost[Math.min(byCost.length - 1, place + 1)]);
    else if (event.key === "ArrowLeft" || event.key === "ArrowUp") setAt(byCost[Math.max(0, place - 1)]);
    else if (event.key === "Escape") setAt(undefined);
    else return;
    event.preventDefault();
  };
  const told = at === undefined ? undefined : rows[at];
  const title = t("models.bakeoffPage.plot");
  return (
    <figure className="bakeoff-plot" aria-labelledby={id}>
      <figcaption id={id}>
        <strong>{title}</strong> <span className="quiet">{t("models.bakeoffPage.plotHint")}</span>
      </figcaption>
      <div className="bakeoff-scroll">
        <svg
          viewBox={`0 0 ${frame.wide} ${frame.high}`}
          role="application"
          aria-label={t("models.bakeoffPage.plotKeys", { title })}
          tabIndex={0}
          onKeyDown={onKey}
          onPointerLeave={() => setAt(undefined)}
        >
          {percents.map((percent) => (
            <g key={percent}>
              <line className="bakeoff-grid" x1={frame.left} x2={frame.wide - frame.right} y1={yOf(percent / 100)} y2={yOf(percent / 100)} />
              <text x={frame.left - 6} y={yOf(percent / 100) + 4} textAnchor="end">
                {percent}
              </text>
            </g>
          ))}
          {decades.map((decade) => (
            <g key={decade}>
              <line className="bakeoff-grid" x1={xOf(decade)} x2={xOf(decade)} y1={frame.top} y2={frame.high - frame.bottom} />
              <text x={xOf(decade)} y={frame.high - frame.bottom + 16} textAnchor="middle">
                {decade >= 1e6 ? `${formatNumber(decade / 1e6)} s` : decade >= 1e3 ? `${formatNumber(decade / 1e3)} ms` : `${formatNumber(decade)} µs`}
              </text>
            </g>
          ))}
          <text x={(frame.left + frame.wide) / 2} y={frame.high - 8} textAnchor="middle">
            {t("models.bakeoffPage.cost")}
          </text>
          {frontier.length > 1 && <polyline className="bakeoff-frontier" points={frontier.join(" ")} />}
          {rows.map((row, i) => {
            const [x, y] = [xOf(row.figures.costMicros), yOf(row.figures.macroF1.value)];
            const label = labels[i] ?? { x, y, isLeft: false };
            return (
              <g key={row.name} className={`bakeoff-mark${row.best ? " bakeoff-best" : ""}${at === i ? " bakeoff-on" : ""}`} onPointerEnter={() => setAt(i)}>
                <line x1={x} x2={x} y1={yOf(row.figures.macroF1.low)} y2={yOf(row.figures.macroF1.high)} />
                <Mark kind={row.kind} x={x} y={y} />
                <text x={label.x} y={label.y} textAnchor={label.isLeft ? "end" : "start"}>
                  {row.name}
                </text>
              </g>
            );
          })}
        </svg>
      </div>
      <p className="told" aria-live="polite">
        {told === undefined
          ? " "
          : t("models.bakeoffPage.told", {
              name: told.name,
              f1: (told.figures.macroF1.value * 100).toFixed(1),
              low: (told.figures.macroF1.low * 100).toFixed(1),
              high: (told.figures.macroF1.high * 100).toFixed(1),
              micros: formatNumber(Math.round(told.figures.costMicros)),
              memory: formatNumber(Math.round(told.figures.memoryMb)),
            })}
      </p>
    </figure>
  );
}
