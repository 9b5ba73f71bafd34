import type { TFunction } from "i18next";
import { useQuery } from "@tanstack/react-query";
import { About } from "../shell/about.tsx";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { type CoverageView, type ExploreView, type MetricView, periodsOf } from "./explore-api.ts";

const moment = (at: string): string => `${formatDay(at)} ${formatClock(at).slice(0, 5)} UTC`;

function bytes(count: number): string {
  const [unit, size] = count >= 1e9 ? ["GB", count / 1e9] : count >= 1e6 ? ["MB", count / 1e6] : ["kB", count / 1e3];
  return `${formatNumber(Math.round(size * 10) / 10)} ${unit}`;
}

/** Which store answered, and what it read. */
export function answeredBy(t: TFunction, answer: ExploreView): string {
  return answer.answeredBy === "lake" ? t("explore.answered.lake", { size: bytes(answer.bytesScanned ?? 0) }) : t(`explore.answered.${answer.answeredBy}`);
}

/** What the reader must know to trust the figures: real numbers, each said only where it is known. */
function coverageLines(
  t: TFunction,
  options: {
    readonly metric: MetricView;
    readonly answer: ExploreView;
    readonly coverage: CoverageView | undefined;
    readonly fromMs: number;
    readonly beforeMs: number | undefined;
  },
): readonly string[] {
  const { metric, answer, coverage, fromMs, beforeMs } = options;
  const { total } = answer;
  const lines = [answeredBy(t, answer)];
  if (total.posts > 0) lines.push(t("explore.coverage.unscored", { share: Math.round((total.unscored / total.posts) * 1_000) / 10 }));
  if (coverage !== undefined) {
    const { rejected, gaps, since, sources } = coverage;
    const sinceMs = since === undefined ? undefined : Date.parse(since);
    if (since !== undefined && sinceMs !== undefined) {
      lines.push(t(sinceMs > fromMs ? "explore.coverage.sinceAfter" : "explore.coverage.since", { time: formatDay(since) }));
      if (beforeMs !== undefined && sinceMs > beforeMs) lines.push(t("explore.coverage.beforeUncovered", { time: formatDay(since) }));
    }
    if (rejected !== undefined)
      lines.push(
        rejected.messages === 0
          ? t("explore.coverage.rejectedNone")
          : t("explore.coverage.rejected", {
              count: rejected.messages,
              formatted: formatNumber(rejected.messages),
              codes: rejected.reasons.map(({ code, messages }) => `${code} ${formatNumber(messages)}`).join(", "),
            }),
      );
    if (gaps !== undefined) {
      if (gaps.length === 0) lines.push(t("explore.coverage.gapNone"));
      for (const { source, from, to, reason } of gaps.slice(0, 8))
        lines.push(
          from === undefined
            ? t("explore.coverage.gapOpen", { source, to: moment(to), reason })
            : t("explore.coverage.gap", { source, from: moment(from), to: moment(to), reason }),
        );
    }
    const quiet = (sources ?? []).filter(({ state }) => ["waiting", "paused"].includes(state)).map(({ id }) => id);
    if (quiet.length > 0) lines.push(t("explore.coverage.quiet", { sources: quiet.join(", ") }));
    const matching = (sources ?? []).filter(({ keep }) => keep === "matching").map(({ id }) => id);
    if (matching.length > 0) lines.push(t("explore.coverage.matching", { sources: matching.join(", ") }));
  }
  if (answer.placed !== undefined && total.posts > 0)
    lines.push(
      t("explore.coverage.linked", {
        share: Math.round((answer.placed / total.posts) * 1_000) / 10,
        posts: formatNumber(answer.placed),
        all: formatNumber(total.posts),
      }),
    );
  if (!answer.exact) lines.push(t("explore.coverage.sample"));
  if (metric.part.concat(metric.over ?? []).includes("authors") && !answer.authorsExact) lines.push(t("explore.coverage.sketch"));
  if (metric.kind === "share") lines.push(t("explore.coverage.interval"));
  if (answer.values > answer.whole.length) lines.push(t("explore.coverage.values", { told: answer.whole.length, all: formatNumber(answer.values) }));
  lines.push(t("explore.coverage.last"));
  return lines;
}

export function ExploreAbout(props: Parameters<typeof coverageLines>[1] & { readonly postsPath: string | undefined }) {
  const { t } = useTranslation();
  const { metric, answer, postsPath, fromMs } = props;
  // Figures of sentiment are those of whichever model judged then.
  const periods = useQuery({ queryKey: ["periods", "sentiment"], queryFn: () => periodsOf("sentiment"), staleTime: 60_000 });
  const judged = (periods.data?.items ?? []).filter(({ to }) => to === undefined || Date.parse(to) > fromMs);
  const versions =
    judged.length < 2
      ? []
      : judged.map(({ model, from }) => t("explore.coverage.judged", { model: model ?? t("explore.coverage.nobody"), from: from === undefined ? "–" : moment(from) }));
  return (
    <About
      data={{
        name: metric.name,
        definition: metric.definition,
        metric: `${metric.id} ${metric.version}`,
        owner: metric.owner,
        ...(answer.freshAt !== null && { freshAt: Date.parse(answer.freshAt) }),
        coverage: [...versions, ...coverageLines(t, props)],
        ...(postsPath !== undefined && { postsPath }),
      }}
    />
  );
}
