import { useEffect, useState } from "react";
import { type PostView, searchPosts } from "../shell/api.ts";
import type { Listen } from "../shell/listen.ts";
import { filterOf } from "./live-filter.ts";
import { seconds } from "./live-rate.tsx";

const mostRows = 60;
const nothing: readonly (number | undefined)[] = Array.from({ length: seconds }, () => undefined);

interface Tick {
  readonly posts: number;
  readonly lagMs?: number;
}

export interface LiveStream {
  readonly posts: readonly PostView[];
  /** New posts of each of the last 60 seconds; undefined: nobody counted. */
  readonly counts: readonly (number | undefined)[];
  readonly state: "connecting" | "live" | "cut";
  /** Median of the last second that had posts, milliseconds. */
  readonly lagMs: number | undefined;
  readonly isFirstRead: boolean;
}

function merge(fresh: readonly PostView[], before: readonly PostView[]): readonly PostView[] {
  const ids = new Set(fresh.map((post) => post.id));
  return [...fresh, ...before.filter((post) => !ids.has(post.id))].slice(0, mostRows);
}

/** What is stored, at once; then what comes, a bounded sample of it a second, and the count of all. */
export function useLiveStream(listen: Pick<Listen, "platforms" | "terms" | "languages">, isPaused: boolean): LiveStream {
  const { query, parameters } = filterOf(listen);
  const [posts, setPosts] = useState<readonly PostView[]>([]);
  const [counts, setCounts] = useState(nothing);
  const [state, setState] = useState<LiveStream["state"]>("connecting");
  const [lagMs, setLag] = useState<number>();
  const [isFirstRead, setFirstRead] = useState(false);

  useEffect(() => {
    const abort = new AbortController();
    setPosts([]);
    setFirstRead(false);
    setCounts(nothing);
    setLag(undefined);
    searchPosts(query, undefined, abort.signal)
      .then((page) => setPosts((before) => merge(before, page.items)))
      .catch(() => undefined)
      .finally(() => {
        if (!abort.signal.aborted) setFirstRead(true);
      });
    return () => abort.abort();
  }, [query]);

  useEffect(() => {
    if (isPaused) return undefined;
    setState("connecting");
    const stream = new EventSource(`/api/v1/live${parameters}`);
    let fresh: PostView[] = [];
    stream.onopen = () => setState("live");
    stream.onerror = () => setState("cut");
    stream.addEventListener("post", (event: MessageEvent<string>) => {
      fresh.unshift(JSON.parse(event.data));
    });
    stream.addEventListener("tick", (event: MessageEvent<string>) => {
      const tick: Tick = JSON.parse(event.data);
      setCounts((before) => [...before.slice(1), tick.posts]);
      if (tick.lagMs !== undefined) setLag(tick.lagMs);
      if (fresh.length === 0) return;
      const taken = fresh.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
      fresh = [];
      setPosts((before) => merge(taken, before));
    });
    return () => stream.close();
  }, [parameters, isPaused]);

  return { posts, counts, state, lagMs, isFirstRead };
}
