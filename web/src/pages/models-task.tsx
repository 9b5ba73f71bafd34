import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/dialog.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { setQuery, withQuery } from "../shell/place.ts";
import { Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { figureText, IntervalMark } from "./models-figure.tsx";
import { formerJudge } from "./models-former.ts";
import { judgedPosts, type Model, rescore, rollback, type Task } from "./models-registry-api.ts";

const when = (at: string): string => `${formatDay(at)} ${formatClock(at).slice(0, 5)} UTC`;

/** A task: its versions, who judged when, and the way back. */
export function TaskPanel({ task, open }: { readonly task: Task; readonly open: string | undefined }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const me = useMe();
  const [asked, setAsked] = useState<"rollback" | "rescore">();
  const [notice, setNotice] = useState("");
  const { judge, versions, moves, embedded } = task;
  const renew = (text: string) => {
    setAsked(undefined);
    setNotice(text);
    for (const name of ["models", "judged", "periods"]) void client.invalidateQueries({ queryKey: [name] });
  };
  const back = useMutation({
    mutationFn: () => rollback(task.task),
    onSuccess: ({ model }) => renew(t("registry.rolledBack", { task: task.task, model: model ?? embedded ?? t("registry.nobody") })),
  });
  const again = useMutation({ mutationFn: () => rescore(task.task), onSuccess: () => renew(t("registry.rescoring")) });
  const posts = useQuery({ queryKey: ["judged", task.task, judge?.model], queryFn: () => judgedPosts(task.task, judge?.model), refetchInterval: 10_000 });
  const before = formerJudge(moves) ?? embedded;
  const mayRollBack = judge !== undefined && !judge.isEmbedded;
  const columns: Column<Model>[] = [
    { id: "id", name: t("registry.column.model"), cell: ({ id }) => <code>{id}</code>, sortBy: ({ id }) => id },
    { id: "state", name: t("registry.column.state"), cell: ({ state }) => t(`registry.state.${state}`), sortBy: ({ state }) => state },
    {
      id: "figure",
      name: t("registry.column.figure"),
      cell: ({ figures }) =>
        figures === null ? <span className="quiet">{t("registry.noGold")}</span> : <IntervalMark interval={figures.figure} name={figureText(t, figures.headline)} n={figures.n} />,
      sortBy: ({ figures }) => figures?.figure.value ?? 0,
    },
    {
      id: "tests",
      name: t("registry.column.tests"),
      isFigure: true,
      cell: ({ functional }) => (functional === null || functional.cases === 0 ? "–" : `${formatNumber(functional.passed)} / ${formatNumber(functional.cases)}`),
    },
    { id: "data", name: t("registry.column.data"), cell: ({ labelSet }) => t("registry.setVersion", { name: labelSet.name, version: labelSet.version }) },
    { id: "at", name: t("registry.column.at"), cell: ({ at }) => when(at), sortBy: ({ at }) => at },
  ];
  return (
    <section aria-labelledby="task-title">
      <div className="bar">
        <h3 id="task-title">{t("registry.task", { task: task.task })}</h3>
        {mayAct(me, "admin") && mayRollBack && (
          <button type="button" onClick={() => setAsked("rollback")}>
            {t("registry.rollback.open")}
          </button>
        )}
        {mayAct(me, "admin") && moves.length > 0 && (
          <button type="button" onClick={() => setAsked("rescore")}>
            {t("registry.rescore.open")}
          </button>
        )}
        <Link className="button" to={withQuery({ task: undefined, model: undefined })}>
          {t("registry.close")}
        </Link>
      </div>
      <p role="status" className="notice">
        {notice}
      </p>
      {embedded !== undefined && (
        <p className="quiet">
          {t("registry.shipped")} <code>{embedded}</code>
        </p>
      )}
      {versions.length > 0 && (
        <Table
          caption={t("registry.versions", { task: task.task })}
          columns={columns}
          rows={versions}
          rowKey={({ id }) => id}
          onOpen={({ id }) => setQuery({ task: task.task, model: id === open ? undefined : id })}
        />
      )}
      {posts.data !== undefined && judge !== undefined && (
        <>
          <h4>{t("registry.newest", { model: judge.model })}</h4>
          {posts.data.items.length === 0 ? (
            <p className="hint">{t("registry.noneJudged", { count: posts.data.looked, formatted: formatNumber(posts.data.looked) })}</p>
          ) : (
            <ul className="plain-list">
              {posts.data.items.map((post) => {
                const said = post.judgements?.find((one) => one.task === task.task);
                return (
                  <li key={post.id}>
                    <strong>{said?.label ?? t("postPage.judged.unsure")}</strong> <Link to={`/post/${post.id}`}>{post.text.slice(0, 120)}</Link>
                  </li>
                );
              })}
            </ul>
          )}
        </>
      )}
      {moves.length > 0 && (
        <>
          <h4>{t("registry.history")}</h4>
          <ol className="plain-list" reversed>
            {moves.map((move) => (
              <li key={move.number}>
                {t(`registry.move.${move.kind}`, { model: move.model ?? embedded ?? t("registry.nobody"), was: move.was ?? embedded ?? t("registry.nobody") })}{" "}
                <span className="quiet">
                  {t("registry.by", { actor: move.actor, at: when(move.at) })}
                  {move.rescoredFrom !== undefined && ` ${t("registry.rescored", { from: when(move.rescoredFrom) })}`}
                </span>
              </li>
            ))}
          </ol>
        </>
      )}
      {asked === "rollback" && (
        <Dialog title={t("registry.rollback.title", { task: task.task })} onClose={() => setAsked(undefined)}>
          <p>{t("registry.rollback.what", { now: judge?.model ?? "", next: before ?? t("registry.nobody") })}</p>
          {back.isError && <Problem error={back.error} />}
          <div className="actions">
            <button type="button" className="main" disabled={back.isPending} onClick={() => back.mutate()}>
              {t("registry.rollback.do")}
            </button>
          </div>
        </Dialog>
      )}
      {asked === "rescore" && (
        <Dialog title={t("registry.rescore.title", { task: task.task })} onClose={() => setAsked(undefined)}>
          <p>{t("registry.rescore.what", { model: judge?.model ?? t("registry.nobody") })}</p>
          {again.isError && <Problem error={again.error} />}
          <div className="actions">
            <button type="button" className="main" disabled={again.isPending} onClick={() => again.mutate()}>
              {t("registry.rescore.do")}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
