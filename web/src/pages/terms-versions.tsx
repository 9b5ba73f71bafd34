import { useMutation, useQuery } from "@tanstack/react-query";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay } from "../shell/format.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { restoreTerm, type TermAnswer, type TermVersionAnswer, versionsOf } from "./terms-api.ts";
import { differenceOf } from "./terms-difference.ts";

const fields = ["name", "kind", "query", "handles", "colour"] as const;

function textOf(version: TermVersionAnswer | undefined, field: (typeof fields)[number]): string {
  if (version === undefined) return "";
  const value = version[field];
  return typeof value === "string" ? value : (value ?? []).join(", ");
}

function Difference({ before, after }: { readonly before: string; readonly after: string }) {
  return differenceOf(before, after).map((piece, i) => (
    <Fragment key={i}>{piece.is === "gone" ? <del>{piece.text}</del> : piece.is === "new" ? <ins>{piece.text}</ins> : <span>{piece.text}</span>}</Fragment>
  ));
}

/** What a version changed, against the one before it. */
function Changes({ version, before }: { readonly version: TermVersionAnswer; readonly before: TermVersionAnswer | undefined }) {
  const { t } = useTranslation();
  if (version.removed) return <p>{t("terms.wasRemoved")}</p>;
  const changed = fields.filter((field) => textOf(version, field) !== textOf(before, field));
  if (changed.length === 0) return <p className="quiet">{t("terms.unchanged")}</p>;
  return (
    <dl className="changes">
      {changed.map((field) => (
        <div key={field}>
          <dt>{t(`terms.${field}`)}</dt>
          <dd>
            {/* Kinds are one word of ours; all else is what people wrote. */}
            {field === "kind" ? (
              <>
                {before !== undefined && (
                  <>
                    <del>{t(`terms.kind_${before.kind}`)}</del>{" "}
                  </>
                )}
                <ins>{t(`terms.kind_${version.kind}`)}</ins>
              </>
            ) : (
              <Difference before={textOf(before, field)} after={textOf(version, field)} />
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function TermVersions({ term, mayChange, onRestored }: { readonly term: TermAnswer; readonly mayChange: boolean; readonly onRestored: (term: TermAnswer) => void }) {
  const { t } = useTranslation();
  const versions = useQuery({ queryKey: ["term-versions", term.id, term.version], queryFn: () => versionsOf(term.id) });
  const restore = useMutation({ mutationFn: (version: number) => restoreTerm(term.id, version), onSuccess: onRestored });
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
              <strong>{t("terms.versionLine", { version: version.version })}</strong>
              <span className="quiet grow">
                {t("terms.byAt", { time: `${formatDay(version.at)} ${formatClock(version.at)}`, actor: version.actor })}
                {version.restoredFrom !== undefined && `, ${t("terms.restoredFrom", { version: version.restoredFrom })}`}
              </span>
              {i === 0 ? (
                <span className="tag">{t("terms.current")}</span>
              ) : (
                mayChange &&
                !version.removed && (
                  <button
                    type="button"
                    disabled={restore.isPending}
                    aria-label={t("terms.restoreOf", { version: version.version })}
                    onClick={() => restore.mutate(version.version)}
                  >
                    {t("terms.restore")}
                  </button>
                )
              )}
            </div>
            {items[i + 1] === undefined && <p className="quiet">{t("terms.created")}</p>}
            <Changes version={version} before={items[i + 1]} />
          </li>
        ))}
      </ol>
    </>
  );
}
