import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay } from "../shell/format.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { type EntityAnswer, type EntityVersionAnswer, entityVersions, restoreEntity } from "./names-api.ts";

const fields = ["name", "kind", "aliases", "handles", "hashtags", "context", "against", "term", "country", "region", "latitude", "longitude"] as const;

function textOf(version: EntityVersionAnswer | undefined, field: (typeof fields)[number]): string {
  const value = version?.[field];
  return value === undefined ? "" : typeof value === "object" ? value.join(", ") : String(value);
}

export function NameVersions({
  entity,
  mayChange,
  onRestored,
}: {
  readonly entity: EntityAnswer;
  readonly mayChange: boolean;
  readonly onRestored: (entity: EntityAnswer) => void;
}) {
  const { t } = useTranslation();
  const versions = useQuery({ queryKey: ["entity-versions", entity.id, entity.version], queryFn: () => entityVersions(entity.id) });
  const restore = useMutation({ mutationFn: (version: number) => restoreEntity(entity.id, version), onSuccess: onRestored });
  if (versions.isPending) return <Loading />;
  if (versions.isError) return <Problem error={versions.error} onRetry={() => void versions.refetch()} />;
  const { items } = versions.data;
  return (
    <>
      {restore.isError && <Problem error={restore.error} />}
      <ol className="versions" reversed>
        {items.map((version, i) => (
          <li key={version.version}>
            <div className="bar">
              <strong>{t("names.versionLine", { version: version.version })}</strong>
              <span className="quiet grow">
                {t("names.byAt", { time: `${formatDay(version.at)} ${formatClock(version.at)}`, actor: version.actor })}
                {version.restoredFrom !== undefined && `, ${t("names.restoredFrom", { version: version.restoredFrom })}`}
              </span>
              {i === 0 ? (
                <span className="tag">{t("names.current")}</span>
              ) : (
                mayChange &&
                !version.removed && (
                  <button
                    type="button"
                    disabled={restore.isPending}
                    aria-label={t("names.restoreOf", { version: version.version })}
                    onClick={() => restore.mutate(version.version)}
                  >
                    {t("names.restore")}
                  </button>
                )
              )}
            </div>
            {version.removed ? (
              <p>{t("names.wasRemoved")}</p>
            ) : (
              <dl className="changes">
                {fields
                  .filter((field) => textOf(version, field) !== textOf(items[i + 1], field))
                  .map((field) => (
                    <div key={field}>
                      <dt>{t(`names.${field}`)}</dt>
                      <dd>
                        {textOf(items[i + 1], field) !== "" && <del>{textOf(items[i + 1], field)}</del>} <ins>{textOf(version, field)}</ins>
                      </dd>
                    </div>
                  ))}
              </dl>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}
