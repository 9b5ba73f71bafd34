import { systemClock } from "../core/clock.ts";
import { describeStore } from "./store.contract.ts";
import { totalsOf } from "./store.fixtures.ts";
import { openSearchStore } from "./search.ts";
import { openSearchReader } from "./search-reader.ts";
import type { Post } from "../core/event.ts";

async function allPosts(folder: string): Promise<Post[]> {
  using reader = openSearchReader({ folder });
  const posts: Post[] = [];
  for await (const page of reader.export({ kind: "all" }, {}, new AbortController().signal)) posts.push(...page);
  return posts;
}

describeStore({
  name: "search",
  inFolder: true,
  plainBytes: true,
  open: (folder, onStep) => openSearchStore({ folder, clock: systemClock, flushEveryMs: 200, ...(onStep && { onStep }) }),
  totals: async (folder) => totalsOf((await allPosts(folder)).map((post) => ({ ...post, sentiment: post.sentiment?.label }))),
  ids: async (folder) => (await allPosts(folder)).map(({ id }) => id),
});
