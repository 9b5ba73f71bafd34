import { ask } from "../shell/api.ts";

export const states = ["open", "planned", "done", "dismissed"] as const;
export type State = (typeof states)[number];
export interface Notice {
  readonly id: number;
  readonly connector: string;
  readonly endpoint: string;
  readonly origin: "answer" | "version" | "changelog";
  readonly text: string;
  readonly link?: string;
  readonly effectiveAt?: string;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly state: State;
  readonly owner?: string;
  readonly dueAt?: string;
  readonly sources: readonly string[];
  readonly terms: readonly string[];
  readonly views: readonly string[];
}
export interface Change {
  readonly id: number;
  readonly state: State;
  readonly owner: string | null;
  readonly due: string | null;
}

export const noticesOf = (): Promise<{ readonly items: readonly Notice[] }> => ask("/api/v1/deprecations");
export const setNotice = ({ id, ...change }: Change): Promise<Notice> =>
  ask(`/api/v1/deprecations/${id}`, { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify(change) });

export interface Month {
  /** `2026-05`; "none": no day is told; "over": done or dismissed. */
  readonly id: string;
  readonly items: readonly Notice[];
}

/** In the order in which things end; what is over comes last. */
export function monthsOf(notices: readonly Notice[]): readonly Month[] {
  const months = new Map<string, Notice[]>();
  for (const notice of notices) {
    const isOver = notice.state === "done" || notice.state === "dismissed";
    const id = isOver ? "over" : (notice.effectiveAt?.slice(0, 7) ?? "none");
    months.set(id, [...(months.get(id) ?? []), notice]);
  }
  const place = (id: string) => (id === "over" ? "~2" : id === "none" ? "~1" : id);
  return [...months].map(([id, items]) => ({ id, items })).toSorted((a, b) => (place(a.id) < place(b.id) ? -1 : 1));
}
