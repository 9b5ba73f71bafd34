import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { ask } from "../shell/api.ts";
import type { Series } from "../shell/chart.tsx";
import { formatNumber } from "../shell/format.ts";
import type { Listen } from "../shell/listen.ts";
import { go } from "../shell/place.ts";
import { searchPath } from "../shell/query.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { filterOf, spanOf } from "./live-filter.ts";

const TimeChart = lazy(() => import("../shell/time-chart.tsx"));

interface Row {
  readonly at?: string;
  readonly platform?: string;
  readonly posts: number;
  /** Of one brand where one is chosen, else of whole posts. */
  readonly negativeTowards: number;
  readonly neutralTowards: number;
  readonly positiveTowards: number;
}
interface Answer {
  readonly freshAt: string | null;
  readonly rows: readonly Row[];
}

const minuteMs = 60_000;
const minutes = 60;
/** Of a handful of posts a share says nothing: shares stand for longer steps. */
const shareStepMs = 5 * minuteMs;
const percent = (part: number, whole: number): string => (whole === 0 ? "–" : `${Math.round((part / whole) * 1_000) / 10}%`);

/** Volume and sentiment of the last hour, by the minute, from the sums. */
export function LiveFigures({ listen, isSimulated, isPaused }: { readonly listen: Listen; readonly isSimulated: boolean; readonly isPaused: boolean }) {
  const { t } = useTranslation();
  const { query, parameters } = filterOf(listen);
  const hour = useQuery({
    queryKey: ["live-hour", parameters],
    queryFn: async () => {
      const toMs = (Math.floor(Date.now() / minuteMs) + 1) * minuteMs;
      const fromMs = toMs - minutes * minuteMs;
      const asked = new URLSearchParams(parameters);
      asked.set("from", new Date(fromMs).toISOString());
      asked.set("to", new Date(toMs).toISOString());
      asked.set("grain", "minute");
      asked.set("by", "platform");
      return { ...(await ask<Answer>(`/api/v1/rollups?${asked.toString()}`)), fromMs, toMs };
    },
    placeholderData: keepPreviousData,
    refetchInterval: isPaused ? false : 5_000,
  });
  if (hour.isError && hour.data === undefined) return <Problem error={hour.error} onRetry={() => void hour.refetch()} />;
  if (hour.data === undefined) return <Loading />;
  const { rows, fromMs, toMs, freshAt } = hour.data;
  const times = Array.from({ length: minutes }, (_, i) => fromMs + i * minuteMs);
  const shareTimes = Array.from({ length: (minutes * minuteMs) / shareStepMs }, (_, i) => fromMs + i * shareStepMs);
  const sumBy = (of: (row: Row) => number, keep: (row: Row) => boolean, stepMs: number) => {
    const sums = new Map<number, number>();
    for (const row of rows) {
      const at = fromMs + Math.floor((Date.parse(row.at ?? "") - fromMs) / stepMs) * stepMs;
      if (keep(row)) sums.set(at, (sums.get(at) ?? 0) + of(row));
    }
    return sums;
  };
  const total = (of: (row: Row) => number) => rows.reduce((sum, row) => sum + of(row), 0);
  const platforms = [...new Set(rows.map((row) => row.platform ?? ""))].toSorted();
  const volume = platforms.map((name): Series => {
    const sums = sumBy(
      (row) => row.posts,
      (row) => row.platform === name,
      minuteMs,
    );
    return { id: name, name, points: times.map((at) => [at, sums.get(at) ?? 0] as const) };
  });
  const every = () => true;
  const scoredOf = (row: Row) => row.negativeTowards + row.neutralTowards + row.positiveTowards;
  const scoredAt = sumBy(scoredOf, every, shareStepMs);
  const share = (name: "negative" | "positive"): Series => {
    const sums = sumBy((row) => row[`${name}Towards`], every, shareStepMs);
    return {
      id: name,
      name: t(`sentiment.${name}`),
      points: shareTimes.map((at) => [at, (scoredAt.get(at) ?? 0) === 0 ? undefined : (sums.get(at) ?? 0) / (scoredAt.get(at) ?? 1)] as const),
    };
  };
  const posts = total((row) => row.posts);
  const scored = total(scoredOf);
  const postsPath = searchPath([query, spanOf(fromMs, toMs)].join(" ").trim());
  const common = { ...(freshAt !== null && { freshAt: Date.parse(freshAt) }), postsPath };
  const pick = (stepMs: number) => (at: number) => go(searchPath([query, spanOf(at, at + stepMs)].join(" ").trim()));
  return (
    <>
      <section className="live-figure" aria-labelledby="live-volume">
        <h3 id="live-volume">
          {t("live.volume.title")}
          <About data={{ name: t("live.volume.title"), definition: t("live.volume.definition"), metric: "posts 1", coverage: [t("live.coverage.minute")], ...common }} />
        </h3>
        <p>
          <strong className="figure" data-figure="posts">
            {formatNumber(posts)}
          </strong>{" "}
          {t("live.volume.unit")}
        </p>
        {posts > 0 && (
          <Suspense fallback={<Loading />}>
            <TimeChart
              title={t("live.volume.chart")}
              unit={t("live.volume.unit")}
              series={volume}
              kind="stacked"
              isSimulated={isSimulated}
              completeBefore={toMs - minuteMs}
              heightPx={160}
              onPick={pick(minuteMs)}
            />
          </Suspense>
        )}
      </section>
      <section className="live-figure" aria-labelledby="live-sentiment">
        <h3 id="live-sentiment">
          {t("live.sentiment.title")}
          <About
            data={{
              name: t("live.sentiment.title"),
              definition: t("live.sentiment.definition"),
              metric: "negative 2",
              coverage: [t("live.coverage.unscored"), t("live.coverage.minute")],
              ...common,
            }}
          />
        </h3>
        <p>
          <strong className="figure sentiment-negative" data-figure="negative">
            ▼{" "}
            {percent(
              total((row) => row.negativeTowards),
              scored,
            )}
          </strong>{" "}
          {t("sentiment.negative")} ·{" "}
          <strong className="figure sentiment-positive" data-figure="positive">
            ▲{" "}
            {percent(
              total((row) => row.positiveTowards),
              scored,
            )}
          </strong>{" "}
          {t("sentiment.positive")} · <span data-figure="unscored">{percent(posts - scored, posts)}</span> {t("post.notScored")}
        </p>
        {scored > 0 && (
          <Suspense fallback={<Loading />}>
            <TimeChart
              title={t("live.sentiment.chart")}
              unit={t("live.sentiment.unit")}
              series={[share("negative"), share("positive")]}
              isSimulated={isSimulated}
              completeBefore={toMs - shareStepMs}
              heightPx={160}
              onPick={pick(shareStepMs)}
              isPercent
            />
          </Suspense>
        )}
      </section>
    </>
  );
}
