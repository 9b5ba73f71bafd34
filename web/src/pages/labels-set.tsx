import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ConfirmByName } from "../shell/dialog.tsx";
import { formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { go, setQuery, usePlace, withQuery } from "../shell/place.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { Table } from "../shell/table.tsx";
import { LabelAgreement } from "./labels-agreement.tsx";
import { removeSet, setOf, type SetView } from "./labels-api.ts";
import { Conflicts } from "./labels-conflicts.tsx";
import { Draw, TextsIn } from "./labels-draw.tsx";
import { SetForm } from "./labels-form.tsx";
import { Versions } from "./labels-versions.tsx";

const tabs = ["overview", "conflicts", "agreement", "versions"] as const;

/** One label set: how far it is, what to do next. */
export function LabelSet({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const { query } = usePlace();
  const client = useQueryClient();
  const asked = useQuery({ queryKey: ["label-set", id], queryFn: () => setOf(id) });
  const view = tabs.find((tab) => tab === query.get("view")) ?? "overview";
  const edit = query.get("edit");
  const close = () => setQuery({ edit: undefined });
  const remove = useMutation({
    mutationFn: () => removeSet(id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["label-sets"] });
      go("/labels");
    },
  });
  if (asked.isPending) return <Loading />;
  if (asked.isError) return <Problem error={asked.error} onRetry={() => void asked.refetch()} />;
  const set = asked.data;
  const changed = () => void client.invalidateQueries({ queryKey: ["label-set", id] });
  return (
    <section aria-labelledby="label-set-title">
      <p className="crumbs">
        <Link to="/labels">{t("labels.all")}</Link>
      </p>
      <div className="bar">
        <h2 id="label-set-title">{set.name}</h2>
        <span className="quiet">
          {t(`labels.kinds.${set.kind}`)} · {set.classes.join(", ")}
        </span>
        <span className="grow" />
        {set.mayManage && (
          <button type="button" onClick={() => setQuery({ edit: "1" })}>
            {t("labels.edit")}
          </button>
        )}
        <Link className="button main" to={`/labels/${id}/work`}>
          {t("labels.start")}
        </Link>
      </div>
      <nav className="label-tabs" aria-label={t("labels.tabs")}>
        {tabs.map((tab) => (
          <Link key={tab} to={withQuery({ view: tab === "overview" ? undefined : tab })} aria-current={tab === view ? "page" : undefined}>
            {t(`labels.tab.${tab}`)}
            {tab === "conflicts" && set.progress.byState.conflict > 0 && ` (${formatNumber(set.progress.byState.conflict)})`}
          </Link>
        ))}
      </nav>
      {view === "overview" && <Overview set={set} onChanged={changed} />}
      {view === "conflicts" && <Conflicts set={set} onChanged={changed} />}
      {view === "agreement" && <LabelAgreement set={set} />}
      {view === "versions" && <Versions set={set} />}
      {edit === "1" && set.mayManage && (
        <SetForm
          set={set}
          onClose={close}
          onSaved={(saved) => {
            client.setQueryData(["label-set", id], saved);
            close();
          }}
          onRemove={() => setQuery({ edit: "remove" })}
        />
      )}
      {edit === "remove" && set.mayManage && (
        <ConfirmByName
          title={t("labels.form.removeTitle", { name: set.name })}
          name={set.name}
          action={t("labels.form.remove")}
          isBusy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={close}
        >
          <p>{t("labels.form.removeText", { texts: formatNumber(set.progress.items) })}</p>
          {remove.isError && <Problem error={remove.error} />}
        </ConfirmByName>
      )}
    </section>
  );
}

function Overview({ set, onChanged }: { readonly set: SetView; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const { items, byState, left, annotators, byClass } = set.progress;
  const figures = [
    ["texts", items],
    ["settled", byState.settled],
    ["conflict", byState.conflict],
    ["left", left],
  ] as const;
  return (
    <>
      <dl className="label-figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`labels.${name}`)}</dt>
            <dd>{formatNumber(value)}</dd>
          </div>
        ))}
      </dl>
      <div className="label-columns">
        <div>
          <Draw set={set} onChanged={onChanged} />
          <TextsIn set={set} onChanged={onChanged} />
        </div>
        <div>
          <h3>{t("labels.byClass.title")}</h3>
          <Table
            caption={t("labels.byClass.title")}
            columns={[
              { id: "name", name: t("labels.byClass.name"), cell: (name) => name },
              { id: "texts", name: t("labels.byClass.texts"), isFigure: true, cell: (name) => formatNumber(byClass[name] ?? 0) },
            ]}
            rows={set.classes}
            rowKey={(name) => name}
          />
          <h3>{t("labels.people.title")}</h3>
          {annotators.length === 0 ? (
            <p className="quiet">{t("labels.people.none")}</p>
          ) : (
            <Table
              caption={t("labels.people.title")}
              columns={[
                { id: "name", name: t("labels.people.name"), cell: (one) => one.name },
                { id: "labelled", name: t("labels.people.labelled"), isFigure: true, cell: (one) => formatNumber(one.labelled), sortBy: (one) => one.labelled },
                { id: "skipped", name: t("labels.people.skipped"), isFigure: true, cell: (one) => formatNumber(one.skipped), sortBy: (one) => one.skipped },
                {
                  id: "speed",
                  name: t("labels.people.speed"),
                  isFigure: true,
                  cell: (one) => (one.medianMs === 0 ? "–" : t("labels.people.seconds", { seconds: formatNumber(Math.round(one.medianMs / 100) / 10) })),
                  sortBy: (one) => one.medianMs,
                },
              ]}
              rows={annotators}
              rowKey={(one) => one.name}
            />
          )}
        </div>
      </div>
    </>
  );
}
