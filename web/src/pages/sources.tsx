import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { status } from "../shell/api.ts";
import { ConfirmByName } from "../shell/dialog.tsx";
import { About } from "../shell/about.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { isKept, mayAct, useMe } from "../shell/me.ts";
import { setQuery, usePlace } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { type Activity, activityOf, allSources, isTroubled, postsOfSource, removeWorld, type SourceAnswer } from "./sources-api.ts";
import { formatGb, SourceDetail } from "./sources-detail.tsx";
import { Alarms } from "./sources-failures.tsx";
import { Catalogue } from "./sources-catalogue.tsx";
import { Setup } from "./sources-setup.tsx";
import "./sources.css";

const figure = (value: number | undefined): string => (value === undefined ? "–" : formatNumber(value));
const lastOf = (activity: Activity | undefined): string => (activity?.lastItemAt === undefined ? "–" : `${formatDay(activity.lastItemAt)} ${formatClock(activity.lastItemAt)}`);

export default function Sources() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const isAdmin = mayAct(useMe(), "admin");
  const { query } = usePlace();
  const [notice, setNotice] = useState<string>();
  const [isRemoving, setRemoving] = useState(false);
  const known = useQuery({ queryKey: ["sources-all"], queryFn: allSources, refetchInterval: 3_000 });
  const isPart = isKept(useMe());
  const activity = useQuery({ queryKey: ["sources-activity"], queryFn: activityOf, refetchInterval: 5_000, enabled: !isPart });
  const of = (source: SourceAnswer): Activity | undefined => activity.data?.items.find((row) => row.id === source.id);
  const state = useQuery({ queryKey: ["status"], queryFn: status });
  const items = known.data?.items ?? [];
  const simulated = items.filter((source) => source.simulated);
  const open = items.find((source) => source.id === query.get("open"));
  const changed = (text: string) => {
    setNotice(text);
    for (const name of ["sources-all", "sources", "sources-activity", "source-history", "status"]) void client.invalidateQueries({ queryKey: [name] });
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
          {(source.warnings?.length ?? 0) > 0 && <span className="tag warned">{t("setup.warnings.tag")}</span>}
        </span>
      ),
      sortBy: (source) => source.state,
    },
    ...(isPart
      ? []
      : ([
          { id: "posts", name: t("sources.column.posts"), isFigure: true, cell: (source) => figure(of(source)?.day.posts), sortBy: (source) => of(source)?.day.posts ?? 0 },
          {
            id: "messages",
            name: t("sources.column.messages"),
            isFigure: true,
            cell: (source) => figure(of(source)?.day.messages),
            sortBy: (source) => of(source)?.day.messages ?? 0,
          },
          {
            id: "gb",
            name: t("sources.column.gb"),
            isFigure: true,
            cell: (source) => (of(source) === undefined ? "–" : formatGb(of(source)?.day.bytes ?? 0)),
            sortBy: (source) => of(source)?.day.bytes ?? 0,
          },
          { id: "errors", name: t("sources.column.errors"), isFigure: true, cell: (source) => figure(of(source)?.day.errors), sortBy: (source) => of(source)?.day.errors ?? 0 },
          { id: "gaps", name: t("sources.column.gaps"), isFigure: true, cell: (source) => figure(of(source)?.day.gaps), sortBy: (source) => of(source)?.day.gaps ?? 0 },
          { id: "last", name: t("sources.column.last"), cell: (source) => lastOf(of(source)), sortBy: (source) => of(source)?.lastItemAt ?? "" },
        ] satisfies Column<SourceAnswer>[])),
    { id: "keep", name: t("sources.column.keep"), cell: (source) => t(source.keep === "matching" ? "sources.keep.matching" : "sources.keep.everything") },
  ];
  const taken = new Set(items.map((source) => source.id));
  const adding = query.get("add");
  const edited = items.find((source) => source.id === query.get("edit"));
  const saved = (text: string) => {
    changed(text);
    setQuery({ add: undefined, edit: undefined, step: undefined, grant: undefined, grantError: undefined, grantReason: undefined });
  };
  if (isAdmin && (adding !== null || edited !== undefined))
    return (
      <section aria-labelledby="sources-title">
        <h2 id="sources-title">{edited !== undefined ? t("sources.form.edit", { id: edited.id }) : t("sources.catalogue.title")}</h2>
        {edited !== undefined ? (
          <Setup use={edited.connector} known={edited} taken={taken} onDone={saved} />
        ) : adding === null || adding === "any" ? (
          <Catalogue />
        ) : (
          <Setup use={adding} taken={taken} onDone={saved} />
        )}
      </section>
    );
  return (
    <section aria-labelledby="sources-title">
      <div className="bar">
        <h2 id="sources-title">{t("page.sources")}</h2>
        <About
          data={{ name: t("sources.day.title"), definition: t("sources.day.about"), metric: "collected 1", coverage: [t("sources.day.aboutKept"), t("sources.day.aboutPosts")] }}
        />
        <span className="grow" />
        {isAdmin && (
          <Link className="button main" to="/sources?add=any">
            {t("sources.add")}
          </Link>
        )}
      </div>
      <p className="hint">{t("sources.intro")}</p>
      <Alarms />
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
      {known.isSuccess && items.length === 0 && <Empty action={isAdmin && <Link to="/sources?add=any">{t("sources.add")}</Link>}>{t("sources.none")}</Empty>}
      {items.length > 0 && (
        <Table caption={t("sources.caption")} columns={columns} rows={items} rowKey={(source) => source.id} onOpen={(source) => setQuery({ open: source.id })} />
      )}
      {open !== undefined && (
        <SourceDetail
          source={open}
          activity={of(open)}
          onClose={() => setQuery({ open: undefined, grant: undefined, grantError: undefined, grantReason: undefined })}
          onChanged={changed}
        />
      )}
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
