import { type KeyboardEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ExploreRowView, MetricView } from "./explore-api.ts";
import { formatValue } from "./explore-lines.ts";

const cell = { wide: 28, high: 22, left: 40, top: 18 } as const;
const hours = Array.from({ length: 24 }, (_, hour) => hour);
const keyOf = (day: number, hour: number): string => `${day + 1}-${String(hour).padStart(2, "0")}`;

/** Hours of a week: the more, the fuller. A balance goes from orange to blue. */
export function HeatMap({ metric, rows, onPick }: { readonly metric: MetricView; readonly rows: readonly ExploreRowView[]; readonly onPick: (key: string) => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [at, setAt] = useState<{ readonly day: number; readonly hour: number }>();
  const values = new Map(rows.map((row) => [row.key, row.value ?? undefined]));
  const most = Math.max(...[...values.values()].map((value) => Math.abs(value ?? 0)), 0) || 1;
  const days = t("explore.heat.days").split(",");
  const title = t("explore.heat.title", { metric: metric.name });
  const told = at === undefined ? undefined : `${days[at.day]} ${String(at.hour).padStart(2, "0")}:00 · ${formatValue(metric, values.get(keyOf(at.day, at.hour)))}`;
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const from = at ?? { day: 0, hour: 0 };
      setAt(at === undefined ? from : { day: Math.min(6, Math.max(0, from.day + (step[0] ?? 0))), hour: Math.min(23, Math.max(0, from.hour + (step[1] ?? 0))) });
    } else if (event.key === "Enter" && at !== undefined) onPick(keyOf(at.day, at.hour));
    else if (event.key === "Escape") setAt(undefined);
  };
  return (
    <figure className="heat" aria-labelledby={id}>
      <figcaption id={id}>
        <strong>{title}</strong> <span className="quiet">({metric.unit}, UTC)</span>
      </figcaption>
      <div className="heat-scroll">
        <svg
          viewBox={`0 0 ${cell.left + cell.wide * 24} ${cell.top + cell.high * 7}`}
          role="application"
          aria-label={t("explore.heat.keys", { title })}
          tabIndex={0}
          onKeyDown={onKey}
          onPointerLeave={() => setAt(undefined)}
        >
          {hours
            .filter((hour) => hour % 3 === 0)
            .map((hour) => (
              <text key={hour} x={cell.left + cell.wide * (hour + 0.5)} y={cell.top - 5} textAnchor="middle">
                {String(hour).padStart(2, "0")}
              </text>
            ))}
          {days.map((name, day) => (
            <g key={name}>
              <text x={cell.left - 6} y={cell.top + cell.high * day + 15} textAnchor="end">
                {name}
              </text>
              {hours.map((hour) => {
                const value = values.get(keyOf(day, hour));
                const isOn = at?.day === day && at.hour === hour;
                return (
                  <rect
                    key={hour}
                    className={`${value === undefined ? "heat-none" : value < 0 ? "heat-negative" : "heat-block"}${isOn ? " heat-on" : ""}`}
                    x={cell.left + cell.wide * hour + 1}
                    y={cell.top + cell.high * day + 1}
                    width={cell.wide - 2}
                    height={cell.high - 2}
                    fillOpacity={value === undefined ? 1 : 0.06 + 0.94 * (Math.abs(value) / most)}
                    onPointerEnter={() => setAt({ day, hour })}
                    onClick={() => onPick(keyOf(day, hour))}
                  />
                );
              })}
            </g>
          ))}
        </svg>
      </div>
      <p className="told" aria-live="polite">
        {told ?? " "}
      </p>
    </figure>
  );
}
