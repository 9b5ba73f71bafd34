import type { Truth } from "./truth.ts";

/** Sums over live posts; they add and subtract. */
export interface Sums {
  posts: number;
  likes: number;
  shares: number;
  replies: number;
  positive: number;
  negative: number;
  neutral: number;
}

export type RollupRow =
  | ({ readonly by: "language"; readonly minute: string; readonly platform: string; readonly language: string } & Sums)
  | ({ readonly by: "brand"; readonly minute: string; readonly platform: string; readonly brand: string } & Sums);

export interface Rollups {
  add(truth: Truth): void;
  /** Rows in the order of their keys. */
  rows(): RollupRow[];
  copy(): Rollups;
}

const pruneEvery = 20_000;

/** Minutes older than `keptMs` before the newest are forgotten from time to time. */
export function makeRollups(keptMs = Infinity, start?: ReadonlyMap<string, Sums>): Rollups {
  const cells = new Map<string, Sums>();
  if (start !== undefined) for (const [key, sums] of start) cells.set(key, { ...sums });
  let adds = 0;
  let newest = "";
  const prune = (): void => {
    const oldest = new Date(Date.parse(`${newest}:00Z`) - keptMs).toISOString().slice(0, 16);
    for (const key of cells.keys()) if ((key.split("|")[1] ?? "") < oldest) cells.delete(key);
  };
  const addTo = (key: string, truth: Truth): void => {
    let sums = cells.get(key);
    if (sums === undefined) {
      sums = { posts: 0, likes: 0, shares: 0, replies: 0, positive: 0, negative: 0, neutral: 0 };
      cells.set(key, sums);
    }
    sums.posts += 1;
    sums.likes += truth.likes;
    sums.shares += truth.shares;
    sums.replies += truth.replies;
    sums[truth.sentiment] += 1;
  };
  return {
    add(truth) {
      if (truth.deleted !== null || !truth.delivered) return;
      const minute = truth.createdAt.slice(0, 16);
      if (minute > newest) newest = minute;
      adds += 1;
      if (adds % pruneEvery === 0 && keptMs !== Infinity) prune();
      addTo(`language|${minute}|${truth.platform}|${truth.language}`, truth);
      for (const brand of truth.brands) addTo(`brand|${minute}|${truth.platform}|${brand}`, truth);
    },
    rows() {
      return [...cells.keys()].toSorted().flatMap((key): RollupRow[] => {
        const sums = cells.get(key);
        const [by, minute = "", platform = "", last = ""] = key.split("|");
        if (sums === undefined) return [];
        return by === "language" ? [{ by, minute, platform, language: last, ...sums }] : [{ by: "brand", minute, platform, brand: last, ...sums }];
      });
    },
    copy: () => makeRollups(Infinity, cells),
  };
}
