import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { configuration, formatBytes, kept } from "./data-api.ts";
import { Backup } from "./data-backup.tsx";
import { Erasing } from "./data-erase.tsx";
import "./data.css";

interface Row {
  readonly store: string;
  readonly posts: number | undefined;
  readonly sizeBytes: number;
  readonly oldestAt: string | undefined;
  readonly limitGb: number | undefined;
  readonly state: string;
}

export default function Data() {
  const { t } = useTranslation();
  const isAdmin = mayAct(useMe(), "admin");
  const known = useQuery({ queryKey: ["kept"], queryFn: kept, refetchInterval: 5_000 });
  const rows: Row[] = [];
  if (known.data !== undefined) {
    const limitOf = (name: string) => known.data.limits.find((limit) => limit.name === name)?.limit;
    for (const { store, posts, sizeBytes, oldestAt, state, error } of known.data.stores)
      rows.push({ store, posts, sizeBytes, oldestAt, limitGb: limitOf(store), state: error ?? state });
    const { log } = known.data;
    const oldest = log.flatMap((part) => part.oldestAt ?? []).toSorted()[0];
    rows.push({ store: "log", posts: undefined, sizeBytes: log.reduce((sum, part) => sum + part.sizeBytes, 0), oldestAt: oldest, limitGb: limitOf("log"), state: "" });
  }
  const columns: Column<Row>[] = [
    { id: "store", name: t("data.column.store"), cell: ({ store }) => t(`data.store.${store}` as "data.store.log", { defaultValue: store }), sortBy: ({ store }) => store },
    { id: "posts", name: t("data.column.posts"), isFigure: true, cell: ({ posts }) => (posts === undefined ? "–" : formatNumber(posts)), sortBy: ({ posts }) => posts ?? 0 },
    { id: "size", name: t("data.column.size"), isFigure: true, cell: ({ sizeBytes }) => formatBytes(sizeBytes), sortBy: ({ sizeBytes }) => sizeBytes },
    { id: "limit", name: t("data.column.limit"), isFigure: true, cell: ({ limitGb }) => (limitGb === undefined ? "–" : `${formatNumber(limitGb)} GB`) },
    { id: "oldest", name: t("data.column.oldest"), cell: ({ oldestAt }) => (oldestAt === undefined ? "–" : formatDay(oldestAt)) },
    { id: "state", name: t("data.column.state"), cell: ({ state }) => state },
  ];
  return (
    <section aria-labelledby="data-title">
      <h2 id="data-title">{t("page.data")}</h2>
      <p className="hint">{t("data.intro")}</p>
      {known.isPending && <Loading />}
      {known.isError && <Problem error={known.error} onRetry={() => void known.refetch()} />}
      {known.data !== undefined && (
        <>
          <h3>
            {t("data.stores")} <About data={{ name: t("data.about.name"), definition: t("data.about.definition"), coverage: [t("data.about.coverage")] }} />
          </h3>
          <Table caption={t("data.stores")} columns={columns} rows={rows} rowKey={({ store }) => store} />
        </>
      )}
      <h3>{t("data.take")}</h3>
      <p>
        <Link to="/search">{t("data.export")}</Link>
      </p>
      {isAdmin ? (
        <>
          <Backup />
          <Erasing />
          <Configuration />
        </>
      ) : (
        <p className="quiet">{t("data.adminOnly")}</p>
      )}
    </section>
  );
}

function Configuration() {
  const { t } = useTranslation();
  const code = useMutation({ mutationFn: configuration });
  const copy = useMutation({ mutationFn: (text: string) => navigator.clipboard.writeText(text) });
  return (
    <>
      <h3>{t("data.configuration.title")}</h3>
      <p className="hint">{t("data.configuration.hint")}</p>
      {code.data === undefined ? (
        <button type="button" onClick={() => code.mutate()} disabled={code.isPending}>
          {t("data.configuration.show")}
        </button>
      ) : (
        <>
          <pre className="code-block" tabIndex={0}>
            {code.data}
          </pre>
          <button type="button" onClick={() => copy.mutate(code.data)}>
            {t("data.configuration.copy")}
          </button>{" "}
          <span role="status">{copy.isSuccess && t("data.configuration.copied")}</span>
        </>
      )}
      {code.isError && <Problem error={code.error} />}
    </>
  );
}
