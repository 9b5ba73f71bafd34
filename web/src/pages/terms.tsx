import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { Dialog } from "../shell/dialog.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { isKept, mayAct, useMe } from "../shell/me.ts";
import { setQuery, usePlace, withQuery } from "../shell/place.ts";
import { searchPath } from "../shell/query.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { dayCounts, kindOf, removedTerms, restoreTerm, type TermAnswer, type TermDraft, termsOf } from "./terms-api.ts";
import { TermEdit } from "./terms-edit.tsx";
import { RemoveTerm } from "./terms-remove.tsx";
import { TermVersions } from "./terms-versions.tsx";
import "./terms.css";

export const termsKey = ["terms"];
const draftOf = ({ name, kind, query, handles, colour }: TermAnswer): TermDraft => ({ name, kind: kindOf(kind), query, handles, ...(colour !== undefined && { colour }) });
const percentOf = (share: number): string => `${Math.floor(share * 100)}%`;
const closePanel = () => setQuery({ open: undefined, new: undefined, view: undefined, name: undefined, q: undefined });

interface Notice {
  readonly text: string;
  readonly undo?: { readonly id: string; readonly version: number };
}

export default function Terms() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const me = useMe();
  const mayChange = mayAct(me, "analyst") && !isKept(me);
  const { query } = usePlace();
  const [notice, setNotice] = useState<Notice>();
  const terms = useQuery({
    queryKey: termsKey,
    queryFn: termsOf,
    refetchInterval: (state) => (state.state.data?.items.some((term) => term.retagged < 1) === true ? 1_000 : 15_000),
  });
  const counts = useQuery({ queryKey: ["terms-day"], queryFn: dayCounts, refetchInterval: 10_000 });
  const removed = useQuery({ queryKey: ["terms-removed"], queryFn: removedTerms });
  const refresh = () => Promise.all(["terms", "terms-day", "terms-removed"].map((name) => client.invalidateQueries({ queryKey: [name] })));
  const restore = useMutation({
    mutationFn: ({ id, version }: { readonly id: string; readonly version: number }) => restoreTerm(id, version),
    onSuccess: (term) => {
      setNotice({ text: t("terms.restored", { name: term.name, version: term.version }) });
      void refresh();
    },
  });
  const saved = (term: TermAnswer) => {
    setNotice({ text: t("terms.saved", { name: term.name, version: term.version }) });
    void refresh();
    closePanel();
  };

  const items = terms.data?.items ?? [];
  const open = items.find((term) => term.id === query.get("open"));
  const gone = removed.data?.items ?? [];
  const isNew = query.get("new") !== null && mayChange;
  const isVersions = query.get("view") === "versions";
  const isRemoving = query.get("view") === "remove";
  const isFixed = open?.origin === "configuration";
  const taken = new Set([...items, ...gone].map((term) => term.id));
  const columns: readonly Column<TermAnswer>[] = [
    {
      id: "name",
      name: t("terms.name"),
      cell: (term) => (
        <span className="term-name">
          <svg className="dot" width="10" height="10" aria-hidden="true">
            <circle cx="5" cy="5" r={term.colour === undefined ? 4 : 5} fill={term.colour ?? "none"} stroke="currentColor" strokeWidth={term.colour === undefined ? 1 : 0} />
          </svg>
          {term.name}
        </span>
      ),
      sortBy: (term) => term.name,
    },
    { id: "kind", name: t("terms.kind"), cell: (term) => t(`terms.kind_${kindOf(term.kind)}`), sortBy: (term) => term.kind },
    { id: "query", name: t("terms.query"), cell: (term) => <code className="term-query">{term.query}</code> },
    {
      id: "posts",
      name: t("terms.posts24h"),
      isFigure: true,
      cell: (term) =>
        counts.data === undefined ? (
          "…"
        ) : (
          <Link to={searchPath(`term:${term.id} created:${new Date(counts.data.fromMs).toISOString().slice(0, 16)}Z..`)}>{formatNumber(counts.data.posts.get(term.id) ?? 0)}</Link>
        ),
      sortBy: (term) => counts.data?.posts.get(term.id) ?? 0,
    },
    {
      id: "history",
      name: t("terms.history"),
      cell: (term) =>
        term.retagged >= 1 ? (
          <span className="quiet">{t("terms.tagged")}</span>
        ) : (
          <span className="tagging">
            <progress value={term.retagged} max={1} aria-label={t("terms.tagging", { percent: percentOf(term.retagged) })} />{" "}
            {t("terms.tagging", { percent: percentOf(term.retagged) })}
          </span>
        ),
    },
    { id: "version", name: t("terms.version"), isFigure: true, cell: (term) => term.version, sortBy: (term) => term.version },
    { id: "origin", name: t("terms.changedIn"), cell: (term) => <span className="quiet">{t(`terms.origin_${term.origin}`)}</span> },
  ];

  return (
    <section aria-labelledby="terms-title">
      <div className="bar">
        <h2 id="terms-title">{t("page.terms")}</h2>
        <About
          data={{
            name: t("terms.about.name"),
            definition: t("terms.about.definition"),
            metric: "posts",
            ...(typeof counts.data?.freshAt === "string" && { freshAt: Date.parse(counts.data.freshAt) }),
            coverage: [t("terms.about.gaps"), t("terms.about.retag")],
          }}
        />
        <span className="grow" />
        {mayChange && (
          <button type="button" className="main" onClick={() => setQuery({ new: "brand", open: undefined, view: undefined })}>
            {t("terms.add")}
          </button>
        )}
      </div>
      <p className="hint">{t("terms.intro")}</p>
      {notice !== undefined && (
        <p className="notice" role="status">
          {notice.text}{" "}
          {notice.undo !== undefined && (
            <button type="button" disabled={restore.isPending} onClick={() => notice.undo !== undefined && restore.mutate(notice.undo)}>
              {t("terms.undo")}
            </button>
          )}
        </p>
      )}
      {restore.isError && <Problem error={restore.error} />}
      {terms.isPending && <Loading />}
      {terms.isError && <Problem error={terms.error} onRetry={() => void terms.refetch()} />}
      {counts.isError && <Problem error={counts.error} onRetry={() => void counts.refetch()} />}
      {terms.isSuccess && items.length === 0 && <Empty action={mayChange && <Link to="/welcome">{t("terms.welcome")}</Link>}>{t("terms.none")}</Empty>}
      {items.length > 0 && (
        <Table
          caption={t("terms.caption")}
          columns={columns}
          rows={items}
          rowKey={(term) => term.id}
          onOpen={(term) => setQuery({ open: term.id, new: undefined, view: undefined })}
        />
      )}
      {gone.length > 0 && (
        <details className="removed-terms">
          <summary>{t("terms.removedTitle", { count: gone.length })}</summary>
          <ul>
            {gone.map((term) => (
              <li key={term.id}>
                <span>
                  {term.name} <code className="term-query">{term.query}</code>
                </span>{" "}
                <span className="quiet">{t("terms.removedAt", { time: `${formatDay(term.removedAt)} ${formatClock(term.removedAt)}` })}</span>
                {mayChange && (
                  <button
                    type="button"
                    disabled={restore.isPending}
                    aria-label={`${t("terms.restore")} ${term.name}`}
                    onClick={() => restore.mutate({ id: term.id, version: term.version })}
                  >
                    {t("terms.restore")}
                  </button>
                )}
              </li>
            ))}
          </ul>
        </details>
      )}
      {(open !== undefined || isNew) && !isRemoving && (
        <Dialog key={open?.id ?? "new"} kind="side" title={open === undefined ? t("terms.newTitle") : open.name} onClose={closePanel}>
          {open !== undefined && (
            <nav className="tabs" aria-label={t("terms.tabs")}>
              <Link to={withQuery({ view: undefined })} aria-current={isVersions ? undefined : "page"}>
                {t("terms.tab_edit")}
              </Link>
              <Link to={withQuery({ view: "versions" })} aria-current={isVersions ? "page" : undefined}>
                {t("terms.tab_versions")}
              </Link>
            </nav>
          )}
          {isFixed && open !== undefined && <p className="notice">{t("terms.readOnly", { id: open.id })}</p>}
          {!mayChange && <p className="notice">{t("terms.mayNot")}</p>}
          {open !== undefined && isVersions ? (
            <TermVersions term={open} mayChange={mayChange && !isFixed} onRestored={saved} />
          ) : (
            <TermEdit
              key={open === undefined ? "new" : `${open.id} ${open.version}`}
              term={open}
              start={open === undefined ? { name: query.get("name") ?? "", kind: kindOf(query.get("new")), query: query.get("q") ?? "", handles: [] } : draftOf(open)}
              taken={taken}
              isReadOnly={isFixed || !mayChange}
              onSaved={saved}
              onRemove={() => setQuery({ view: "remove" })}
            />
          )}
        </Dialog>
      )}
      {open !== undefined && isRemoving && mayChange && !isFixed && (
        <RemoveTerm
          term={open}
          onClose={closePanel}
          onRemoved={() => {
            setNotice({ text: t("terms.removed", { name: open.name }), undo: { id: open.id, version: open.version } });
            void refresh();
            closePanel();
          }}
        />
      )}
    </section>
  );
}
