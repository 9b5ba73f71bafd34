import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { ask } from "../shell/api.ts";
import { formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import type { Listen } from "../shell/listen.ts";
import { searchPath } from "../shell/query.ts";
import { filterOf, spanOf } from "./live-filter.ts";
import { type Counted, leastPosts, type Trend, trendsOf } from "./live-trends-score.ts";

interface Facets {
  readonly posts: number;
  readonly exact: boolean;
  readonly facets: { readonly hashtag?: readonly Counted[]; readonly term?: readonly Counted[] };
}

const hourMs = 3_600_000;
const beforeMs = 24 * hourMs;
const mostAsked = 200;
const mostShown = 8;

async function askTrends(query: string) {
  const toMs = Math.ceil(Date.now() / 60_000) * 60_000;
  const fromMs = toMs - hourMs;
  const facets = (from: number, to: number) =>
    ask<Facets>(`/api/v1/posts/facets?${new URLSearchParams({ q: [query, spanOf(from, to)].join(" ").trim(), by: "hashtag,term", top: String(mostAsked) }).toString()}`);
  const [now, before] = await Promise.all([facets(fromMs, toMs), facets(fromMs - beforeMs, fromMs)]);
  const trendsIn = (name: "hashtag" | "term") => {
    const list = before.facets[name] ?? [];
    return trendsOf(now.facets[name] ?? [], now.posts, list, before.posts, list.length < mostAsked).slice(0, mostShown);
  };
  return { fromMs, toMs, hashtags: trendsIn("hashtag"), terms: trendsIn("term"), isExact: now.exact && before.exact, hasBefore: before.posts > 0 };
}

/** Hashtags and brands that are said more often in this hour than in the day before it. */
export function LiveTrends({ listen, isPaused }: { readonly listen: Listen; readonly isPaused: boolean }) {
  const { t } = useTranslation();
  const { query } = filterOf(listen);
  const trends = useQuery({ queryKey: ["live-trends", query], queryFn: () => askTrends(query), placeholderData: keepPreviousData, refetchInterval: isPaused ? false : 30_000 });
  const { data } = trends;
  const list = (name: string, field: "hashtag" | "term", rows: readonly Trend[]) =>
    rows.length > 0 && (
      <div>
        <h4>{name}</h4>
        <ol className="trends">
          {rows.map((trend) => (
            <li key={trend.value}>
              <Link
                to={searchPath(
                  [`${field}:${JSON.stringify(trend.value)}`, query, data === undefined ? "" : spanOf(data.fromMs, data.toMs)].filter((part) => part !== "").join(" "),
                )}
              >
                {field === "hashtag" ? `#${trend.value}` : trend.value}
              </Link>
              <span className="figure">{formatNumber(trend.posts)}</span>
              <span className="quiet">
                {trend.expected === 0
                  ? t("live.trends.new")
                  : t(trend.isExact ? "live.trends.times" : "live.trends.timesAtLeast", { times: formatNumber(Math.round((trend.posts / trend.expected) * 10) / 10) })}
              </span>
            </li>
          ))}
        </ol>
      </div>
    );
  return (
    <section className="live-figure" aria-labelledby="live-trends">
      <h3 id="live-trends">
        {t("live.trends.title")}
        <About
          data={{
            name: t("live.trends.title"),
            definition: t("live.trends.definition", { least: leastPosts }),
            metric: "trend 1",
            ...(data !== undefined && { freshAt: trends.dataUpdatedAt, postsPath: searchPath([query, spanOf(data.fromMs, data.toMs)].join(" ").trim()) }),
            coverage: [...(data?.isExact === false ? [t("live.trends.sampled")] : []), t("live.trends.reshares")],
          }}
        />
      </h3>
      {data === undefined ? (
        <p className="quiet">{trends.isError ? t("live.trends.failed") : t("shell.loading")}</p>
      ) : data.hashtags.length + data.terms.length === 0 ? (
        <p className="quiet">{t(data.hasBefore ? "live.trends.none" : "live.trends.noBefore")}</p>
      ) : (
        <>
          {list(t("live.trends.terms"), "term", data.terms)}
          {list(t("live.trends.hashtags"), "hashtag", data.hashtags)}
        </>
      )}
    </section>
  );
}
