import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type PostView, searchPosts, status } from "../shell/api.ts";
import { formatNumber } from "../shell/format.ts";
import { PostRow } from "../shell/post-row.tsx";
import { useSimulatedSources } from "../shell/simulated.ts";
import { Views } from "../shell/views.tsx";
import { RateChart, seconds } from "./live-rate.tsx";

const most = 60;
const nothing = Array.from({ length: seconds }, () => undefined);

function merge(fresh: readonly PostView[], before: readonly PostView[]): readonly PostView[] {
  const ids = new Set(fresh.map((post) => post.id));
  return [...fresh, ...before.filter((post) => !ids.has(post.id))].slice(0, most);
}

export default function Live() {
  const simulatedSources = useSimulatedSources();
  const isSimulated = useQuery({ queryKey: ["status"], queryFn: status }).data?.simulated === "shown";
  const { t } = useTranslation();
  const [posts, setPosts] = useState<readonly PostView[]>([]);
  const [counts, setCounts] = useState<readonly (number | undefined)[]>(nothing);
  const [state, setState] = useState<"connecting" | "live" | "cut">("connecting");
  const [paused, setPaused] = useState(false);
  const pause = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    // What is stored stands there at once; the stream goes on from it.
    const abort = new AbortController();
    searchPosts("", undefined, abort.signal).then(
      (page) => setPosts((before) => merge(before, page.items)),
      () => undefined,
    );
    return () => abort.abort();
  }, []);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "p" && !event.metaKey && !event.ctrlKey && !event.altKey && document.activeElement?.tagName !== "INPUT") pause.current?.click();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  useEffect(() => {
    if (paused) return undefined;
    setState("connecting");
    const stream = new EventSource("/api/v1/live");
    let fresh: PostView[] = [];
    stream.onopen = () => setState("live");
    stream.onerror = () => setState("cut");
    stream.addEventListener("post", (event: MessageEvent<string>) => {
      fresh.unshift(JSON.parse(event.data));
    });
    stream.addEventListener("tick", (event: MessageEvent<string>) => {
      const tick: { posts: number } = JSON.parse(event.data);
      setCounts((before) => [...before.slice(1), tick.posts]);
      if (fresh.length === 0) return;
      const taken = fresh.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
      fresh = [];
      setPosts((before) => merge(taken, before));
    });
    return () => stream.close();
  }, [paused]);

  const last = counts.at(-1);
  return (
    <section aria-labelledby="live-title">
      <div className="bar">
        <h2 id="live-title">{t("live.title")}</h2>
        <span className={`state state-${paused ? "paused" : state}`} role="status">
          {paused ? t("live.paused") : t(`live.${state}`)}
        </span>
        <span className="quiet grow">{!paused && state === "live" && last !== undefined && t("live.rate", { count: last, formatted: formatNumber(last) })}</span>
        <RateChart counts={counts} simulated={isSimulated} />
        <button type="button" ref={pause} onClick={() => setPaused(!paused)}>
          {paused ? t("live.resume") : t("live.pause")}
        </button>
      </div>
      <Views path="/live" />
      <p className="hint">{t("live.sample")}</p>
      {posts.length === 0 ? (
        <p className="empty">{t("live.empty")}</p>
      ) : (
        <div className="list" role="feed" aria-label={t("live.list")} aria-busy={false}>
          {posts.map((post) => (
            <PostRow key={post.id} post={post} simulated={simulatedSources.has(post.source)} />
          ))}
        </div>
      )}
    </section>
  );
}
