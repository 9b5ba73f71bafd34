import { useMutation, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay } from "./format.ts";
import { Loading, Problem } from "./states.tsx";

export interface Version {
  readonly version: number;
  readonly removed: boolean;
  readonly restoredFrom?: number;
  readonly actor: string;
  /** ISO 8601. */
  readonly at: string;
}

/** All versions of a thing, the newest first, each with what it changed; older ones can be restored. */
export function Versions<V extends Version, Thing>({
  id,
  load,
  restore,
  mayChange,
  onRestored,
  changes,
}: {
  /** Kind, id and version of the thing: another version, another list. */
  readonly id: readonly [string, string, number];
  readonly load: () => Promise<{ readonly items: readonly V[] }>;
  readonly restore: (version: number) => Promise<Thing>;
  readonly mayChange: boolean;
  readonly onRestored: (thing: Thing) => void;
  readonly changes: (version: V, before: V | undefined) => ReactNode;
}) {
  const { t } = useTranslation();
  const versions = useQuery({ queryKey: ["versions", ...id], queryFn: load });
  const restoring = useMutation({ mutationFn: restore, onSuccess: onRestored });
  if (versions.isPending) return <Loading />;
  if (versions.isError) return <Problem error={versions.error} onRetry={() => void versions.refetch()} />;
  const { items } = versions.data;
  return (
    <>
      {restoring.isError && <Problem error={restoring.error} />}
      <ol className="versions" reversed>
        {items.map((version, i) => (
          <li key={version.version}>
            <div className="bar">
              <strong>{t("versions.line", { version: version.version })}</strong>
              <span className="quiet grow">
                {t("versions.byAt", { time: `${formatDay(version.at)} ${formatClock(version.at)}`, actor: version.actor })}
                {version.restoredFrom !== undefined && `, ${t("versions.restoredFrom", { version: version.restoredFrom })}`}
              </span>
              {i === 0 ? (
                <span className="tag">{t("versions.current")}</span>
              ) : (
                mayChange &&
                !version.removed && (
                  <button
                    type="button"
                    disabled={restoring.isPending}
                    aria-label={t("versions.restoreOf", { version: version.version })}
                    onClick={() => restoring.mutate(version.version)}
                  >
                    {t("versions.restore")}
                  </button>
                )
              )}
            </div>
            {items[i + 1] === undefined && <p className="quiet">{t("versions.created")}</p>}
            {version.removed ? <p>{t("versions.wasRemoved")}</p> : changes(version, items[i + 1])}
          </li>
        ))}
      </ol>
    </>
  );
}

/** Fields that differ: what was, what is; nothing differs: says so. */
export function Changes({ fields }: { readonly fields: readonly { readonly name: string; readonly change: ReactNode }[] }) {
  const { t } = useTranslation();
  if (fields.length === 0) return <p className="quiet">{t("versions.unchanged")}</p>;
  return (
    <dl className="changes">
      {fields.map(({ name, change }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{change}</dd>
        </div>
      ))}
    </dl>
  );
}
