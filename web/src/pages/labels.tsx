import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { go, setQuery, usePlace } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { setsOf, type SetView } from "./labels-api.ts";
import { SetForm } from "./labels-form.tsx";
import { LabelSet } from "./labels-set.tsx";
import { Work } from "./labels-work.tsx";
import "./labels.css";

/** /labels: all sets. /labels/ID: one. /labels/ID/work: labelling. */
export default function Labels() {
  const { path } = usePlace();
  const [, , set, place] = path.split("/");
  if (set === undefined || set === "") return <Sets />;
  return place === "work" ? <Work key={set} id={set} /> : <LabelSet key={set} id={set} />;
}

function Sets() {
  const { t } = useTranslation();
  const { query } = usePlace();
  const client = useQueryClient();
  const asked = useQuery({ queryKey: ["label-sets"], queryFn: setsOf });
  const items = asked.data?.items ?? [];
  const add = (
    <button type="button" className="main" onClick={() => setQuery({ new: "1" })}>
      {t("labels.add")}
    </button>
  );
  const columns: readonly Column<SetView>[] = [
    { id: "name", name: t("labels.name"), cell: (set) => <Link to={`/labels/${set.id}`}>{set.name}</Link>, sortBy: (set) => set.name },
    { id: "kind", name: t("labels.kind"), cell: (set) => t(`labels.kinds.${set.kind}`), sortBy: (set) => set.kind },
    {
      id: "settled",
      name: t("labels.settled"),
      cell: ({ progress }) => (
        <span className="label-progress">
          <progress value={progress.byState.settled} max={Math.max(1, progress.items)} aria-label={t("labels.settled")} />{" "}
          {t("labels.progress", { done: formatNumber(progress.byState.settled), all: formatNumber(progress.items) })}
        </span>
      ),
      sortBy: ({ progress }) => progress.byState.settled,
    },
    {
      id: "conflict",
      name: t("labels.conflict"),
      isFigure: true,
      cell: ({ progress }) => formatNumber(progress.byState.conflict),
      sortBy: ({ progress }) => progress.byState.conflict,
    },
    { id: "left", name: t("labels.left"), isFigure: true, cell: ({ progress }) => formatNumber(progress.left), sortBy: ({ progress }) => progress.left },
    { id: "owner", name: t("labels.owner"), cell: (set) => <span className="quiet">{set.owner}</span>, sortBy: (set) => set.owner },
  ];
  return (
    <section aria-labelledby="labels-title">
      <div className="bar">
        <h2 id="labels-title">{t("page.labels")}</h2>
        <About data={{ name: t("page.labels"), definition: t("labels.about"), coverage: [] }} />
        <span className="grow" />
        {items.length > 0 && add}
      </div>
      <p className="hint">{t("labels.intro")}</p>
      {asked.isPending && <Loading />}
      {asked.isError && <Problem error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isSuccess && items.length === 0 && <Empty action={add}>{t("labels.none")}</Empty>}
      {items.length > 0 && <Table caption={t("labels.caption")} columns={columns} rows={items} rowKey={(set) => set.id} />}
      {query.get("new") !== null && (
        <SetForm
          onClose={() => setQuery({ new: undefined })}
          onSaved={(set) => {
            void client.invalidateQueries({ queryKey: ["label-sets"] });
            go(`/labels/${set.id}`);
          }}
        />
      )}
    </section>
  );
}
