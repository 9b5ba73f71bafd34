import type { LineView } from "./topics-api.ts";

export interface RiverBand {
  readonly line: LineView;
  /** A closed path. */
  readonly path: string;
  /** Its middle where it begins and ends. */
  readonly start: readonly [number, number];
  readonly end: readonly [number, number];
}

/** Streams above each other, centred, as wide as their posts of an hour (Havre et al., ThemeRiver, 2000). */
export function riverOf(lines: readonly LineView[], hours: readonly number[], width: number, height: number): readonly RiverBand[] {
  const values = lines.map((line) => {
    const byHour = new Map(line.hours.map(({ at, posts }) => [Date.parse(at), posts]));
    return hours.map((at) => byHour.get(at) ?? 0);
  });
  const totals = hours.map((_, i) => values.reduce((sum, list) => sum + (list[i] ?? 0), 0));
  const scale = height / Math.max(1, ...totals);
  const x = (i: number): number => (hours.length < 2 ? width / 2 : (i / (hours.length - 1)) * width);
  const tops = totals.map((total) => (height - total * scale) / 2);
  return lines.flatMap((line, k): RiverBand[] => {
    const upper: (readonly [number, number])[] = [];
    const lower: (readonly [number, number])[] = [];
    for (const [i] of hours.entries()) {
      const top = tops[i] ?? 0;
      const bottom = top + (values[k]?.[i] ?? 0) * scale;
      upper.push([x(i), top]);
      lower.push([x(i), bottom]);
      tops[i] = bottom;
    }
    const alive = (values[k] ?? []).flatMap((value, i) => (value > 0 ? [i] : []));
    const [first, last] = [alive[0], alive.at(-1)];
    if (first === undefined || last === undefined) return [];
    const [from, to] = [Math.max(0, first - 1), Math.min(hours.length - 1, last + 1)];
    const points = [...upper.slice(from, to + 1), ...lower.slice(from, to + 1).toReversed()];
    const middle = (i: number): readonly [number, number] => [x(i), ((upper[i]?.[1] ?? 0) + (lower[i]?.[1] ?? 0)) / 2];
    return [{ line, path: `M${points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join("L")}Z`, start: middle(first), end: middle(last) }];
  });
}
