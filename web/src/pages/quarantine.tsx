import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "../shell/api.ts";
import { Dialog } from "../shell/dialog.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { setQuery, usePlace } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";

interface Item {
  readonly id: string;
  readonly source: string;
  readonly code: string;
  readonly message: string;
  readonly at: string;
  readonly raw?: string;
}
interface Reason {
  readonly code: string;
  readonly source: string;
  readonly count: number;
}
interface Page {
  readonly items: readonly Item[];
  readonly next: string | null;
  readonly reasons: readonly Reason[];
}
interface Replayed {
  readonly read: number;
  readonly kept: number;
  readonly rejected: number;
}

const post = <T,>(path: string, body: object): Promise<T> => ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export default function Quarantine() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { query } = usePlace();
  const [notice, setNotice] = useState("");
  const code = query.get("code") ?? undefined;
  const source = query.get("source") ?? undefined;
  const open = query.get("open");
  const chosen = { ...(code !== undefined && { code }), ...(source !== undefined && { source }) };
  const pages = useInfiniteQuery({
    queryKey: ["quarantine", code, source],
    queryFn: ({ pageParam }) =>
      ask<Page>(`/api/v1/quarantine?${new URLSearchParams({ ...chosen, state: "open", limit: "50", ...(pageParam !== undefined && { cursor: pageParam }) }).toString()}`),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const done = (text: string) => {
    setNotice(text);
    for (const name of ["quarantine", "status"]) void client.invalidateQueries({ queryKey: [name] });
  };
  const replay = useMutation({
    mutationFn: () => post<Replayed>("/api/v1/quarantine/replay", chosen),
    onSuccess: ({ read, kept, rejected }) => done(t("quarantine.replayed", { read: formatNumber(read), kept: formatNumber(kept), rejected: formatNumber(rejected) })),
  });
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const dismiss = useMutation({
    mutationFn: () => post<{ readonly dismissed: number }>("/api/v1/quarantine/dismiss", { ids: items.map((item) => item.id) }),
    onSuccess: ({ dismissed }) => done(t("quarantine.dismissed", { count: dismissed })),
  });
  const reasons = pages.data?.pages[0]?.reasons ?? [];
  const reasonColumns: Column<Reason>[] = [
    { id: "code", name: t("quarantine.column.code"), cell: (reason) => reason.code, sortBy: (reason) => reason.code },
    { id: "source", name: t("quarantine.column.source"), cell: (reason) => reason.source, sortBy: (reason) => reason.source },
    { id: "count", name: t("quarantine.column.count"), isFigure: true, cell: (reason) => formatNumber(reason.count), sortBy: (reason) => reason.count },
  ];
  const itemColumns: Column<Item>[] = [
    { id: "at", name: t("quarantine.column.at"), cell: (item) => `${formatDay(item.at)} ${formatClock(item.at)}` },
    { id: "code", name: t("quarantine.column.code"), cell: (item) => <code>{item.code}</code> },
    { id: "source", name: t("quarantine.column.source"), cell: (item) => item.source },
    { id: "message", name: t("quarantine.column.message"), cell: (item) => item.message },
  ];
  return (
    <section aria-labelledby="quarantine-title">
      <h2 id="quarantine-title">{t("page.quarantine")}</h2>
      <p className="hint">{t("quarantine.intro")}</p>
      <p role="status">{notice}</p>
      {pages.isPending && <Loading />}
      {pages.isError && <Problem error={pages.error} onRetry={() => void pages.refetch()} />}
      {replay.isError && <Problem error={replay.error} />}
      {dismiss.isError && <Problem error={dismiss.error} />}
      {pages.isSuccess && reasons.length === 0 && items.length === 0 && <Empty>{t("quarantine.empty")}</Empty>}
      {reasons.length > 0 && (
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
      {items.length > 0 && (
        <>
          <div className="bar">
            <h3 className="grow">{code === undefined ? t("quarantine.items") : `${code} · ${source ?? ""}`}</h3>
            {code !== undefined && (
              <>
                <button type="button" onClick={() => setQuery({ code: undefined, source: undefined })}>
                  {t("quarantine.all")}
                </button>
                <button type="button" className="main" disabled={replay.isPending} title={t("quarantine.replayHint")} onClick={() => replay.mutate()}>
                  {t("quarantine.replay")}
                </button>
                <button type="button" disabled={dismiss.isPending} onClick={() => dismiss.mutate()}>
                  {t("quarantine.dismissShown")}
                </button>
              </>
            )}
          </div>
          <Table caption={t("quarantine.items")} columns={itemColumns} rows={items} rowKey={(item) => item.id} onOpen={(item) => setQuery({ open: item.id })} />
          {pages.hasNextPage && (
            <button type="button" className="more" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              {t("quarantine.more")}
            </button>
          )}
        </>
      )}
      {open !== null && <RawItem id={open} onClose={() => setQuery({ open: undefined })} />}
    </section>
  );
}

function RawItem({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const item = useQuery({ queryKey: ["quarantine-item", id], queryFn: () => ask<Item>(`/api/v1/quarantine/${encodeURIComponent(id)}`) });
  return (
    <Dialog kind="side" title={t("quarantine.item", { id })} onClose={onClose}>
      {item.isPending && <Loading />}
      {item.isError && <Problem error={item.error} />}
      {item.data !== undefined && (
        <>
          <p className="trouble">
            <code>{item.data.code}</code> {item.data.message}
          </p>
          <h3>{t("quarantine.raw")}</h3>
          <pre tabIndex={0}>{item.data.raw}</pre>
        </>
      )}
    </Dialog>
  );
}
