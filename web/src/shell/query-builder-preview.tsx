import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "./about.tsx";
import { formatClock, formatDay, formatNumber } from "./format.ts";
import { Link } from "./link.tsx";
import { PostRow } from "./post-row.tsx";
import { searchPath } from "./query.ts";
import { useReading } from "./query-builder.tsx";
import { estimateOf, type EstimateView, type Period, periods, previewOf, type QueryUse, useSettled, withinPeriod } from "./query-builder-api.ts";
import { useSimulatedSources } from "./simulated.ts";
import { Problem } from "./states.tsx";

const isPeriod = (text: string): text is Period => Object.hasOwn(periods, text);

/** Three figures: 1,234 is as exact as an estimate should look. */
function rounded(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(value)));
  return new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3, maximumFractionDigits: Math.min(digits, 2) }).format(value);
}
function bytesOf(gigabytes: number): string {
  const [unit, size] = gigabytes >= 1 ? ["GB", gigabytes] : gigabytes >= 0.001 ? ["MB", gigabytes * 1_000] : ["kB", gigabytes * 1e6];
  return `${rounded(size)} ${unit}`;
}

function Estimate({ estimate }: { readonly estimate: EstimateView }) {
  const { t } = useTranslation();
  const { sample, matchingPerDay, storedGbPerDay } = estimate;
  if (estimate.state === "few-posts") return <p className="hint">{t("terms.estimate.fewPosts", { formatted: formatNumber(sample.posts) })}</p>;
  if (estimate.state === "short-time") return <p className="hint">{t("terms.estimate.shortTime")}</p>;
  if (estimate.state === "no-sample" || matchingPerDay === undefined) return <p className="hint">{t("terms.estimate.noSample")}</p>;
  const coverage = [
    t("terms.estimate.sample", {
      count: sample.posts,
      formatted: formatNumber(sample.posts),
      matching: formatNumber(sample.matching),
      from: `${formatDay(sample.from)} ${formatClock(sample.from)}`,
    }),
    t("terms.estimate.sources", { sources: sample.sources.join(", ") }),
    estimate.bytesPerPost === undefined ? t("terms.estimate.unsized") : t("terms.estimate.sized", { bytes: rounded(estimate.bytesPerPost) }),
    t("terms.estimate.raw"),
    ...(sample.exact ? [] : [t("terms.estimate.inexact")]),
  ];
  return (
    <div className="estimate">
      <span>{t("terms.estimate.title")}</span> <b>{t("terms.estimate.posts", { value: rounded(matchingPerDay.value) })}</b>{" "}
      <span className="quiet">({t("terms.estimate.range", { low: rounded(matchingPerDay.low), high: rounded(matchingPerDay.high) })})</span>
      {storedGbPerDay !== undefined && (
        <>
          , <b>{t("terms.estimate.size", { value: bytesOf(storedGbPerDay.value) })}</b>
        </>
      )}{" "}
      <About data={{ name: t("terms.estimate.name"), definition: t("terms.estimate.definition"), coverage }} />
      {sample.simulated && <p className="tag simulated">{t("terms.estimate.simulated")}</p>}
    </div>
  );
}

/** What of the stored posts matches, and what a day would bring; follows the query as it is written. */
export function QueryPreview({ query, use }: { readonly query: string; readonly use: QueryUse }) {
  const { t } = useTranslation();
  const id = useId();
  const simulated = useSimulatedSources();
  const [period, setPeriod] = useState<Period>("30d");
  const { isValid } = useReading(query, use);
  const asked = useSettled(query, 350);
  const enabled = isValid && asked === query;
  const preview = useQuery({
    queryKey: ["query-preview", asked, period],
    queryFn: ({ signal }) => previewOf(withinPeriod(asked, period, Date.now()), signal),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
    enabled,
  });
  const estimate = useQuery({
    queryKey: ["query-estimate", asked],
    queryFn: ({ signal }) => estimateOf(asked, "matching", signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    // What is stored grows; at first it is too little for an estimate.
    refetchInterval: 15_000,
    enabled,
  });
  if (query.trim() === "") return <p className="hint">{t("terms.preview.empty")}</p>;
  const found = preview.data;
  return (
    <section className="preview" aria-labelledby={id} aria-busy={preview.isFetching}>
      <div className="bar">
        <h3 id={id}>{t("terms.preview.title")}</h3>
        <label className="unseen" htmlFor={`${id}-period`}>
          {t("terms.preview.period")}
        </label>
        <select id={`${id}-period`} value={period} onChange={(event) => isPeriod(event.target.value) && setPeriod(event.target.value)}>
          {Object.keys(periods).map((name) => (
            <option key={name} value={name}>
              {t(`terms.preview.${name}`)}
            </option>
          ))}
        </select>
        <output className="grow">
          {found !== undefined &&
            (found.exact ? t("terms.preview.count", { count: found.posts, formatted: formatNumber(found.posts) }) : t("terms.preview.about", { posts: formatNumber(found.posts) }))}
        </output>
        {isValid && <Link to={searchPath(query)}>{t("terms.preview.all")}</Link>}
      </div>
      {preview.isError && <Problem error={preview.error} onRetry={() => void preview.refetch()} />}
      {estimate.data !== undefined && <Estimate estimate={estimate.data} />}
      {found !== undefined && found.newest.length === 0 && <p className="empty">{t("terms.preview.nothing")}</p>}
      {found !== undefined && found.newest.length > 0 && (
        <div className="list" role="feed" aria-label={t("terms.preview.list")} aria-busy={preview.isFetching}>
          {found.newest.map((post) => (
            <PostRow key={post.id} post={post} simulated={simulated.has(post.source)} />
          ))}
        </div>
      )}
    </section>
  );
}
