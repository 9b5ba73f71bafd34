import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { status } from "../shell/api.ts";
import { ConfirmByName } from "../shell/dialog.tsx";
import { formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { setQuery, usePlace } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { allSources, isTroubled, postsOfSource, removeWorld, type SourceAnswer } from "./sources-api.ts";
import { SourceDetail } from "./sources-detail.tsx";
import "./sources.css";

export default function Sources() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const isAdmin = mayAct(useMe(), "admin");
  const { query } = usePlace();
  const [notice, setNotice] = useState<string>();
  const [isRemoving, setRemoving] = useState(false);
  const known = useQuery({ queryKey: ["sources-all"], queryFn: allSources, refetchInterval: 3_000 });
  const state = useQuery({ queryKey: ["status"], queryFn: status });
  const items = known.data?.items ?? [];
  const simulated = items.filter((source) => source.simulated);
  const open = items.find((source) => source.id === query.get("open"));
  const changed = (text: string) => {
    setNotice(text);
    for (const name of ["sources-all", "sources", "status"]) void client.invalidateQueries({ queryKey: [name] });
  };
  const columns: Column<SourceAnswer>[] = [
    {
      id: "source",
      name: t("sources.column.source"),
      cell: (source) => (
        <>
          {source.id} {source.simulated && <span className="tag simulated">{t("post.simulated")}</span>}
        </>
      ),
      sortBy: (source) => source.id,
    },
    { id: "platform", name: t("sources.column.platform"), cell: (source) => source.platform, sortBy: (source) => source.platform },
    {
      id: "state",
      name: t("sources.column.state"),
      cell: (source) => (
        <span className={isTroubled(source) ? "trouble" : undefined}>
          {source.paused ? t("sources.paused") : source.state}
          {source.lastError !== undefined && isTroubled(source) && <code className="code">{source.lastError.code}</code>}
        </span>
      ),
      sortBy: (source) => source.state,
    },
    { id: "collected", name: t("sources.column.collected"), isFigure: true, cell: (source) => formatNumber(source.collected), sortBy: (source) => source.collected },
    {
      id: "gb",
      name: t("sources.column.gb"),
      isFigure: true,
      cell: (source) => (source.gbPerDay === undefined ? "–" : source.gbPerDay.toFixed(2)),
      sortBy: (source) => source.gbPerDay ?? 0,
    },
    { id: "errors", name: t("sources.column.errors"), isFigure: true, cell: (source) => formatNumber(source.errors), sortBy: (source) => source.errors },
    { id: "gaps", name: t("sources.column.gaps"), isFigure: true, cell: (source) => formatNumber(source.gaps), sortBy: (source) => source.gaps },
    { id: "keep", name: t("sources.column.keep"), cell: (source) => t(source.keep === "matching" ? "sources.keep.matching" : "sources.keep.everything") },
  ];
  return (
    <section aria-labelledby="sources-title">
      <div className="bar">
        <h2 id="sources-title">{t("page.sources")}</h2>
        <span className="grow" />
        {isAdmin && (
          <Link className="button main" to="/welcome?step=sources">
            {t("sources.add")}
          </Link>
        )}
      </div>
      <p className="hint">{t("sources.intro")}</p>
      <p role="status" className="notice">
        {notice}
      </p>
      {state.data !== undefined && state.data.simulated !== "none" && isAdmin && (
        <div className="worldly">
          <span>{t("sources.world.text")}</span>
          <button type="button" className="danger" onClick={() => setRemoving(true)}>
            {t("sources.world.remove")}
          </button>
        </div>
      )}
      {known.isPending && <Loading />}
      {known.isError && <Problem error={known.error} onRetry={() => void known.refetch()} />}
      {known.isSuccess && items.length === 0 && <Empty action={isAdmin && <Link to="/welcome?step=sources">{t("sources.add")}</Link>}>{t("sources.none")}</Empty>}
      {items.length > 0 && (
        <Table caption={t("sources.caption")} columns={columns} rows={items} rowKey={(source) => source.id} onOpen={(source) => setQuery({ open: source.id })} />
      )}
      {open !== undefined && <SourceDetail source={open} onClose={() => setQuery({ open: undefined })} onChanged={changed} />}
      {isRemoving && <RemoveWorld ids={simulated.map((source) => source.id)} onClose={() => setRemoving(false)} onDone={changed} />}
    </section>
  );
}

function RemoveWorld({ ids, onClose, onDone }: { readonly ids: readonly string[]; readonly onClose: () => void; readonly onDone: (text: string) => void }) {
  const { t } = useTranslation();
  const posts = useQuery({
    queryKey: ["world-posts", ids.join(" ")],
    queryFn: async () => (await Promise.all(ids.map(postsOfSource))).reduce((sum, count) => sum + count.posts, 0),
  });
  const remove = useMutation({
    mutationFn: removeWorld,
    onSuccess: ({ removedPosts }) => {
      onDone(t("sources.world.done", { posts: formatNumber(removedPosts) }));
      onClose();
    },
  });
  return (
    <ConfirmByName title={t("sources.world.remove")} name="world" action={t("sources.world.remove")} isBusy={remove.isPending} onConfirm={() => remove.mutate()} onClose={onClose}>
      <p>{t("sources.world.what", { posts: posts.data === undefined ? "…" : formatNumber(posts.data) })}</p>
      {remove.isError && <Problem error={remove.error} />}
    </ConfirmByName>
  );
}
