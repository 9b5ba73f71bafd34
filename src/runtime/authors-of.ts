import type { AuthorId } from "../core/ids.ts";
import type { StorePosition, StorePositions } from "../core/store.ts";
import type { Lake } from "../stores/lake.ts";
import type { AuthorsOf } from "../stores/rollups-fold.ts";

function stands(position: StorePosition | undefined, atLeast: StorePosition): boolean {
  return position !== undefined && position.offset >= atLeast.offset;
}

interface Key {
  readonly source: string;
  readonly language: string;
  readonly sensitivity: string;
  readonly region: string;
  readonly term: string;
}
const keyOf = ({ source, language, sensitivity, region, term }: Key): string => JSON.stringify([source, language, sensitivity, region, term]);

/** Reads the authors of rollups' buckets from the lake, where it stands as far as the rollups do; those of one time and platform in one reading. */
export function makeAuthorsOf(lake: Pick<Lake, "positions" | "reader">): AuthorsOf<AuthorId> {
  return async (buckets, atLeast: StorePositions) => {
    const positions = await lake.positions();
    if (![...atLeast].every(([partition, position]) => stands(positions.get(partition), position))) return buckets.map(() => undefined);
    const found = buckets.map(() => new Set<AuthorId>());
    for (const together of Map.groupBy(buckets.keys(), (index) => `${buckets[index]?.fromMs} ${buckets[index]?.platform}`).values()) {
      const wanted = new Map<string, Set<AuthorId>>();
      for (const index of together) {
        const [bucket, authors] = [buckets[index], found[index]];
        if (bucket !== undefined && authors !== undefined) wanted.set(keyOf(bucket), authors);
      }
      const first = buckets[together[0] ?? -1];
      if (first === undefined) continue;
      const each = (field: "source" | "language") => [...new Set(together.flatMap((index) => buckets[index]?.[field] ?? []))];
      const query = { fromMs: first.fromMs, toMs: first.toMs, platforms: [first.platform], sources: each("source"), languages: each("language") };
      for await (const rows of lake.reader.authors(query)) for (const row of rows) wanted.get(keyOf(row))?.add(row.author);
    }
    return found;
  };
}
