import { z } from "zod";

const at = z.number().int().nonnegative();

/** Where reading stands; small enough to be saved with every page. */
const shape = z.object({
  /** By query: everything up to `doneMs` is read; `topMs` and `beforeMs`: a walk from the newest down is under way. */
  searches: z.record(z.string(), z.object({ doneMs: at, nextMs: at, topMs: at.optional(), beforeMs: at.optional() })),
  /** By channel: the newest upload read, and when its uploads are asked for next. */
  channels: z.record(z.string(), z.object({ lastMs: at, nextMs: at })),
  /**
   * Videos whose comments are read: when next, how often so far, since when they are followed, their comments at the last reading and when that was,
   * and where a reading under way goes on; `isAgain`: it looks for edits and deletions alone.
   */
  videos: z.array(
    z.object({
      id: z.string(),
      nextMs: at,
      rounds: z.number().int().nonnegative(),
      sinceMs: at.optional(),
      comments: z.number().optional(),
      readMs: at.optional(),
      isAgain: z.boolean().optional(),
      counting: z.number().optional(),
      token: z.string().optional(),
    }),
  ),
  /** What is stored, by the day when it was read last: to be refreshed before it is 30 days old. */
  stored: z.array(z.object({ day: z.number().int(), ids: z.array(z.string()) })),
  /** Units that readings without a changed number took on a day. */
  reread: z.object({ day: z.number().int(), units: z.number().int().nonnegative() }).optional(),
});

export type YouTubeCursor = z.output<typeof shape>;

/** Unreadable: as if absent. */
export function parseCursor(saved: string | undefined): YouTubeCursor {
  const empty: YouTubeCursor = { searches: {}, channels: {}, videos: [], stored: [] };
  if (saved === undefined || saved === "") return empty;
  try {
    const parsed = shape.safeParse(JSON.parse(saved));
    return parsed.success ? parsed.data : empty;
  } catch {
    return empty;
  }
}
