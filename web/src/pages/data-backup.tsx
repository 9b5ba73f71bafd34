import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { BackupView } from "../../../src/api/backup-schema.ts";
import { ask } from "../shell/api.ts";
import { formatNumber } from "../shell/format.ts";
import { Problem } from "../shell/states.tsx";
import { formatBytes } from "./data-api.ts";

const key = ["backup"];
const minute = (at: string) => at.slice(0, 16).replace("T", " ");

/** Takes a backup of the running system, and tells how far it is. */
export function Backup() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const state = useQuery({
    queryKey: key,
    queryFn: () => ask<BackupView>("/api/v1/backup"),
    refetchInterval: ({ state: { data } }) => (data?.running === undefined ? 10_000 : 500),
  });
  const take = useMutation({ mutationFn: () => ask<BackupView>("/api/v1/backup", { method: "POST" }), onSuccess: (told) => client.setQueryData(key, told) });
  if (state.isError) return <Problem error={state.error} onRetry={() => void state.refetch()} />;
  if (state.data === undefined) return null;
  const { folder, running, last } = state.data;
  return (
    <section aria-labelledby="backup-title">
      <h3 id="backup-title">{t("backup.title")}</h3>
      <p className="hint">
        {t("backup.intro")} {t("backup.folder", { folder })}
      </p>
      {take.isError && <Problem error={take.error} />}
      {running === undefined ? (
        <p>
          <button type="button" onClick={() => take.mutate()} disabled={take.isPending}>
            {t("backup.take")}
          </button>
        </p>
      ) : (
        <p>
          <progress aria-label={t("backup.progress")} {...(running.share !== undefined && { value: running.share, max: 1 })} />{" "}
          <span className="quiet">
            {t(`backup.step.${running.step}` as "backup.step.files", { defaultValue: running.step })}: {running.detail}
          </span>
        </p>
      )}
      <p role="status" className={last !== undefined && "code" in last ? "trouble" : "quiet"}>
        {running !== undefined
          ? t("backup.taking")
          : last === undefined
            ? t("backup.none")
            : "code" in last
              ? t("backup.failed", { time: minute(last.at), message: last.message })
              : `${t("backup.last", { count: last.posts, time: minute(last.at), posts: formatNumber(last.posts), files: formatNumber(last.files), size: formatBytes(last.sizeBytes), held: formatNumber(last.pausedMs) })} ${
                  last.linkedBytes > 0 ? t("backup.linked", { size: formatBytes(last.linkedBytes) }) : ""
                }`}
      </p>
      <p className="quiet">
        {t("backup.restore")} <code>npm run earshot -- restore --from FOLDER</code>
      </p>
    </section>
  );
}
