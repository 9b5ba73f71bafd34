import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { Dialog } from "../shell/dialog.tsx";
import { formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { setQuery, usePlace, withQuery } from "../shell/place.ts";
import { searchPath } from "../shell/query.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { entitiesOf, type EntityAnswer, entityKindOf, entityKinds, linkedCounts, removeEntity, restoreEntity } from "./names-api.ts";
import { NameEdit } from "./names-edit.tsx";
import { NamesImport } from "./names-import.tsx";
import { NameVersions } from "./names-versions.tsx";
import { termsOf } from "./terms-api.ts";
import "../shell/query-builder.css";
import "./terms.css";

const percentOf = (share: number): string => `${Math.floor(share * 100)}%`;
const closePanel = () => setQuery({ open: undefined, new: undefined, view: undefined });

interface Notice {
  readonly text: string;
  readonly undo?: { readonly id: string; readonly version: number };
}

/** The register of names. */
export default function Names() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const me = useMe();
  const mayChange = mayAct(me, "analyst");
  const { query } = usePlace();
  const [notice, setNotice] = useState<Notice>();
  const entities = useQuery({
    queryKey: ["entities"],
    queryFn: entitiesOf,
    refetchInterval: (state) => (state.state.data?.items.some(({ relinked }) => relinked < 1) === true ? 1_000 : false),
  });
  const counts = useQuery({ queryKey: ["entities-day"], queryFn: linkedCounts, refetchInterval: 15_000 });
  const terms = useQuery({ queryKey: ["terms"], queryFn: termsOf });
  const refresh = () => Promise.all([client.invalidateQueries({ queryKey: ["entities"] }), client.invalidateQueries({ queryKey: ["entities-day"] })]);
  const saved = (entity: EntityAnswer) => {
    setNotice({ text: t("names.saved", { name: entity.name, version: entity.version }) });
    void refresh();
    closePanel();
  };
  const remove = useMutation({
    mutationFn: (entity: EntityAnswer) => removeEntity(entity.id),
    onSuccess: (_, entity) => {
      setNotice({ text: t("names.removed", { name: entity.name }), undo: { id: entity.id, version: entity.version } });
      void refresh();
      closePanel();
    },
  });
  const restore = useMutation({ mutationFn: ({ id, version }: { readonly id: string; readonly version: number }) => restoreEntity(id, version), onSuccess: saved });

  const items = entities.data?.items ?? [];
  const kind = query.get("kind");
  const shown = kind === null ? items : items.filter((entity) => entity.kind === kind);
  const open = items.find((entity) => entity.id === query.get("open"));
  const isNew = query.get("new") !== null && mayChange;
  const isVersions = query.get("view") === "versions";
  const nameOfTerm = new Map((terms.data?.items ?? []).map((term) => [term.id, term.name]));
  const countOf = (entity: EntityAnswer) => counts.data?.posts.get(entity.id) ?? 0;
  const columns: readonly Column<EntityAnswer>[] = [
    { id: "name", name: t("names.name"), cell: (entity) => entity.name, sortBy: (entity) => entity.name },
    { id: "kind", name: t("names.kind"), cell: (entity) => t(`names.kind_${entityKindOf(entity.kind)}`), sortBy: (entity) => entity.kind },
    {
      id: "aliases",
      name: t("names.aliases"),
      cell: (entity) => <span className="term-query">{[...entity.aliases, ...entity.hashtags.map((tag) => `#${tag.replace(/^#/u, "")}`)].join(", ")}</span>,
    },
    { id: "term", name: t("names.term"), cell: (entity) => (entity.term === undefined ? "" : (nameOfTerm.get(entity.term) ?? entity.term)), sortBy: (entity) => entity.term ?? "" },
    {
      id: "posts",
      name: t("names.posts"),
      isFigure: true,
      cell: (entity) =>
        counts.data === undefined ? (
          "…"
        ) : (
          <Link to={searchPath(`entity:${entity.id} created:${new Date(counts.data.fromMs).toISOString().slice(0, 16)}Z..`)}>
            {counts.data.exact ? "" : "≈"}
            {formatNumber(countOf(entity))}
          </Link>
        ),
      sortBy: countOf,
    },
    {
      id: "history",
      name: t("names.history"),
      cell: ({ relinked }) =>
        relinked >= 1 ? (
          <span className="quiet">{t("names.linked")}</span>
        ) : (
          <span className="tagging">
            <progress value={relinked} max={1} aria-label={t("names.linking", { percent: percentOf(relinked) })} /> {t("names.linking", { percent: percentOf(relinked) })}
          </span>
        ),
      sortBy: ({ relinked }) => relinked,
    },
    { id: "version", name: t("names.version"), isFigure: true, cell: (entity) => entity.version, sortBy: (entity) => entity.version },
  ];

  return (
    <section aria-labelledby="names-title">
      <div className="bar">
        <h2 id="names-title">{t("page.names")}</h2>
        <About
          data={{
            name: t("names.about.name"),
            definition: t("names.about.definition"),
            metric: "posts",
            coverage: [t("names.fromNow"), t("names.about.unsure"), t("names.about.sampled")],
          }}
        />
        <span className="grow" />
        <label className="field" htmlFor="names-kind">
          <span className="unseen">{t("names.kind")}</span>
          <select id="names-kind" value={kind ?? ""} onChange={(event) => setQuery({ kind: event.target.value })}>
            <option value="">{t("names.allKinds")}</option>
            {entityKinds.map((one) => (
              <option key={one} value={one}>
                {t(`names.kind_${one}`)}
              </option>
            ))}
          </select>
        </label>
        {mayChange && (
          <>
            <a className="button" href="/api/v1/entities/export" download="names.csv">
              {t("names.export")}
            </a>
            <button type="button" onClick={() => setQuery({ view: "import", open: undefined, new: undefined })}>
              {t("names.import")}
            </button>
            <button type="button" className="main" onClick={() => setQuery({ new: "1", open: undefined, view: undefined })}>
              {t("names.add")}
            </button>
          </>
        )}
      </div>
      <p className="hint">{t("names.intro")}</p>
      <p className="hint">{t("names.fromNow")}</p>
      {notice !== undefined && (
        <p className="notice" role="status">
          {notice.text}{" "}
          {notice.undo !== undefined && (
            <button type="button" disabled={restore.isPending} onClick={() => notice.undo !== undefined && restore.mutate(notice.undo)}>
              {t("names.undo")}
            </button>
          )}
        </p>
      )}
      {remove.isError && <Problem error={remove.error} />}
      {restore.isError && <Problem error={restore.error} />}
      {entities.isPending && <Loading />}
      {entities.isError && <Problem error={entities.error} onRetry={() => void entities.refetch()} />}
      {counts.isError && <Problem error={counts.error} onRetry={() => void counts.refetch()} />}
      {entities.isSuccess && shown.length === 0 && <Empty>{t(items.length === 0 ? "names.none" : "names.noneOfKind")}</Empty>}
      {shown.length > 0 && (
        <Table
          caption={t("names.caption")}
          columns={columns}
          rows={shown}
          rowKey={(entity) => entity.id}
          onOpen={(entity) => setQuery({ open: entity.id, new: undefined, view: undefined })}
        />
      )}
      {query.get("view") === "import" && mayChange && (
        <NamesImport
          onClose={closePanel}
          onImported={(done) => {
            setNotice({ text: t("names.imported", done) });
            void refresh();
            closePanel();
          }}
        />
      )}
      {(open !== undefined || isNew) && (
        <Dialog key={open?.id ?? "new"} kind="side" title={open === undefined ? t("names.newTitle") : open.name} onClose={closePanel}>
          {open !== undefined && (
            <nav className="tabs" aria-label={t("names.tabs")}>
              <Link to={withQuery({ view: undefined })} aria-current={isVersions ? undefined : "page"}>
                {t("names.tab_edit")}
              </Link>
              <Link to={withQuery({ view: "versions" })} aria-current={isVersions ? "page" : undefined}>
                {t("names.tab_versions")}
              </Link>
            </nav>
          )}
          {!mayChange && <p className="notice">{t("names.mayNot")}</p>}
          {open !== undefined && isVersions ? (
            <NameVersions entity={open} mayChange={mayChange} onRestored={saved} />
          ) : (
            <NameEdit
              key={open === undefined ? "new" : `${open.id} ${open.version}`}
              entity={open}
              terms={terms.data?.items ?? []}
              taken={new Set(items.map((entity) => entity.id))}
              isReadOnly={!mayChange}
              onSaved={saved}
              onRemove={() => open !== undefined && remove.mutate(open)}
            />
          )}
        </Dialog>
      )}
    </section>
  );
}
