/** Powers of ten around all values. */
export function decadesAround(values: readonly number[]): readonly number[] {
  const logs = values.filter((value) => value > 0).map((value) => Math.log10(value));
  const low = Math.floor(Math.min(...logs, 3));
  const high = Math.max(low + 1, Math.ceil(Math.max(...logs, 1)));
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
}

export interface LabelPlace {
  readonly x: number;
  readonly y: number;
  readonly isLeft: boolean;
}

/** Names beside their marks, moved down where another stands already. In the units of the picture. */
export function labelPlaces(marks: readonly { readonly x: number; readonly y: number; readonly name: string }[], wide: number): readonly LabelPlace[] {
  const [letterWide, lineHigh, gap] = [6.4, 13, 12];
  const taken: { readonly from: number; readonly to: number; readonly y: number }[] = [];
  return marks.map(({ x, y, name }) => {
    const length = name.length * letterWide;
    const isLeft = x + gap + length > wide;
    const [from, to] = isLeft ? [x - gap - length, x - gap] : [x + gap, x + gap + length];
    let at = y + 4;
    while (taken.some((other) => Math.abs(other.y - at) < lineHigh && other.from < to && from < other.to)) at += lineHigh;
    taken.push({ from, to, y: at });
    return { x: isLeft ? x - gap : x + gap, y: at, isLeft };
  });
}
