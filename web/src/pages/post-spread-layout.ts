import type { Spread, SpreadItem, SpreadKind } from "./post-api.ts";

export const laneKinds = ["platform", "kind"] as const;
export type LanesBy = (typeof laneKinds)[number];
export type DotKind = SpreadKind | "original";

export interface Dot {
  readonly id: string;
  readonly kind: DotKind;
  readonly post: SpreadItem["post"];
  readonly at: number;
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly lanes: readonly { readonly name: string; readonly y: number; readonly height: number }[];
  /** The oldest first; the original before all. */
  readonly dots: readonly Dot[];
  readonly edges: readonly { readonly from: Dot; readonly to: Dot }[];
  readonly height: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export const dotSize = 24;
const laneHead = 20;
/** Dots of one moment stand above each other; more than these share a place. */
const mostStacked = 8;
const side = 14;

/** Places each post by its time, in lanes; posts of one moment stand beside each other, not on top of each other. */
export function layOut(spread: Pick<Spread, "original" | "items">, by: LanesBy, width: number): Layout {
  const { original, items } = spread;
  const all = [...(original === undefined ? [] : [{ kind: "original" as const, post: original }]), ...items.filter(({ post }) => post.id !== original?.id)].map((one) => ({
    ...one,
    at: Date.parse(one.post.createdAt),
  }));
  const times = all.map(({ at }) => at);
  const fromMs = Math.min(...times);
  const toMs = Math.max(...times);
  const columns = Math.max(1, Math.floor((width - 2 * side) / dotSize));
  const columnOf = (at: number): number => (toMs === fromMs ? 0 : Math.min(columns - 1, Math.floor(((at - fromMs) / (toMs - fromMs)) * columns)));
  const laneOf = ({ kind, post }: (typeof all)[number]): string => (by === "platform" ? post.platform : kind);
  // The lane of the original first, then by their first posts.
  const names = [...new Set(all.map(laneOf))];
  const stacks = new Map<string, number>();
  const placed = all.map((one) => {
    const lane = laneOf(one);
    const column = columnOf(one.at);
    const level = stacks.get(`${lane} ${column}`) ?? 0;
    stacks.set(`${lane} ${column}`, level + 1);
    return { one, lane, column, level: level % mostStacked };
  });
  let height = 0;
  const lanes = names.map((name) => {
    const levels = Math.max(1, ...placed.filter(({ lane }) => lane === name).map(({ level }) => level + 1));
    const lane = { name, y: height, height: laneHead + levels * dotSize };
    height += lane.height;
    return lane;
  });
  const tops = new Map(lanes.map(({ name, y }) => [name, y + laneHead]));
  const dots = placed.map(({ one, lane, column, level }): Dot => ({
    id: one.post.id,
    kind: one.kind,
    post: one.post,
    at: one.at,
    x: side + (column + 0.5) * dotSize,
    y: (tops.get(lane) ?? 0) + (level + 0.5) * dotSize,
  }));
  const byId = new Map(dots.map((dot) => [dot.id, dot]));
  const root = original === undefined ? undefined : byId.get(original.id);
  const edges = dots.flatMap((to) => {
    if (to === root) return [];
    const named = to.post.reshareOf ?? to.post.quoteOf;
    const from = (to.kind === "copy" || to.kind === "link" || named === undefined ? undefined : byId.get(named)) ?? root;
    return from === undefined ? [] : [{ from, to }];
  });
  return { lanes, dots, edges, height, fromMs, toMs };
}
