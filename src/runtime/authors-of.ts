import type { AuthorId } from "../core/ids.ts";
import type { StorePosition, StorePositions } from "../core/store.ts";
import type { Lake } from "../stores/lake.ts";
import type { AuthorsOf } from "../stores/rollups-fold.ts";

function stands(position: StorePosition | undefined, atLeast: StorePosition): boolean {
  return position !== undefined && position.offset >= atLeast.offset;
}

/** Reads the authors of a rollup's bucket from the lake, where it stands as far as the rollups do. */
export function makeAuthorsOf(lake: Pick<Lake, "positions" | "reader">): AuthorsOf<AuthorId> {
  return async (buckets, atLeast: StorePositions) => {
    const positions = await lake.positions();
    const isThere = [...atLeast].every(([partition, position]) => stands(positions.get(partition), position));
    const found: (Iterable<AuthorId> | undefined)[] = [];
    for (const { fromMs, toMs, platform, source, language, sensitivity, region, term } of buckets) {
      if (!isThere) {
        found.push(undefined);
        continue;
      }
      const authors = new Set<AuthorId>();
      const query = { fromMs, toMs, platforms: [platform], sources: [source], languages: [language], ...(term !== "" && { terms: [term] }) };
      for await (const posts of lake.reader.all(query)) for (const post of posts) if (post.sensitivity === sensitivity && post.region === region) authors.add(post.author);
      found.push(authors);
    }
    return found;
  };
}
