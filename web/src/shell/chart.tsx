/** A series of one figure over time. */
export interface Series {
  readonly id: string;
  readonly name: string;
  /** Start of each bucket, milliseconds UTC, rising; undefined: nobody counted (a gap), never zero. */
  readonly points: readonly (readonly [at: number, value: number | undefined])[];
  /** The period before, laid under it. */
  readonly isBefore?: boolean;
}

export interface ChartNote {
  readonly at: number;
  readonly text: string;
}

export interface TimeChartProps {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
  readonly kind?: "line" | "bars" | "stacked";
  /** Simulated data is watermarked. */
  readonly isSimulated?: boolean;
  readonly notes?: readonly ChartNote[];
  /** Buckets before this time (milliseconds UTC) are complete; later ones may still grow. */
  readonly completeBefore?: number;
  /** A bucket of a series was chosen: the way to its posts. */
  readonly onPick?: (at: number, series: Series) => void;
  readonly heightPx?: number;
  /** Values are shares, told in per cent. */
  readonly isPercent?: boolean;
}
