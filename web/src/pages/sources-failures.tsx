import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { Loading, Problem } from "../shell/states.tsx";
import { type Alarm, alarms, type ClassCount, failureCounts, failureKinds, failuresOf, type Sample } from "./sources-failures-api.ts";

const TimeChart = lazy(() => import("../shell/time-chart.tsx"));
const hourMs = 3_600_000;
const when = (at: string): string => `${formatDay(at)} ${formatClock(at)} UTC`;

/** Failed calls of a source: by class over time, by kind with what to do, and samples that its platform's support asks for. */
export function Failures({ id, isSimulated }: { readonly id: string; readonly isSimulated: boolean }) {
  const { t } = useTranslation();
  const counts = useQuery({ queryKey: ["failure-counts", id], queryFn: () => failureCounts(id), refetchInterval: 30_000 });
  const records = useQuery({ queryKey: ["failures", id], queryFn: () => failuresOf(id), refetchInterval: 30_000 });
  const kinds = useQuery({ queryKey: ["failure-kinds"], queryFn: failureKinds, staleTime: Infinity });
  const failed = [counts, records, kinds].find((asked) => asked.isError);
  if (failed !== undefined) return <Problem error={failed.error} />;
  if (counts.data === undefined || records.data === undefined || kinds.data === undefined) return <Loading />;
  if (records.data.items.length === 0) return null;
  const sums = new Map<string, { count: number; last: string; samples: readonly Sample[] }>();
  for (const { failure, count, lastAt, samples } of records.data.items) {
    const known = sums.get(failure);
    sums.set(failure, { count: count + (known?.count ?? 0), last: known?.last ?? lastAt, samples: known?.samples ?? samples });
  }
  return (
    <>
      <h3>{t("failures.title")}</h3>
      <Suspense fallback={<Loading />}>
        <TimeChart title={t("failures.chart")} unit={t("failures.unit")} kind="bars" series={seriesOf(counts.data.items)} isSimulated={isSimulated} heightPx={140} />
      </Suspense>
      <ul className="plain-list errors-by-code">
        {[...sums].map(([failure, { count, last, samples }]) => {
          const kind = kinds.data.items.find((one) => one.id === failure);
          return (
            <li key={failure}>
              <code>{failure}</code> {t("failures.count", { count, formatted: formatNumber(count), at: when(last) })}
              {kind !== undefined && (
                <p>
                  {kind.doc} <strong>{kind.todo}</strong>
                </p>
              )}
              <details>
                <summary>{t("failures.samples", { failure })}</summary>
                {samples.map((sample) => (
                  <SampleShown key={sample.at} sample={sample} />
                ))}
              </details>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function SampleShown({ sample }: { readonly sample: Sample }) {
  const { t } = useTranslation();
  const lines = [
    [t("failures.at"), when(sample.at)],
    [t("failures.message"), sample.message],
    [t("failures.status"), sample.status?.toString()],
    [t("failures.requestId"), sample.requestId],
    [t("failures.request"), sample.request],
    [t("failures.excerpt"), sample.excerpt],
  ] as const;
  return (
    <dl className="failure-sample">
      {lines.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function seriesOf(counts: readonly ClassCount[]): { readonly id: string; readonly name: string; readonly points: readonly (readonly [number, number])[] }[] {
  const [first] = counts;
  const last = counts.at(-1);
  if (first === undefined || last === undefined) return [];
  const hours: number[] = [];
  for (let at = Date.parse(first.hour); at <= Date.parse(last.hour); at += hourMs) hours.push(at);
  return [...new Set(counts.map((row) => row.class))].map((name) => {
    const by = new Map(counts.filter((row) => row.class === name).map((row) => [Date.parse(row.hour), row.count]));
    return { id: name, name, points: hours.map((at) => [at, by.get(at) ?? 0] as const) };
  });
}

/** What is to be looked at now, over all sources. */
export function Alarms() {
  const { t } = useTranslation();
  const asked = useQuery({ queryKey: ["alarms"], queryFn: alarms, refetchInterval: 30_000 });
  const items = asked.data?.items ?? [];
  if (asked.isError) return <Problem error={asked.error} />;
  if (items.length === 0) return null;
  return (
    <div role="status" className="source-alarms">
      <h3>{t("failures.alarms")}</h3>
      <ul className="plain-list">
        {items.map((alarm) => (
          <li key={[alarm.kind, alarm.source, alarm.class, alarm.entity, alarm.field, alarm.change, alarm.text].join(" ")}>
            <AlarmShown alarm={alarm} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Of texts, or of what a model says of them, as Live shows it too. */
export function ModelAlarm({ alarm: { kind, source, task = "", moved = "text", since, value = 0, low = 0, high = 0 } }: { readonly alarm: Alarm }) {
  const { t } = useTranslation();
  const points = (share: number) => (share * 100).toFixed(1);
  if (kind === "model-better")
    return (
      <Link to={`/models?model=${encodeURIComponent(source)}`}>
        {t("registry.schedule.alarm", { task, model: source, value: points(value), low: points(low), high: points(high) })}
      </Link>
    );
  if (kind === "model-stopped") return <Link to={`/models?task=${encodeURIComponent(task)}`}>{t("registry.stoppedAlarm", { task, model: source })}</Link>;
  const slice = source === "all" ? t("modelDrift.all") : source;
  const to = `/model-drift?${new URLSearchParams({ task, open: `${since.slice(0, 10)} ${source}` })}`;
  return <Link to={to}>{t(`modelDrift.alarm.${moved}`, { task, slice, day: formatDay(since) })}</Link>;
}

function AlarmShown({ alarm }: { readonly alarm: Alarm }) {
  const { t } = useTranslation();
  const { source } = alarm;
  if (alarm.kind === "failures")
    return (
      <Link to={`/sources?open=${encodeURIComponent(source)}`}>
        {t("failures.alarm", { source, class: alarm.class ?? "?", count: alarm.count ?? 0, formatted: formatNumber(alarm.count ?? 0), limit: formatNumber(alarm.limit) })}
      </Link>
    );
  if (alarm.kind === "deprecation")
    return <Link to="/deprecations">{t("deprecations.alarm", { source, text: alarm.text ?? "", day: alarm.effectiveAt === undefined ? "?" : formatDay(alarm.effectiveAt) })}</Link>;
  if (alarm.kind === "model-drift" || alarm.kind === "model-stopped" || alarm.kind === "model-better") return <ModelAlarm alarm={alarm} />;
  const share = `${formatNumber(Math.round((alarm.share ?? 0) * 1_000) / 10)}%`;
  return <Link to={`/drift?source=${encodeURIComponent(source)}`}>{t("failures.driftAlarm", { source, field: alarm.field ?? "?", entity: alarm.entity ?? "?", share })}</Link>;
}
