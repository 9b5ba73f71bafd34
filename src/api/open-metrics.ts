import type { EngineStats, SourceView } from "../runtime/engine.ts";

type Labels = Readonly<Record<string, string | number>>;

/** OpenMetrics 1.0 text (https://prometheus.io/docs/specs/om/open_metrics_spec/). */
export function openMetricsOf(stats: EngineStats, sources: readonly SourceView[]): string {
  const lines: string[] = [];
  const family = (name: string, type: "gauge" | "counter", help: string, unit: string | undefined, samples: readonly (readonly [Labels, number])[]) => {
    lines.push(`# TYPE ${name} ${type}`);
    if (unit !== undefined) lines.push(`# UNIT ${name} ${unit}`);
    lines.push(`# HELP ${name} ${help}`);
    for (const [labels, value] of samples) lines.push(`${name}${type === "counter" ? "_total" : ""}${labelsOf(labels)} ${value}`);
  };
  family("earshot_start_time_seconds", "gauge", "When this process started.", "seconds", [[{}, stats.startedAt / 1000]]);
  family(
    "earshot_collected_items",
    "counter",
    "Raw messages collected, by source.",
    undefined,
    sources.map((source) => [{ source: source.id }, source.collected]),
  );
  family(
    "earshot_source_errors",
    "counter",
    "Failed attempts, by source.",
    undefined,
    sources.map((source) => [{ source: source.id }, source.errors]),
  );
  family(
    "earshot_source_gaps",
    "counter",
    "Gaps that the platform made, by source.",
    undefined,
    sources.map((source) => [{ source: source.id }, source.gaps]),
  );
  family(
    "earshot_frames",
    "counter",
    "Raw messages refined since the start, by outcome.",
    undefined,
    Object.entries(stats.outcomes).map(([outcome, count]) => [{ outcome }, count]),
  );
  family("earshot_refine_lag_frames", "gauge", "Raw messages that wait to be refined.", "frames", [[{}, stats.lag.refine]]);
  family(
    "earshot_store_lag_frames",
    "gauge",
    "Changes that wait, by store.",
    "frames",
    Object.entries(stats.lag.stores).map(([store, lag]) => [{ store }, lag]),
  );
  family(
    "earshot_store_size_bytes",
    "gauge",
    "Bytes on disk, by store.",
    "bytes",
    stats.stores.map((store) => [{ store: store.store }, store.sizeBytes]),
  );
  family(
    "earshot_store_posts",
    "gauge",
    "Posts, by store.",
    undefined,
    stats.stores.map((store) => [{ store: store.store }, store.posts]),
  );
  family(
    "earshot_log_size_bytes",
    "gauge",
    "Bytes on disk, by topic and partition.",
    "bytes",
    stats.log.map((state) => [{ topic: state.topic, partition: state.partition }, state.sizeBytes]),
  );
  family("earshot_quarantine_items", "gauge", "Rejected messages in the quarantine.", undefined, [[{}, stats.rejected]]);
  lines.push("# EOF", "");
  return lines.join("\n");
}

function labelsOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${String(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
