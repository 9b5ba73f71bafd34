import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/dialog.tsx";
import { formatNumber } from "../shell/format.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { previewReplay, replaySource, type ReplayPreview } from "./drift-api.ts";
import { ReplayProgress } from "./quarantine-progress.tsx";
import "./sources.css";

/** What reading a source's kept raw again would change, and the way to do it. */
export function ReplayPanel({
  source,
  isAdmin,
  onDone,
  onClose,
}: {
  readonly source: string;
  readonly isAdmin: boolean;
  readonly onDone: (text: string) => void;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const preview = useQuery({ queryKey: ["drift-replay", source], queryFn: () => previewReplay(source) });
  const apply = useMutation({
    mutationFn: () => replaySource(source),
    onSuccess: ({ read, kept, unchanged, rejected }) => {
      onDone(t("drift.replay.done", { read: formatNumber(read), kept: formatNumber(kept), unchanged: formatNumber(unchanged), rejected: formatNumber(rejected) }));
      onClose();
    },
  });
  return (
    <Dialog kind="side" title={t("drift.replay.title", { source })} onClose={onClose}>
      <p>{t("drift.replay.intro")}</p>
      {preview.isPending && <Loading />}
      {preview.isError && <Problem error={preview.error} onRetry={() => void preview.refetch()} />}
      {preview.data !== undefined && <Shown preview={preview.data} />}
      {apply.isError && <Problem error={apply.error} />}
      {apply.isPending && <ReplayProgress />}
      {isAdmin && preview.data !== undefined && (
        <div className="actions">
          <button type="button" className="main" disabled={apply.isPending} onClick={() => apply.mutate()}>
            {t("drift.replay.apply")}
          </button>
          <span className="quiet">{t("drift.replay.applyHint")}</span>
        </div>
      )}
    </Dialog>
  );
}

const names = ["read", "added", "changed", "unchanged", "rejected", "other"] as const;

function Shown({ preview }: { readonly preview: ReplayPreview }) {
  const { t } = useTranslation();
  const { codes, compared, fields, examples } = preview;
  return (
    <>
      <dl className="figures">
        {names.map((name) => (
          <div key={name}>
            <dt>{t(`drift.replay.${name}`)}</dt>
            <dd>{formatNumber(preview[name])}</dd>
          </div>
        ))}
      </dl>
      {!preview.complete && <p className="trouble">{t("drift.replay.incomplete")}</p>}
      {preview.added === 0 && preview.changed === 0 && <p>{t("drift.replay.nothing")}</p>}
      {Object.keys(codes).length > 0 && (
        <>
          <h3>{t("drift.replay.codes")}</h3>
          <ul className="plain-list">
            {Object.entries(codes).map(([code, count]) => (
              <li key={code}>
                <code>{code}</code> {formatNumber(count)}
              </li>
            ))}
          </ul>
        </>
      )}
      {compared > 0 && (
        <>
          <h3>{t("drift.replay.fields", { compared: formatNumber(compared) })}</h3>
          <ul className="plain-list">
            {Object.entries(fields).map(([name, count]) => (
              <li key={name}>{t("drift.replay.field", { name, count, formatted: formatNumber(count) })}</li>
            ))}
          </ul>
          {examples.map((example) => (
            <dl key={example.id} className="difference">
              {example.fields.map((field) => (
                <div key={field.name}>
                  <dt>{field.name}</dt>
                  <dd>
                    <span className="quiet">{t("drift.replay.was")}</span> {field.was}
                  </dd>
                  <dd>
                    <span className="quiet">{t("drift.replay.is")}</span> {field.is}
                  </dd>
                </div>
              ))}
            </dl>
          ))}
        </>
      )}
    </>
  );
}
