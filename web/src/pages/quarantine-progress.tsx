import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { formatNumber } from "../shell/format.ts";
import { cancelReplay, replayRun } from "./quarantine-api.ts";

/** How far the replay is, and the way to stop it. */
export function ReplayProgress() {
  const { t } = useTranslation();
  const asked = useQuery({ queryKey: ["quarantine-run"], queryFn: replayRun, refetchInterval: 500 });
  const cancel = useMutation({ mutationFn: cancelReplay });
  const run = asked.data?.run ?? undefined;
  return (
    <div className="bar" role="status">
      <progress value={run?.read ?? 0} max={Math.max(1, run?.of ?? 1)} aria-label={t("quarantine.running")} />
      <span>
        {run === undefined
          ? t("quarantine.running")
          : t("quarantine.runningOf", { read: formatNumber(run.read), of: formatNumber(run.of), kept: formatNumber(run.kept), rejected: formatNumber(run.rejected) })}
      </span>
      <button type="button" disabled={cancel.isPending || cancel.isSuccess} onClick={() => cancel.mutate()}>
        {t("quarantine.cancel")}
      </button>
    </div>
  );
}
