import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { Advice } from "../shell/advice.tsx";
import { Dialog } from "../shell/dialog.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { setQuery, usePlace, withQuery } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { type Choice, dismiss, type Item, pageOf, type Reason, reopen, replay, states } from "./quarantine-api.ts";
import { type Acts, ItemDetail, Previewed } from "./quarantine-detail.tsx";
import { ReplayProgress } from "./quarantine-progress.tsx";
import "./post.css";
import "./quarantine.css";

const when = (at: string): string => `${formatDay(at)} ${formatClock(at)}`;

export default function Quarantine() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const isAdmin = mayAct(useMe(), "admin");
  const { query } = usePlace();
  const [notice, setNotice] = useState<{ readonly text: string; readonly undo?: Choice }>({ text: "" });
  const state = states.find((name) => name === query.get("state")) ?? "open";
  const code = query.get("code") ?? undefined;
  const source = query.get("source") ?? undefined;
  const chosen = code !== undefined && source !== undefined ? { code, source } : undefined;
  const open = query.get("open");
  const pages = useInfiniteQuery({
    queryKey: ["quarantine", state, code, source],
    queryFn: ({ pageParam }) => pageOf({ state, code, source, cursor: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const done = (text: string, undo?: Choice) => {
    setNotice({ text, ...(undo !== undefined && { undo }) });
    for (const name of ["quarantine", "quarantine-preview", "quarantine-item", "status"]) void client.invalidateQueries({ queryKey: [name] });
  };
  const again = useMutation({
    mutationFn: replay,
    onSuccess: ({ read, kept, rejected, unchanged }) =>
      done(t("quarantine.replayed", { read: formatNumber(read), kept: formatNumber(kept), rejected: formatNumber(rejected), unchanged: formatNumber(unchanged) })),
  });
  const dismissing = useMutation({ mutationFn: dismiss, onSuccess: ({ dismissed }, choice) => done(t("quarantine.dismissed", { count: dismissed }), choice) });
  const reopening = useMutation({ mutationFn: reopen, onSuccess: ({ reopened }) => done(t("quarantine.reopened", { count: reopened })) });
  const acts: Acts = { replay: again.mutate, dismiss: dismissing.mutate, reopen: reopening.mutate, isBusy: again.isPending || dismissing.isPending || reopening.isPending };
  const first = pages.data?.pages[0];
  const reasons = first?.reasons ?? [];
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const reasonColumns: Column<Reason>[] = [
    { id: "code", name: t("quarantine.column.code"), cell: (reason) => <code>{reason.code}</code>, sortBy: (reason) => reason.code },
    { id: "source", name: t("quarantine.column.source"), cell: (reason) => reason.source, sortBy: (reason) => reason.source },
    { id: "count", name: t("quarantine.column.count"), isFigure: true, cell: (reason) => formatNumber(reason.count), sortBy: (reason) => reason.count },
    { id: "first", name: t("quarantine.column.first"), cell: (reason) => when(reason.firstAt), sortBy: (reason) => reason.firstAt },
    { id: "last", name: t("quarantine.column.last"), cell: (reason) => when(reason.lastAt), sortBy: (reason) => reason.lastAt },
  ];
  const itemColumns: Column<Item>[] = [
    { id: "at", name: t("quarantine.column.at"), cell: (item) => when(item.at) },
    { id: "code", name: t("quarantine.column.code"), cell: (item) => <code>{item.code}</code> },
    { id: "source", name: t("quarantine.column.source"), cell: (item) => item.source },
    { id: "message", name: t("quarantine.column.message"), cell: (item) => item.message },
  ];
  const failed = [again, dismissing, reopening].find((act) => act.isError);
  return (
    <section aria-labelledby="quarantine-title" className="quarantine">
      <div className="bar">
        <h2 id="quarantine-title">{t("page.quarantine")}</h2>
        <About data={{ name: t("page.quarantine"), definition: t("quarantine.about"), metric: "rejected 1", coverage: [t("quarantine.aboutKept"), t("quarantine.aboutNot")] }} />
      </div>
      <p className="hint">{t("quarantine.intro")}</p>
      <nav className="tabs" aria-label={t("quarantine.states.label")}>
        {states.map((name) => (
          <Link key={name} to={withQuery({ state: name === "open" ? undefined : name, code: undefined, source: undefined })} aria-current={name === state ? "page" : undefined}>
            {t(`quarantine.states.${name}`, { count: first?.counts[name] ?? 0, formatted: first === undefined ? "…" : formatNumber(first.counts[name]) })}
          </Link>
        ))}
      </nav>
      <p role="status" className="notice">
        {notice.text}{" "}
        {notice.undo !== undefined && (
          <button type="button" onClick={() => notice.undo !== undefined && reopening.mutate(notice.undo)}>
            {t("quarantine.undo")}
          </button>
        )}
      </p>
      {again.isPending && <ReplayProgress />}
      {failed !== undefined && <Problem error={failed.error} />}
      {pages.isPending && <Loading />}
      {pages.isError && <Problem error={pages.error} onRetry={() => void pages.refetch()} />}
      {pages.isSuccess && reasons.length === 0 && items.length === 0 && (
        <Empty action={<Link to="/sources">{t("quarantine.toSources")}</Link>}>{t(`quarantine.none.${state}`)}</Empty>
      )}
      {reasons.length > 0 && chosen === undefined && (
        <>
          <h3>{t("quarantine.reasons")}</h3>
          <Table
            caption={t("quarantine.reasons")}
            columns={reasonColumns}
            rows={reasons}
            rowKey={(reason) => `${reason.code} ${reason.source}`}
            onOpen={(reason) => setQuery({ code: reason.code, source: reason.source })}
          />
        </>
      )}
      {chosen !== undefined && (
        <div className="reason">
          <div className="bar">
            <h3 className="grow">
              {chosen.code} · {chosen.source}
            </h3>
            <button type="button" onClick={() => setQuery({ code: undefined, source: undefined })}>
              {t("quarantine.all")}
            </button>
          </div>
          <p>
            <Advice code={chosen.code} />
          </p>
          {items.length > 0 && (
            <div className="bar">
              {state === "open" && (
                <button type="button" onClick={() => setQuery({ preview: "yes" })}>
                  {t("quarantine.preview.open")}
                </button>
              )}
              {isAdmin && state === "open" && (
                <>
                  <button type="button" className="main" disabled={acts.isBusy} title={t("quarantine.replayHint")} onClick={() => acts.replay(chosen)}>
                    {t("quarantine.replayAll")}
                  </button>
                  <button type="button" disabled={acts.isBusy} onClick={() => acts.dismiss(chosen)}>
                    {t("quarantine.dismissAll")}
                  </button>
                </>
              )}
              {isAdmin && state === "dismissed" && (
                <button type="button" disabled={acts.isBusy} onClick={() => acts.reopen(chosen)}>
                  {t("quarantine.reopenAll")}
                </button>
              )}
            </div>
          )}
          {pages.isSuccess && items.length === 0 && <p>{t("quarantine.reasonDone")}</p>}
        </div>
      )}
      {items.length > 0 && (
        <>
          {chosen === undefined && <h3>{t("quarantine.items")}</h3>}
          <Table caption={t("quarantine.items")} columns={itemColumns} rows={items} rowKey={(item) => item.id} onOpen={(item) => setQuery({ open: item.id })} />
          {pages.hasNextPage && (
            <button type="button" className="more" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              {t("quarantine.more")}
            </button>
          )}
        </>
      )}
      {open !== null && <ItemDetail id={open} acts={acts} onClose={() => setQuery({ open: undefined })} />}
      {query.get("preview") !== null && chosen !== undefined && (
        <Dialog kind="side" title={t("quarantine.preview.title")} onClose={() => setQuery({ preview: undefined })}>
          <Previewed choice={chosen} />
        </Dialog>
      )}
    </section>
  );
}
