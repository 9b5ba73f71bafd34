import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask, status } from "../shell/api.ts";
import { formatDay, languageName } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { isKept, useMe } from "../shell/me.ts";
import { useListen } from "../shell/listen.ts";
import { ListenBar } from "../shell/listen-bar.tsx";
import { go, setQuery, usePlace } from "../shell/place.ts";
import { searchPath } from "../shell/query.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { Views } from "../shell/views.tsx";
import { answeredBy, ExploreAbout } from "./explore-about.tsx";
import { type Asked, coverageOf, dimensionNames, everyMsOf, explore, type ExploreView, grainNames, grainOf, listMetrics, type MetricView, notesOf } from "./explore-api.ts";
import { HeatMap } from "./explore-heat.tsx";
import { bucketsOf, formatDifference, formatValue, seriesOf, changeOf } from "./explore-lines.ts";
import { Notes } from "./explore-notes.tsx";
import { queryOf } from "./explore-query.ts";
import { entitiesOf } from "./names-api.ts";
import { ExploreTable, type Line } from "./explore-table.tsx";
import "./explore.css";

const TimeChart = lazy(() => import("../shell/time-chart.tsx"));
const noteMs = 60_000;

interface Term {
  readonly id: string;
  readonly name: string;
}

export default function Explore() {
  const { query } = usePlace();
  const metrics = useQuery({ queryKey: ["metrics"], queryFn: listMetrics, staleTime: Infinity });
  const [first] = metrics.data?.items ?? [];
  const metric = metrics.data?.items.find(({ id }) => id === query.get("metric")) ?? first;
  if (metric !== undefined) return <Explored metric={metric} metrics={metrics.data?.items ?? []} />;
  return metrics.isError ? <Problem error={metrics.error} onRetry={() => void metrics.refetch()} /> : <Loading />;
}

function Explored({ metric, metrics }: { readonly metric: MetricView; readonly metrics: readonly MetricView[] }) {
  const { t } = useTranslation();
  const { query } = usePlace();
  const listen = useListen();
  const me = useMe();
  // Who is kept to brands is told of no linked name.
  const dimensionsShown = dimensionNames.filter((name) => name !== "entity" || me.terms === undefined);
  const by = dimensionsShown.find((name) => name === query.get("by"));
  const q = query.get("q") ?? "";
  const versus = query.get("vs") ?? "";
  const withBefore = query.get("before") !== "no";
  const withAuthors = metric.part.concat(metric.over ?? []).includes("authors");
  const chosen = grainNames.find((name) => name === query.get("grain") && !(name === "minute" && withAuthors));
  const grain = chosen ?? grainOf(listen.toMs - listen.fromMs, withAuthors);
  const everyMs = everyMsOf(grain);
  // Whole buckets: the same question twice is the same span.
  const fromMs = Math.floor(listen.fromMs / everyMs) * everyMs;
  const toMs = Math.ceil(listen.toMs / everyMs) * everyMs;
  const beforeMs = fromMs - (toMs - fromMs);
  const asked: Asked = { listen, metric: metric.id, by, grain, q, fromMs, toMs };
  const asking = (name: string, one: Asked, enabled = true) => ({
    queryKey: [
      "explore",
      name,
      one.metric,
      one.by ?? "",
      one.grain,
      one.q,
      one.fromMs,
      one.toMs,
      one.listen.terms.join(),
      one.listen.languages.join(),
      one.listen.platforms.join(),
    ],
    queryFn: ({ signal }: { signal: AbortSignal }) => explore(one, signal),
    placeholderData: keepPreviousData,
    // Sums are cheap to ask for again; the index and the lake are asked when the span moves on.
    ...(q === "" && { refetchInterval: 10_000 }),
    enabled,
  });
  const now = useQuery(asking("now", asked));
  const before = useQuery(asking("before", { ...asked, fromMs: beforeMs, toMs: fromMs }, withBefore));
  const against = useQuery(asking("versus", { ...asked, listen: { ...listen, terms: [versus] } }, versus !== ""));
  const terms = useQuery({ queryKey: ["terms"], queryFn: () => ask<{ items: readonly Term[] }>("/api/v1/terms"), staleTime: 10_000 });
  const coverage = useQuery({ queryKey: ["coverage", beforeMs, fromMs, toMs], queryFn: () => coverageOf(withBefore ? beforeMs : fromMs, toMs), placeholderData: keepPreviousData });
  const notes = useQuery({ queryKey: ["notes", fromMs, toMs], queryFn: () => notesOf(fromMs, toMs), placeholderData: keepPreviousData, refetchInterval: 30_000 });
  const state = useQuery({ queryKey: ["status"], queryFn: status });

  // Who is kept to a part of the data is not told of the register.
  const entities = useQuery({ queryKey: ["entities"], queryFn: entitiesOf, staleTime: 60_000, enabled: by === "entity" && !isKept(me) });
  const entityName = (id: string) => entities.data?.items.find((entity) => entity.id === id)?.name ?? id;
  const termName = (id: string) => terms.data?.items.find((term) => term.id === id)?.name ?? id;
  const nameOf = (key: string): string => {
    if (by === undefined) return metric.name;
    if (by === "language") return key === "und" ? t("post.languageUnknown") : languageName(key);
    if (by === "sentiment") return key === "none" ? t("post.notScored") : t(`sentiment.${key}` as "sentiment.neutral");
    if (by === "term") return termName(key);
    if (by === "entity") return entityName(key);
    if (by === "hour-of-week") return `${t("explore.heat.days").split(",")[Number(key.slice(0, 1)) - 1]} ${key.slice(2)}:00`;
    return by === "hashtag" ? `#${key}` : key;
  };
  const postsPath = (fields: { readonly value?: string; readonly from?: number; readonly to?: number; readonly terms?: readonly string[] }) => {
    const of = { ...listen, ...(fields.terms !== undefined && { terms: fields.terms }) };
    const text = queryOf({
      listen: of,
      q,
      fromMs: fields.from ?? fromMs,
      toMs: fields.to ?? toMs,
      ...(by !== undefined && fields.value !== undefined && { by, value: fields.value }),
    });
    return text === undefined ? undefined : searchPath(text);
  };
  const openPosts = (path: string | undefined) => path !== undefined && go(path);

  const buckets = bucketsOf(fromMs, toMs, everyMs);
  const versusName = versus === "" ? undefined : termName(versus);
  const isSingle = by === undefined;
  const answer = now.data;
  // Ahead of the oldest stored post nobody counted: a gap, not zero.
  const sinceMs = coverage.data?.since === undefined ? undefined : Math.floor(Date.parse(coverage.data.since) / everyMs) * everyMs;
  const series = [
    ...seriesOf(metric, answer?.rows ?? [], buckets, { sinceMs, nameOf, idOf: (key) => (isSingle ? metric.id : key) }),
    ...(isSingle && versusName !== undefined ? seriesOf(metric, against.data?.rows ?? [], buckets, { sinceMs, nameOf: () => versusName, idOf: () => `vs ${versus}` }) : []),
    ...(isSingle && withBefore
      ? seriesOf(metric, before.data?.rows ?? [], buckets, { sinceMs, nameOf: () => t("explore.before"), idOf: () => "before", shiftMs: toMs - fromMs, isBefore: true })
      : []),
  ];
  // What nobody stored is no base: no difference is told against it.
  const since = coverage.data?.since;
  const isBeforeStored = since === undefined || Date.parse(since) <= beforeMs;
  const compares = withBefore && isBeforeStored;
  const lines: Line[] = linesOf(answer, compares ? before.data : undefined, versus === "" ? undefined : against.data).map(({ key, ...line }) => ({
    ...line,
    id: key,
    name: isSingle ? t("explore.total") : nameOf(key),
    postsPath: postsPath({ value: key }),
  }));
  const total = answer?.total;
  const change = changeOf(metric, total, before.data?.total);
  const failed = [now, before, against].find((one) => one.isError);
  const choose = (label: string, name: string, value: string, options: readonly (readonly [string, string])[]) => (
    <label className="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => setQuery({ [name]: event.target.value })}>
        {options.map(([id, text]) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <section aria-labelledby="explore-title" aria-busy={now.isFetching}>
      <ListenBar />
      <div className="bar explore-bar">
        <h2 id="explore-title">{t("page.explore")}</h2>
        {choose(
          t("explore.metric"),
          "metric",
          metric.id,
          metrics.map(({ id, name }) => [id, name]),
        )}
        {choose(t("explore.by"), "by", by ?? "", [["", t("explore.byNone")], ...dimensionsShown.map((name) => [name, t(`explore.dimensions.${name}`)] as const)])}
        {by !== "hour-of-week" &&
          choose(t("explore.grain"), "grain", chosen ?? "", [
            ["", t("explore.grains.auto")],
            ...grainNames
              .filter((name) => (toMs - fromMs) / everyMsOf(name) <= 1_500 && !(name === "minute" && withAuthors))
              .map((name) => [name, t(`explore.grains.${name}`)] as const),
          ])}
        {choose(t("explore.versus"), "vs", versus, [["", t("explore.versusNone")], ...(terms.data?.items ?? []).map(({ id, name }) => [id, name] as const)])}
        <label className="check">
          <input type="checkbox" checked={withBefore} onChange={(event) => setQuery({ before: event.target.checked ? undefined : "no" })} /> {t("explore.compare")}
        </label>
        <Views path="/explore" />
      </div>
      <Narrow key={q} q={q} />
      {failed !== undefined && <Problem error={failed.error} onRetry={() => void failed.refetch()} />}
      {now.isPending && <Loading />}
      {answer !== undefined && total !== undefined && total.posts > 0 && (
        <div className="bar headline-bar">
          <p className="headline" role="status">
            <strong>{formatValue(metric, total.value)}</strong> {metric.unit}
            {withBefore && !isBeforeStored && <span className="quiet"> {t("explore.beforeNotStored", { time: formatDay(since) })}</span>}
            {compares && before.data !== undefined && !before.isPlaceholderData && (
              <span className="quiet">
                {" "}
                {formatDifference(metric, change.difference)}
                {change.percent !== undefined && ` (${change.percent > 0 ? "+" : ""}${Math.round(change.percent * 1_000) / 10}%)`}, {t("explore.before")}
              </span>
            )}
            {!answer.exact && <span className="tag">{t("explore.estimated")}</span>}
          </p>
          <ExploreAbout metric={metric} answer={answer} coverage={coverage.data} fromMs={fromMs} beforeMs={withBefore ? beforeMs : undefined} postsPath={postsPath({})} />
        </div>
      )}
      {answer !== undefined && answer.answeredBy !== "rollups" && <p className="hint">{answeredBy(t, answer)}</p>}
      {now.isSuccess && total?.posts === 0 && <Empty>{t("explore.none")}</Empty>}
      {by === "hour-of-week" && answer !== undefined && total !== undefined && total.posts > 0 && (
        <HeatMap metric={metric} rows={answer.whole} onPick={(key) => openPosts(postsPath({ value: key }))} />
      )}
      {series.some((one) => one.isBefore !== true) && (
        <Suspense fallback={<Loading />}>
          <TimeChart
            title={metric.name}
            unit={metric.unit}
            series={series}
            isSimulated={state.data?.simulated === "shown"}
            notes={(notes.data?.items ?? []).map((note) => ({ at: Date.parse(note.at), text: note.text }))}
            completeBefore={Math.floor(listen.toMs / everyMs) * everyMs}
            isPercent={metric.kind === "share"}
            onPick={(at, one) => openPosts(postsPath({ from: at, to: at + everyMs, ...(one.id === `vs ${versus}` ? { terms: [versus] } : !isSingle && { value: one.id }) }))}
          />
        </Suspense>
      )}
      {lines.length > 0 && (
        <ExploreTable
          metric={metric}
          lines={lines}
          caption={by === undefined ? t("explore.captionWhole") : t("explore.caption", { by: t(`explore.dimensions.${by}`) })}
          withBefore={compares}
          versusName={versusName}
        />
      )}
      {versus !== "" && (
        <p className="hint">
          {versusName}: <Link to={postsPath({ terms: [versus] }) ?? "/search"}>{t("explore.posts")}</Link>
        </p>
      )}
      {by !== "hour-of-week" && <Notes notes={notes.data?.items ?? []} terms={terms.data?.items ?? []} atMs={Math.floor((fromMs + toMs) / 2 / noteMs) * noteMs} />}
    </section>
  );
}

function linesOf(answer: ExploreView | undefined, before: ExploreView | undefined, versus: ExploreView | undefined) {
  if (answer === undefined || answer.total.posts === 0) return [];
  const rowIn = (of: ExploreView | undefined, key: string) => (answer.by === null ? of?.total : of?.whole.find((row) => row.key === key));
  const keys = answer.by === null ? [""] : answer.whole.map((row) => row.key);
  return keys.map((key) => ({ key, now: rowIn(answer, key), before: rowIn(before, key), versus: rowIn(versus, key) }));
}

function Narrow({ q }: { readonly q: string }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(q);
  useEffect(() => setDraft(q), [q]);
  return (
    <form
      className="bar narrow"
      onSubmit={(event) => {
        event.preventDefault();
        setQuery({ q: draft.trim() });
      }}
    >
      <label className="choice grow">
        <span>{t("explore.narrow")}</span>
        <input
          type="search"
          value={draft}
          placeholder={t("explore.narrowHint")}
          maxLength={4_000}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setDraft(event.target.value)}
        />
      </label>
      <button type="submit">{t("explore.narrowGo")}</button>
    </form>
  );
}
