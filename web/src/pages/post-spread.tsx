import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { Series } from "../shell/chart.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { isKept, useMe } from "../shell/me.ts";
import { setQuery, usePlace } from "../shell/place.ts";
import { searchPath } from "../shell/query.ts";
import { useSimulatedSources } from "../shell/simulated.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { type Spread, type SpreadItem, spreadOf } from "./post-api.ts";
import { type LanesBy, laneKinds } from "./post-spread-layout.ts";
import { Mark, SpreadPicture } from "./post-spread-picture.tsx";
import "./post-spread.css";

const TimeChart = lazy(() => import("../shell/time-chart.tsx"));
/** Bars of the chart at most; longer spans are summed up. */
const mostBars = 168;

/** What shares, quotes, repeats a post or links its page, on all platforms and over time. */
export function SpreadOf({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const found = useQuery({ queryKey: ["spread", id], queryFn: () => spreadOf(id) });
  if (found.isError) return <Problem error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Loading />;
  const spread = found.data;
  return (
    <>
      {spread.originalMissing !== undefined && <p role="note">{t("postPage.spread.missing")}</p>}
      {spread.original !== undefined && spread.original.id !== id && (
        <p>
          {t("postPage.spread.ofOriginal")}: <Link to={`/post/${spread.original.id}?show=spread`}>{t("postPage.spread.toOriginal")}</Link>
        </p>
      )}
      {spread.posts === 0 ? <Nothing /> : <Shown spread={spread} here={id} />}
      <ul className="around">
        {spread.links.map((page) => (
          <li key={page}>
            <Link to={searchPath(`link:${JSON.stringify(page)}`)}>{t("postPage.spread.searchPage", { page })}</Link>
          </li>
        ))}
      </ul>
    </>
  );
}

function Nothing() {
  const { t } = useTranslation();
  const me = useMe();
  return <Empty action={isKept(me) ? undefined : <Link to="/sources">{t("postPage.spread.sources")}</Link>}>{t("postPage.spread.none")}</Empty>;
}

function Shown({ spread, here }: { readonly spread: Spread; readonly here: string }) {
  const { t } = useTranslation();
  const { query } = usePlace();
  const simulated = useSimulatedSources();
  const by: LanesBy = query.get("lanes") === "kind" ? "kind" : "platform";
  const { posts, exact, kinds, platforms, items, original } = spread;
  const firstMs = original === undefined ? undefined : Date.parse(original.createdAt);
  const after = (item: SpreadItem): string => (firstMs === undefined ? "" : spanText(Date.parse(item.post.createdAt) - firstMs, t));
  const columns: readonly Column<SpreadItem>[] = [
    {
      id: "when",
      name: t("postPage.spread.column.when"),
      cell: ({ post }) => (
        <Link to={`/post/${post.id}?show=spread`} aria-current={post.id === here ? "true" : undefined}>
          {formatDay(post.createdAt)} {formatClock(post.createdAt)}
        </Link>
      ),
      sortBy: ({ post }) => post.createdAt,
    },
    ...(firstMs === undefined
      ? []
      : [{ id: "after", name: t("postPage.spread.column.after"), isFigure: true, cell: after, sortBy: ({ post }: SpreadItem) => Date.parse(post.createdAt) }]),
    {
      id: "kind",
      name: t("postPage.spread.column.kind"),
      cell: ({ kind }) => (
        <span className="spread-kind">
          <Mark kind={kind} /> {t(`postPage.spread.kind.${kind}`)}
        </span>
      ),
      sortBy: ({ kind }) => kind,
    },
    { id: "platform", name: t("postPage.spread.column.platform"), cell: ({ post }) => post.platform, sortBy: ({ post }) => post.platform },
    { id: "text", name: t("postPage.spread.column.text"), cell: ({ post }) => <span dir="auto">{post.text.slice(0, 120)}</span> },
  ];
  return (
    <>
      <p role="status">
        <strong>{t("postPage.spread.total", { count: posts, formatted: formatNumber(posts), platforms: t("postPage.spread.platforms", { count: platforms.length }) })}</strong>
        {!exact && ` ${t("postPage.spread.atLeast")}`}
      </p>
      <ul className="spread-counts" aria-label={t("postPage.spread.kinds")}>
        {kinds.map(({ kind, posts: count }) => (
          <li key={kind}>
            <Mark kind={kind} /> {t(`postPage.spread.kind.${kind}`)} <b>{formatNumber(count)}</b>
          </li>
        ))}
      </ul>
      <ul className="spread-counts" aria-label={t("postPage.spread.platformsName")}>
        {platforms.map(({ platform, posts: count }) => (
          <li key={platform}>
            {platform} <b>{formatNumber(count)}</b>
          </li>
        ))}
      </ul>
      <label className="choice">
        <span>{t("postPage.spread.lanes")}</span>
        <select value={by} onChange={(event) => setQuery({ lanes: event.target.value === "platform" ? undefined : event.target.value }, "replace")}>
          {laneKinds.map((name) => (
            <option key={name} value={name}>
              {t(`postPage.spread.by.${name}`)}
            </option>
          ))}
        </select>
      </label>
      <SpreadPicture spread={spread} by={by} here={here} />
      {items.length < posts && <p className="hint">{t("postPage.spread.drawn", { shown: formatNumber(items.length), posts: formatNumber(posts) })}</p>}
      <p className="quiet">{t("postPage.spread.about")}</p>
      <Suspense fallback={<Loading />}>
        <TimeChart
          title={t("postPage.spread.hours")}
          unit={t("postPage.spread.unit")}
          kind="stacked"
          series={seriesOf(spread)}
          heightPx={160}
          isSimulated={items.some(({ post }) => simulated.has(post.source))}
        />
      </Suspense>
      <Table caption={t("postPage.spread.table")} columns={columns} rows={items} rowKey={({ post }) => post.id} />
    </>
  );
}

type Translate = ReturnType<typeof useTranslation>["t"];

function spanText(ms: number, t: Translate): string {
  const sign = ms < 0 ? "−" : "";
  const seconds = Math.abs(ms) / 1_000;
  if (seconds < 60) return sign + t("postPage.spread.seconds", { count: Math.round(seconds) });
  if (seconds < 3_600) return sign + t("postPage.spread.minutes", { count: Math.round(seconds / 60) });
  return sign + (seconds < 172_800 ? t("postPage.spread.hoursAfter", { count: Math.round(seconds / 3_600) }) : t("postPage.spread.days", { count: Math.round(seconds / 86_400) }));
}

/** A series for each platform; buckets without posts are told as none. */
function seriesOf({ buckets, everySeconds }: Spread): readonly Series[] {
  const times = buckets.map(({ at }) => Date.parse(at));
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const base = everySeconds * 1_000;
  const everyMs = base * Math.ceil((to - from + base) / base / mostBars);
  const placeOf = (ms: number) => Math.floor((ms - from) / everyMs);
  const platforms = [...new Set(buckets.map(({ platform }) => platform))];
  return platforms.map((platform) => {
    const counts = Array.from({ length: placeOf(to) + 1 }, () => 0);
    for (const bucket of buckets) if (bucket.platform === platform) counts[placeOf(Date.parse(bucket.at))] = (counts[placeOf(Date.parse(bucket.at))] ?? 0) + bucket.posts;
    return { id: platform, name: platform, points: counts.map((count, place) => [from + place * everyMs, count] as const) };
  });
}
