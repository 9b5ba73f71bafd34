import type { SourceContext } from "../../core/component.ts";
import { type Api, thingsACall } from "./api.ts";
import type { Found } from "./things.ts";

/** A branch that goes on elsewhere ("continue this thread") is asked for by the comment above it. */
const noId = "_";

/**
 * A post and all its comments: the tree, then what the tree leaves out (`more`), 100 a call, one call at a time as Reddit asks
 * (reddit.com/dev/api, /api/morechildren, 2024). After `mostCalls` the rest is reported, not read.
 */
export async function* readThread(link: string, mostCalls: number, api: Api, context: SourceContext, signal: AbortSignal): AsyncGenerator<readonly Found[]> {
  const ids: string[] = [];
  const branches: string[] = [];
  const known = new Set<string>();
  const take = (found: readonly Found[]): readonly Found[] => {
    const fresh: Found[] = [];
    for (const one of found) {
      const { kind, data } = one;
      if (kind === "more") {
        const children: unknown[] = Array.isArray(data["children"]) ? data["children"] : [];
        for (const id of children) if (typeof id === "string" && /^[0-9a-z]{1,20}$/.test(id) && !known.has(id)) ids.push(id);
        const parent = data["parent_id"];
        if ((data["id"] === noId || children.length === 0) && typeof parent === "string" && parent.startsWith("t1_")) branches.push(parent.slice(3));
        continue;
      }
      const { id } = data;
      if (typeof id === "string") {
        if (known.has(id)) continue;
        known.add(id);
      }
      fresh.push(one);
    }
    return fresh;
  };
  yield take(await api.thread(link, undefined, signal));
  for (let calls = 0; ids.length > 0 || branches.length > 0; calls++) {
    if (calls >= mostCalls) {
      context.report("warn", "a thread is longer than threadCalls allows", { source: context.id, post: link, left: ids.length + branches.length });
      return;
    }
    const branch = branches.shift();
    const next = branch === undefined ? await api.moreChildren(link, ids.splice(0, thingsACall), signal) : await api.thread(link, branch, signal);
    yield take(next);
  }
}
