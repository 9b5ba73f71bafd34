import { canonicalLinksOf, namesPage } from "../../core/canonical-link.ts";
import type { Post } from "../../core/event.ts";
import { postShown, type ReadFilter } from "../../core/filter.ts";
import type { PostId } from "../../core/ids.ts";
import { redactPost } from "../../policies/redact.ts";
import type { Threads } from "../boot.ts";
import type { Engine } from "../engine.ts";
import type { Provenance } from "../provenance.ts";

/** Shares of shares and quotes of quotes that are climbed. */
const mostClimbed = 10;
const mostLinks = 8;

export interface SpreadOptions {
  readonly threads: Threads;
  readonly reading: Pick<Engine, "post">;
  readonly narrow: (filter: ReadFilter) => ReadFilter;
}

/** Asked of the index when somebody looks; nothing of it is stored, so that what is deleted is in none of it. */
export function makeSpread({ threads, reading, narrow }: SpreadOptions): Provenance["spread"] {
  return async (id, filter, limit) => {
    const post = await reading.post(id, filter);
    if (post === undefined) return undefined;
    const climbed: Post[] = [post];
    const seen = new Set<PostId>([id]);
    let missing: PostId | undefined;
    for (let last: Post | undefined = post; last !== undefined && climbed.length <= mostClimbed;) {
      const next: PostId | undefined = last.reshareOf ?? last.quoteOf;
      if (next === undefined || seen.has(next)) break;
      seen.add(next);
      last = await reading.post(next, filter);
      if (last === undefined) missing = next;
      else climbed.push(last);
    }
    const original = missing === undefined ? climbed.at(-1) : undefined;
    const linked = [...new Set([climbed.at(-1), post])].flatMap((one) => (one === undefined ? [] : redactPost(one).links));
    const links = canonicalLinksOf(linked).filter(namesPage).slice(0, mostLinks);
    const root = missing ?? original?.id ?? id;
    const beside = climbed.map((one) => one.id).filter((one) => one !== root);
    const { shown, ...counted } = await threads.read.caller.call("spread", { root, beside, links, limit, filter: narrow(filter) });
    return {
      post,
      ...(original && { original }),
      ...(missing !== undefined && { originalMissing: missing }),
      links,
      ...counted,
      shown: shown.map(({ tie, post: one }) => ({ tie, post: postShown(filter, one) })),
    };
  };
}
