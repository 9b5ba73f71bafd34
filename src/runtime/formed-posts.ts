import { EarshotError } from "../core/errors.ts";
import type { Change } from "../core/event.ts";
import type { PostId } from "../core/ids.ts";

const mostFormed = 100_000;

/** Posts that took another form since stored ones are read: what was read of them may be older than what is there. */
export function makeFormedPosts() {
  let formed: Set<PostId> | undefined;
  return {
    /** Begins anew, or ends. */
    watch(watched: boolean): void {
      formed = watched ? new Set() : undefined;
    },
    note({ kind, was, id }: Change): void {
      if (kind === "post" && was !== undefined && formed !== undefined && formed.size <= mostFormed) formed.add(id);
    },
    /** @throws LIMIT_REACHED where more were edited than are remembered: the way through the stored ones has to begin anew */
    has(id: PostId): boolean {
      if (formed === undefined || formed.size > mostFormed) throw new EarshotError("LIMIT_REACHED", `stored posts: more than ${mostFormed} were edited while they were read`);
      return formed.has(id);
    },
  };
}
