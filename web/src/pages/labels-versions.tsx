import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { Table } from "../shell/table.tsx";
import { exportPath, freeze, type SetView, versionsOf } from "./labels-api.ts";

/** Frozen versions, with what is in them and what is gone. */
export function Versions({ set }: { readonly set: SetView }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const key = ["label-versions", set.id];
  const asked = useQuery({ queryKey: key, queryFn: () => versionsOf(set.id) });
  const freezing = useMutation({ mutationFn: () => freeze(set.id), onSuccess: () => void client.invalidateQueries({ queryKey: key }) });
  const files = set.kind === "spans" ? ["csv", "jsonl", "conll"] : ["csv", "jsonl"];
  const exports = (version?: number) => (
    <span className="label-exports">
      {files.map((as) => (
        <a key={as} href={exportPath(set.id, as, version)} download>
          {as}
        </a>
      ))}
    </span>
  );
  const rows = asked.data?.items ?? [];
  return (
    <>
      <div className="actions">
        <button type="button" className="main" disabled={freezing.isPending} onClick={() => freezing.mutate()}>
          {t("labels.versions.freeze")}
        </button>
        {rows.length > 0 && set.kind === "classes" && (
          <Link className="button" to={`/models?set=${encodeURIComponent(set.id)}`}>
            {t("labels.versions.train")}
          </Link>
        )}
        <span className="quiet">
          {t("labels.versions.exportNow")}: {exports()}
        </span>
      </div>
      {freezing.isSuccess && <p role="status">{t("labels.versions.frozen", { version: freezing.data.version, count: freezing.data.count })}</p>}
      {freezing.isError && <Problem error={freezing.error} />}
      {asked.isPending && <Loading />}
      {asked.isError && <Problem error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isSuccess && rows.length === 0 && <Empty>{t("labels.versions.none")}</Empty>}
      {rows[0]?.parts.gold === 0 && <p className="notice">{t("labels.versions.noGold")}</p>}
      {rows.length > 0 && (
        <Table
          caption={t("labels.tab.versions")}
          columns={[
            { id: "version", name: t("labels.versions.version"), cell: (row) => row.version },
            { id: "count", name: t("labels.versions.count"), isFigure: true, cell: (row) => formatNumber(row.count) },
            { id: "parts", name: t("labels.versions.parts"), isFigure: true, cell: ({ parts }) => [parts.train, parts.validation, parts.gold].map(formatNumber).join(" · ") },
            { id: "leftOut", name: t("labels.versions.leftOut"), isFigure: true, cell: (row) => formatNumber(row.leftOut) },
            { id: "gone", name: t("labels.versions.gone"), isFigure: true, cell: (row) => formatNumber(row.gone) },
            { id: "at", name: t("labels.versions.at"), cell: (row) => `${formatDay(row.createdAt)} ${formatClock(row.createdAt)}` },
            { id: "by", name: t("labels.versions.by"), cell: (row) => row.createdBy },
            { id: "hash", name: t("labels.versions.hash"), cell: (row) => <code title={row.hash}>{row.hash.slice(0, 12)}</code> },
            { id: "export", name: t("labels.versions.export"), cell: (row) => exports(row.version) },
          ]}
          rows={rows}
          rowKey={(row) => String(row.version)}
        />
      )}
    </>
  );
}
