import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { sources, type Status } from "../shell/api.ts";
import { formatClock, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { isKept, useMe } from "../shell/me.ts";
import { ModelAlarm } from "./sources-failures.tsx";
import { alarms } from "./sources-failures-api.ts";

const recentMs = 15 * 60_000;

/** What keeps posts from coming, as the sources and the system tell it. */
export function LiveAlerts({ state }: { readonly state: Status | undefined }) {
  const { t } = useTranslation();
  const known = useQuery({ queryKey: ["sources"], queryFn: sources, refetchInterval: 5_000 });
  const kept = isKept(useMe());
  const told = useQuery({ queryKey: ["alarms"], queryFn: alarms, refetchInterval: 30_000, enabled: !kept });
  const moved = (told.data?.items ?? []).filter(({ kind }) => kind.startsWith("model-"));
  const items = known.data?.items ?? [];
  const rejected = state?.rejected ?? 0;
  const lines = [
    ...items.flatMap((source) => {
      const to = `/sources?open=${source.id}`;
      if (source.paused) return [{ id: `paused ${source.id}`, to, text: t("live.alerts.paused", { source: source.id }) }];
      const { lastError } = source;
      if (lastError === undefined || Date.now() - Date.parse(lastError.at) > recentMs) return [];
      return [{ id: `error ${source.id}`, to, text: t("live.alerts.error", { source: source.id, code: lastError.code, time: formatClock(lastError.at) }) }];
    }),
    ...(rejected > 0 ? [{ id: "rejected", to: "/quarantine", text: t("live.alerts.rejected", { count: rejected, formatted: formatNumber(rejected) }) }] : []),
  ];
  return (
    <section className="live-figure" aria-labelledby="live-alerts">
      <h3 id="live-alerts">{t("live.alerts.title")}</h3>
      {lines.length + moved.length === 0 ? (
        <p className="quiet">{t("live.alerts.none")}</p>
      ) : (
        <ul className="live-alerts">
          {moved.map((alarm) => (
            <li key={`${alarm.kind} ${alarm.task} ${alarm.source}`}>
              <ModelAlarm alarm={alarm} />
            </li>
          ))}
          {lines.map((line) => (
            <li key={line.id}>
              <Link to={line.to}>{line.text}</Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
