import type { LabelItems } from "../../registers/label-items.ts";
import type { LabelSets } from "../../registers/label-sets.ts";
import type { Threads } from "../boot.ts";

export interface LabelSetsOptions {
  readonly sets: LabelSets;
  readonly items: LabelItems;
  readonly threads: Pick<Threads, "read">;
}

const pageSize = 500;

export function makeLabelSets({ sets, items, threads }: LabelSetsOptions) {
  return {
    /** Texts of posts that are deleted, or older than what is kept, go too. */
    async sweep(): Promise<void> {
      let removed = 0;
      for (let page = await items.posts("", pageSize); page.length > 0; page = await items.posts(page.at(-1) ?? "", pageSize)) {
        const gone = await threads.read.caller.call("gone", page);
        if (gone.length > 0) removed += await sets.removePosts(gone);
      }
      if (removed > 0) await sets.forget();
    },
  };
}
