import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { setQuery, usePlace, withQuery } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { type AuditEntry, auditPage, verifyAudit } from "./settings-api.ts";

const filterNames = ["actor", "action", "subject"] as const;
type Filter = Readonly<Record<(typeof filterNames)[number], string>>;

/** Who did what, newest first, and whether the chain holds. */
export function AuditLog() {
  const { t } = useTranslation();
  const { query } = usePlace();
  const chosen: Filter = { actor: query.get("actor") ?? "", action: query.get("action") ?? "", subject: query.get("subject") ?? "" };
  const asked = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== ""));
  const pages = useInfiniteQuery({
    queryKey: ["audit", asked],
    queryFn: ({ pageParam }) => auditPage(asked, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const detailsOf = (entry: AuditEntry) =>
    Object.entries(entry.details ?? {})
      .filter(([, value]) => value !== "")
      .map(([name, value]) => `${name}: ${String(value)}`)
      .join(", ");
  const columns: readonly Column<AuditEntry>[] = [
    { id: "number", name: t("settings.audit.number"), cell: (entry) => <span title={entry.hash}>{entry.number}</span> },
    { id: "at", name: t("settings.audit.at"), cell: (entry) => <span className="narrowing">{`${formatDay(entry.at)} ${formatClock(entry.at)}`}</span> },
    {
      id: "actor",
      name: t("settings.audit.actor"),
      cell: (entry) => (
        <Link to={withQuery({ actor: entry.actor })} className="narrowing">
          {entry.actor}
        </Link>
      ),
    },
    {
      id: "action",
      name: t("settings.audit.action"),
      cell: (entry) => (
        <Link to={withQuery({ action: entry.action })} className="narrowing code">
          {entry.action}
        </Link>
      ),
    },
    { id: "subject", name: t("settings.audit.subject"), cell: (entry) => <span className="code">{entry.subject}</span> },
    { id: "purpose", name: t("settings.audit.purpose"), cell: (entry) => entry.purpose ?? "" },
    { id: "details", name: t("settings.audit.details"), cell: detailsOf },
  ];
  return (
    <>
      <h3>{t("settings.tab.audit")}</h3>
      <p className="hint">{t("settings.audit.intro")}</p>
      <Verify />
      <FilterBar key={JSON.stringify(chosen)} chosen={chosen} actions={[...new Set(items.map((entry) => entry.action))]} />
      {pages.isPending && <Loading />}
      {pages.isError && <Problem error={pages.error} onRetry={() => void pages.refetch()} />}
      {pages.isSuccess && items.length === 0 && <Empty>{t("settings.audit.none")}</Empty>}
      {items.length > 0 && <Table caption={t("settings.audit.caption")} columns={columns} rows={items} rowKey={(entry) => String(entry.number)} />}
      {pages.hasNextPage && (
        <button type="button" className="more" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t("settings.audit.more")}
        </button>
      )}
    </>
  );
}

function FilterBar({ chosen, actions }: { readonly chosen: Filter; readonly actions: readonly string[] }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(chosen);
  return (
    <form
      className="choices-line audit-filter"
      aria-label={t("settings.audit.filter")}
      onSubmit={(event) => {
        event.preventDefault();
        setQuery(Object.fromEntries(Object.entries(typed).map(([name, value]) => [name, value.trim()])));
      }}
    >
      {filterNames.map((name) => (
        <label key={name} className="field">
          {t(`settings.audit.${name}`)}
          <input
            value={typed[name]}
            placeholder={t(`settings.audit.${name}Hint`)}
            autoComplete="off"
            spellCheck={false}
            list={name === "action" ? "audit-actions" : undefined}
            onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
          />
        </label>
      ))}
      <datalist id="audit-actions">
        {actions.map((action) => (
          <option key={action} value={action} />
        ))}
      </datalist>
      <button type="submit">{t("settings.audit.apply")}</button>
      {filterNames.some((name) => chosen[name] !== "") && (
        <button type="button" className="plain" onClick={() => setQuery({ actor: undefined, action: undefined, subject: undefined })}>
          {t("settings.audit.clear")}
        </button>
      )}
    </form>
  );
}

function Verify() {
  const { t } = useTranslation();
  const verify = useMutation({ mutationFn: verifyAudit });
  const { data } = verify;
  return (
    <div className="verify">
      <button type="button" disabled={verify.isPending} onClick={() => verify.mutate()}>
        {t("settings.audit.verify")}
      </button>
      <div role="status">
        {verify.isPending && t("settings.audit.verifying")}
        {data?.broken !== undefined && <p className="trouble">{t("settings.audit.broken", { number: data.broken, formatted: formatNumber(data.entries) })}</p>}
        {data !== undefined && data.broken === undefined && (
          <>
            <p>{t("settings.audit.verified", { count: data.entries, formatted: formatNumber(data.entries), time: formatClock(data.at) })}</p>
            <p className="hint">
              {t("settings.audit.hash")} <code className="code">{data.hash}</code> {t("settings.audit.hashHint")}
            </p>
          </>
        )}
      </div>
      {verify.isError && <Problem error={verify.error} />}
    </div>
  );
}
