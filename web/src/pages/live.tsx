import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { status } from "../shell/api.ts";
import { formatNumber } from "../shell/format.ts";
import { useListen } from "../shell/listen.ts";
import { ListenBar } from "../shell/listen-bar.tsx";
import { setQuery, usePlace } from "../shell/place.ts";
import { PostRow } from "../shell/post-row.tsx";
import { useSimulatedSources } from "../shell/simulated.ts";
import { LiveAlerts } from "./live-alerts.tsx";
import { LiveFigures } from "./live-figures.tsx";
import { RateChart } from "./live-rate.tsx";
import { useLiveStream } from "./live-stream.ts";
import { LiveTrends } from "./live-trends.tsx";
import "./live.css";

const tellEveryMs = 30_000;

export default function Live() {
  const { t } = useTranslation();
  const { query } = usePlace();
  const listen = useListen();
  const isPaused = query.get("paused") === "yes";
  const simulatedSources = useSimulatedSources();
  const system = useQuery({ queryKey: ["status"], queryFn: status });
  const isSimulated = system.data?.simulated === "shown";
  const { posts, counts, state, lagMs, isFirstRead } = useLiveStream(listen, isPaused);
  const pause = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
      if (event.key === "p" && !event.metaKey && !event.ctrlKey && !event.altKey && !isTyping) pause.current?.click();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  const last = counts.at(-1);
  return (
    <section aria-labelledby="live-title">
      <ListenBar withTime={false} />
      <div className="bar">
        <h2 id="live-title">{t("live.title")}</h2>
        <span className={`state state-${isPaused ? "paused" : state}`} role="status">
          {isPaused ? t("live.paused") : t(`live.${state}`)}
        </span>
        <span className="quiet grow">{!isPaused && state === "live" && last !== undefined && t("live.rate", { count: last, formatted: formatNumber(last) })}</span>
        <span className="quiet">
          {t("live.lag.name")} <b className="figure">{lagMs === undefined ? "–" : t("live.lag.value", { seconds: formatNumber(Math.round(lagMs / 100) / 10) })}</b>
          <About data={{ name: t("live.lag.name"), definition: t("live.lag.definition"), metric: "lag 1", coverage: [t("live.lag.coverage")] }} />
        </span>
        <RateChart counts={counts} simulated={isSimulated} />
        <button type="button" ref={pause} aria-pressed={isPaused} onClick={() => setQuery({ paused: isPaused ? undefined : "yes" }, "replace")}>
          {isPaused ? t("live.resume") : t("live.pause")}
        </button>
      </div>
      <Told counts={counts} isPaused={isPaused} />
      <div className="live">
        <div className="live-side">
          <LiveAlerts state={system.data} />
          <LiveFigures listen={listen} isSimulated={isSimulated} isPaused={isPaused} />
          <LiveTrends listen={listen} isPaused={isPaused} />
        </div>
        <div className="live-posts">
          <p className="hint">{t("live.sample")}</p>
          {posts.length === 0 ? (
            <p className="empty">{t(isFirstRead ? "live.empty" : "shell.loading")}</p>
          ) : (
            <div className="list" role="feed" aria-label={t("live.list")} aria-busy={false}>
              {posts.map((post) => (
                <PostRow key={post.id} post={post} simulated={simulatedSources.has(post.source)} />
              ))}
            </div>
          )}
        </div>
      </div>
    </section>
  );
}

/** A sentence twice a minute for who cannot see the list run. */
function Told({ counts, isPaused }: { readonly counts: readonly (number | undefined)[]; readonly isPaused: boolean }) {
  const { t } = useTranslation();
  const newest = useRef(counts);
  newest.current = counts;
  const [told, setTold] = useState<number>();
  useEffect(() => {
    if (isPaused) return undefined;
    const timer = setInterval(() => setTold(newest.current.slice(-tellEveryMs / 1_000).reduce<number>((sum, count) => sum + (count ?? 0), 0)), tellEveryMs);
    return () => clearInterval(timer);
  }, [isPaused]);
  return (
    <p className="only-heard" role="status">
      {told === undefined || isPaused ? "" : t("live.told", { count: told, formatted: formatNumber(told) })}
    </p>
  );
}
