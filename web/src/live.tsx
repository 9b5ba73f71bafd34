import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PostView } from "./api.ts";
import { PostRow } from "./post-row.tsx";

const most = 60;
const number = new Intl.NumberFormat();

export function Live({ simulatedSources }: { readonly simulatedSources: ReadonlySet<string> }) {
  const { t } = useTranslation();
  const [posts, setPosts] = useState<readonly PostView[]>([]);
  const [perSecond, setPerSecond] = useState(0);
  const [state, setState] = useState<"connecting" | "live" | "cut">("connecting");
  const [paused, setPaused] = useState(false);

  useEffect(() => {
    if (paused) return undefined;
    const stream = new EventSource("/api/v1/live");
    let fresh: PostView[] = [];
    stream.onopen = () => setState("live");
    stream.onerror = () => setState("cut");
    stream.addEventListener("post", (event: MessageEvent<string>) => {
      fresh.unshift(JSON.parse(event.data));
    });
    stream.addEventListener("tick", (event: MessageEvent<string>) => {
      const tick: { posts: number } = JSON.parse(event.data);
      setPerSecond(tick.posts);
      if (fresh.length === 0) return;
      const taken = fresh;
      fresh = [];
      setPosts((before) => [...taken, ...before].slice(0, most));
    });
    return () => stream.close();
  }, [paused]);

  return (
    <section aria-labelledby="live-title">
      <div className="bar">
        <h2 id="live-title">{t("live.title")}</h2>
        <span className={`state state-${paused ? "paused" : state}`} role="status">
          {paused ? t("live.paused") : t(`live.${state}`, { rate: number.format(perSecond) })}
        </span>
        <button type="button" onClick={() => setPaused(!paused)}>
          {paused ? t("live.resume") : t("live.pause")}
        </button>
      </div>
      {posts.length === 0 ? (
        <p className="empty">{t("live.empty")}</p>
      ) : (
        <div className="list">
          {posts.map((post) => (
            <PostRow key={`${post.id}-${post.revision}`} post={post} simulated={simulatedSources.has(post.source)} />
          ))}
        </div>
      )}
    </section>
  );
}
