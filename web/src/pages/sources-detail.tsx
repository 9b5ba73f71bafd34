import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ConfirmByName, Dialog } from "../shell/dialog.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { searchPath } from "../shell/query.ts";
import { Problem } from "../shell/states.tsx";
import { pauseSource, removeSource, type SourceAnswer } from "./sources-api.ts";

export function SourceDetail({ source, onClose, onChanged }: { readonly source: SourceAnswer; readonly onClose: () => void; readonly onChanged: (text: string) => void }) {
  const { t } = useTranslation();
  const isAdmin = mayAct(useMe(), "admin");
  const [isRemoving, setRemoving] = useState(false);
  const pause = useMutation({ mutationFn: () => pauseSource(source.id, !source.paused), onSuccess: () => onChanged("") });
  const { lastError } = source;
  if (isRemoving) return <RemoveSource id={source.id} onClose={() => setRemoving(false)} onDone={onChanged} />;
  return (
    <Dialog kind="side" title={t("sources.detail.title", { id: source.id })} onClose={onClose}>
      <p>
        {source.connector} · {source.platform} · {source.origin in origins ? t(`sources.origin.${source.origin as Origin}`) : source.origin}
      </p>
      <p>
        <strong>{source.paused ? t("sources.paused") : source.state}</strong>
        {source.detail !== undefined && ` · ${source.detail}`}
        {source.retryAt !== undefined && ` · ${t("sources.detail.next", { time: formatClock(source.retryAt) })}`}
      </p>
      <dl className="figures">
        {(["collected", "errors", "gaps"] as const).map((name) => (
          <div key={name}>
            <dt>{t(`sources.column.${name}`)}</dt>
            <dd>{formatNumber(source[name])}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet">{t("sources.detail.about")}</p>
      <h3>{t("sources.detail.lastError")}</h3>
      {lastError === undefined ? (
        <p>{t("sources.detail.noError")}</p>
      ) : (
        <p className="trouble">
          <code>{lastError.code}</code> {formatDay(lastError.at)} {formatClock(lastError.at)} UTC
          <br />
          {lastError.message}
        </p>
      )}
      {source.cursor !== undefined && (
        <>
          <h3>{t("sources.detail.cursor")}</h3>
          <p>
            <code className="long">{source.cursor}</code> <span className="quiet">{t("sources.detail.cursorHint")}</span>
          </p>
        </>
      )}
      <h3>{t("sources.detail.options")}</h3>
      <pre tabIndex={0}>{JSON.stringify(source.options, undefined, 2)}</pre>
      <div className="actions">
        <Link to={searchPath(`source:${source.id}`)}>{t("sources.detail.posts")}</Link>
        {isAdmin && source.origin === "dashboard" && (
          <>
            <button type="button" disabled={pause.isPending} onClick={() => pause.mutate()}>
              {t(source.paused ? "sources.detail.resume" : "sources.detail.pause")}
            </button>
            <button type="button" className="danger" onClick={() => setRemoving(true)}>
              {t("sources.detail.remove")}
            </button>
          </>
        )}
      </div>
      {source.origin === "configuration" && <p className="quiet">{t("sources.detail.readOnly")}</p>}
      {pause.isError && <Problem error={pause.error} />}
    </Dialog>
  );
}

const origins = { configuration: true, dashboard: true, "built-in": true } as const;
type Origin = keyof typeof origins;

function RemoveSource({ id, onClose, onDone }: { readonly id: string; readonly onClose: () => void; readonly onDone: (text: string) => void }) {
  const { t } = useTranslation();
  const [withData, setWithData] = useState(false);
  const remove = useMutation({
    mutationFn: () => removeSource(id, withData),
    onSuccess: ({ removedPosts }) => {
      onDone(withData ? t("sources.remove.done", { id, posts: formatNumber(removedPosts) }) : t("sources.remove.doneKept", { id }));
      onClose();
    },
  });
  return (
    <ConfirmByName
      title={t("sources.remove.title", { id })}
      name={id}
      action={t("sources.remove.action")}
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{t("sources.remove.only")}</p>
      <label className="check">
        <input type="checkbox" checked={withData} onChange={(event) => setWithData(event.target.checked)} /> {t("sources.remove.data")}
      </label>
      {remove.isError && <Problem error={remove.error} />}
    </ConfirmByName>
  );
}
