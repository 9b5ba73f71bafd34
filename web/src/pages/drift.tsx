import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { Dialog } from "../shell/dialog.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { setQuery, usePlace, withQuery } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { addRename, type DriftRow, driftOf, type Proposal, removeRename, renamesOf, type Report, type Rule, setKnown } from "./drift-api.ts";
import { ReplayPanel } from "./drift-replay.tsx";
import "./drift.css";

const when = (at: string): string => `${formatDay(at)} ${formatClock(at)}`;
export const percent = (share: number): string =>
  share > 0 && share < 0.001 ? "< 0.1%" : share > 0 && share < 0.1 ? `${(share * 100).toFixed(1)}%` : `${formatNumber(Math.round(share * 100))}%`;
const keyOf = (row: DriftRow): string => [row.source, row.entity, row.field, row.change].join(" ");

export default function Drift() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const me = useMe();
  const isAdmin = mayAct(me, "admin");
  const { query } = usePlace();
  const [notice, setNotice] = useState("");
  const source = query.get("source") ?? undefined;
  const report = useQuery({ queryKey: ["drift", source], queryFn: () => driftOf(source), refetchInterval: 30_000 });
  const renames = useQuery({ queryKey: ["drift-renames"], queryFn: renamesOf, refetchInterval: 30_000 });
  const done = (text: string) => {
    setNotice(text);
    for (const name of ["drift", "drift-renames", "drift-replay", "quarantine"]) void client.invalidateQueries({ queryKey: [name] });
  };
  const accept = useMutation({ mutationFn: addRename, onSuccess: ({ from, to }) => done(t("drift.accepted", { from, to })) });
  const remove = useMutation({ mutationFn: (rule: Rule) => removeRename(rule.id), onSuccess: () => done(t("drift.removed")) });
  const ofSource = <T extends { readonly source: string }>(all: readonly T[]): readonly T[] => all.filter((one) => source === undefined || one.source === source);
  const proposals = ofSource(renames.data?.proposals ?? []);
  const rules = ofSource(renames.data?.items ?? []);
  const open = report.data?.items.find((row) => keyOf(row) === query.get("open"));
  const again = query.get("again");
  const failed = [accept, remove].find((act) => act.isError);
  return (
    <section aria-labelledby="drift-title" className="drift">
      <div className="bar">
        <h2 id="drift-title">{t("page.drift")}</h2>
        <About data={{ name: t("page.drift"), definition: t("drift.about"), metric: "drift 1", coverage: [t("drift.aboutSample"), t("drift.aboutNot")] }} />
        {source !== undefined && (
          <>
            <span className="quiet">{t("drift.only", { source })}</span>
            <Link className="button" to={withQuery({ source: undefined })}>
              {t("drift.all")}
            </Link>
            {mayAct(me, "analyst") && (
              <Link className="button" to={withQuery({ again: source })}>
                {t("drift.replay.open", { source })}
              </Link>
            )}
          </>
        )}
      </div>
      <p className="hint">{t("drift.intro")}</p>
      <p role="status" className="notice">
        {notice}
      </p>
      {failed !== undefined && <Problem error={failed.error} />}
      {renames.isError && <Problem error={renames.error} onRetry={() => void renames.refetch()} />}
      {proposals.length > 0 && (
        <>
          <h3>{t("drift.proposals")}</h3>
          <ul className="plain-list cards">
            {proposals.map((one) => (
              <ProposalCard key={`${one.source} ${one.to}`} proposal={one} isAdmin={isAdmin} isBusy={accept.isPending} onAccept={() => accept.mutate(one)} />
            ))}
          </ul>
        </>
      )}
      {rules.length > 0 && (
        <>
          <h3>{t("drift.rules")}</h3>
          <ul className="plain-list cards">
            {rules.map((rule) => (
              <li key={rule.id}>
                <strong>{t("drift.rule", { from: rule.from, to: rule.to })}</strong>{" "}
                <span className="quiet">{t("drift.ruleOf", { source: rule.source, entity: rule.entity, actor: rule.actor, at: when(rule.at) })}</span>
                <div className="actions">
                  {mayAct(me, "analyst") && (
                    <Link className="button" to={withQuery({ again: rule.source })}>
                      {t("drift.replay.open", { source: rule.source })}
                    </Link>
                  )}
                  {isAdmin && (
                    <button type="button" disabled={remove.isPending} onClick={() => remove.mutate(rule)}>
                      {t("drift.remove")}
                    </button>
                  )}
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
      {report.isPending && <Loading />}
      {report.isError && <Problem error={report.error} onRetry={() => void report.refetch()} />}
      {report.data !== undefined && <Fields report={report.data} />}
      {open !== undefined && report.data !== undefined && <FieldDetail row={open} limit={report.data.limit} isAdmin={isAdmin} onChanged={() => done("")} />}
      {again !== null && <ReplayPanel source={again} isAdmin={isAdmin} onDone={done} onClose={() => setQuery({ again: undefined })} />}
    </section>
  );
}

function Fields({ report }: { readonly report: Report }) {
  const { t } = useTranslation();
  const columns: Column<DriftRow>[] = [
    { id: "field", name: t("drift.column.field"), cell: (row) => <code>{row.field}</code>, sortBy: (row) => row.field },
    {
      id: "change",
      name: t("drift.column.change"),
      cell: (row) => (
        <>
          {t(`drift.change.${row.change}`)}
          {row.alarm && <strong className="trouble"> {t("drift.alarm")}</strong>}
          {row.knownAt !== undefined && <span className="quiet"> {t("drift.known")}</span>}
        </>
      ),
      sortBy: (row) => row.change,
    },
    { id: "share", name: t("drift.column.share"), isFigure: true, cell: (row) => percent(row.share), sortBy: (row) => row.share },
    { id: "recent", name: t("drift.column.recent"), isFigure: true, cell: (row) => percent(row.recentShare), sortBy: (row) => row.recentShare },
    { id: "source", name: t("drift.column.source"), cell: (row) => row.source, sortBy: (row) => row.source },
    { id: "entity", name: t("drift.column.entity"), cell: (row) => row.entity, sortBy: (row) => row.entity },
    { id: "first", name: t("drift.column.first"), cell: (row) => when(row.firstAt), sortBy: (row) => row.firstAt },
    { id: "sample", name: t("drift.column.sample"), cell: (row) => row.sample },
  ];
  return (
    <>
      {report.items.length === 0 ? (
        <Empty action={<Link to="/sources">{t("drift.toSources")}</Link>}>{t("drift.none")}</Empty>
      ) : (
        <>
          <h3>{t("drift.of")}</h3>
          <Table caption={t("drift.of")} columns={columns} rows={report.items} rowKey={keyOf} onOpen={(row) => setQuery({ open: keyOf(row) })} />
        </>
      )}
      {report.seen.length > 0 && (
        <p className="quiet">
          {t("drift.seen", { list: report.seen.map(({ source, entity, messages }) => t("drift.seenOne", { source, entity, messages: formatNumber(messages) })).join(", ") })}
        </p>
      )}
    </>
  );
}

function ProposalCard({
  proposal,
  isAdmin,
  isBusy,
  onAccept,
}: {
  readonly proposal: Proposal;
  readonly isAdmin: boolean;
  readonly isBusy: boolean;
  readonly onAccept: () => void;
}) {
  const { t } = useTranslation();
  const { source, entity, from, to, score, name, values, share } = proposal;
  return (
    <li>
      <strong>{t("drift.proposal", { from, to })}</strong> <span className="quiet">{t("drift.score", { score: percent(score) })}</span>
      <p>{t("drift.proposalWhy", { source, entity, from, to, share: percent(share), name: percent(name), values: percent(values) })}</p>
      {isAdmin && (
        <div className="actions">
          <button type="button" className="main" disabled={isBusy} title={t("drift.acceptHint")} onClick={onAccept}>
            {t("drift.accept", { to })}
          </button>
        </div>
      )}
    </li>
  );
}

function FieldDetail({ row, limit, isAdmin, onChanged }: { readonly row: DriftRow; readonly limit: number; readonly isAdmin: boolean; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const known = useMutation({ mutationFn: () => setKnown(row, row.knownAt === undefined), onSuccess: onChanged });
  return (
    <Dialog kind="side" title={t("drift.field.title", { field: row.field, entity: row.entity })} onClose={() => setQuery({ open: undefined })}>
      <p>{t(`drift.field.${row.change}`, { expected: row.expected ?? "?" })}</p>
      <p>{t("drift.field.messages", { messages: formatNumber(row.messages), share: percent(row.share), recent: percent(row.recentShare) })}</p>
      <p>{row.rejected === 0 ? t("drift.field.coerced") : t("drift.field.rejected", { count: row.rejected, formatted: formatNumber(row.rejected) })}</p>
      <p>{t("drift.field.times", { first: when(row.firstAt), last: when(row.lastAt) })}</p>
      {row.sample !== "" && <p>{t("drift.field.values", { sample: row.sample })}</p>}
      <p className="quiet">{t("drift.field.alarmFrom", { limit: percent(limit) })}</p>
      {known.isError && <Problem error={known.error} />}
      <div className="actions">
        {isAdmin && (
          <button type="button" disabled={known.isPending} onClick={() => known.mutate()}>
            {t(row.knownAt === undefined ? "drift.field.makeKnown" : "drift.field.makeUnknown")}
          </button>
        )}
        {row.rejected > 0 && (
          <Link className="button" to={`/quarantine?source=${encodeURIComponent(row.source)}`}>
            {t("drift.field.quarantine")}
          </Link>
        )}
      </div>
    </Dialog>
  );
}
