import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { formatClock, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { setQuery, usePlace } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { Table } from "../shell/table.tsx";
import { endRun, type Run, runOf, runsOf, type Side, startRun } from "./shadow-api.ts";
import { allSources, type SourceAnswer } from "./sources-api.ts";
import "./shadow.css";

export default function Shadow() {
  const { t } = useTranslation();
  const { query } = usePlace();
  const sources = useQuery({ queryKey: ["sources"], queryFn: allSources, refetchInterval: 30_000 });
  const items = (sources.data?.items ?? []).toSorted((a, b) => a.id.localeCompare(b.id));
  const chosen = items.find(({ id }) => id === query.get("source")) ?? items[0];
  return (
    <section aria-labelledby="shadow-title" className="shadow-run">
      <div className="bar">
        <h2 id="shadow-title">{t("page.shadow")}</h2>
        <About data={{ name: t("page.shadow"), definition: t("shadow.about"), metric: "shadow 1", coverage: [t("shadow.aboutNot")] }} />
      </div>
      <p className="hint">{t("shadow.intro")}</p>
      {sources.isPending && <Loading />}
      {sources.isError && <Problem error={sources.error} onRetry={() => void sources.refetch()} />}
      {sources.data !== undefined && chosen === undefined && <Empty action={<Link to="/sources">{t("shadow.toSources")}</Link>}>{t("shadow.none")}</Empty>}
      {chosen !== undefined && (
        <>
          <label>
            {t("shadow.source")}{" "}
            <select value={chosen.id} onChange={(event) => setQuery({ source: event.target.value })}>
              {items.map(({ id, connector }) => (
                <option key={id} value={id}>
                  {id} ({connector})
                </option>
              ))}
            </select>
          </label>
          <OfSource key={chosen.id} source={chosen} />
        </>
      )}
    </section>
  );
}

function OfSource({ source }: { readonly source: SourceAnswer }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const isAdmin = mayAct(useMe(), "admin");
  const [notice, setNotice] = useState("");
  const runs = useQuery({ queryKey: ["shadow-runs"], queryFn: runsOf });
  const isThere = runs.data?.items.some((one) => one.source === source.id) === true;
  const run = useQuery({
    queryKey: ["shadow", source.id],
    queryFn: () => runOf(source.id),
    enabled: isThere,
    refetchInterval: (asked) => (asked.state.data?.state === "running" ? 1_000 : false),
  });
  const changed = (text: string) => {
    setNotice(text);
    for (const queryKey of [["shadow-runs"], ["shadow", source.id]]) void client.invalidateQueries({ queryKey });
  };
  const end = useMutation({ mutationFn: () => endRun(source.id), onSuccess: () => changed(t("shadow.state.cancelled")) });
  return (
    <>
      <p role="status" className="notice">
        {notice}
      </p>
      {isAdmin && <Begin source={source} isRunning={run.data?.state === "running"} onStarted={() => changed(t("shadow.started"))} />}
      {(runs.isPending || (isThere && run.isPending)) && <Loading />}
      {[runs, run].map((asked, i) => asked.isError && <Problem key={String(i)} error={asked.error} onRetry={() => void asked.refetch()} />)}
      {runs.data !== undefined && !isThere && <p className="quiet">{t("shadow.noRun")}</p>}
      {run.data !== undefined && <Shown run={run.data} />}
      {isAdmin && run.data?.state === "running" && (
        <button type="button" disabled={end.isPending} onClick={() => end.mutate()}>
          {t("shadow.cancel")}
        </button>
      )}
      {end.isError && <Problem error={end.error} />}
    </>
  );
}

function optionsIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function Begin({ source, isRunning, onStarted }: { readonly source: SourceAnswer; readonly isRunning: boolean; readonly onStarted: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(() => JSON.stringify(source.options ?? {}, undefined, 2));
  const [minutes, setMinutes] = useState("10");
  const [posts, setPosts] = useState("1000");
  const options = optionsIn(text);
  const start = useMutation({ mutationFn: () => startRun(source.id, { options, minutes: Number(minutes), posts: Number(posts) }), onSuccess: onStarted });
  return (
    <form
      className="shadow-begin"
      onSubmit={(event) => {
        event.preventDefault();
        if (options !== undefined) start.mutate();
      }}
    >
      <label className="shadow-options">
        {t("shadow.options")}
        <textarea
          value={text}
          rows={8}
          spellCheck={false}
          aria-invalid={options === undefined}
          aria-describedby="shadow-options-hint"
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <p id="shadow-options-hint" className={options === undefined ? "trouble" : "quiet"}>
        {t(options === undefined ? "shadow.badJson" : "shadow.optionsHint")}
      </p>
      <label>
        {t("shadow.minutes")} <input type="number" min={0.1} max={240} step={0.1} value={minutes} required onChange={(event) => setMinutes(event.target.value)} />
      </label>
      <label>
        {t("shadow.posts")} <input type="number" min={1} max={5_000} value={posts} required onChange={(event) => setPosts(event.target.value)} />
      </label>
      <button type="submit" disabled={isRunning || start.isPending || options === undefined}>
        {t("shadow.start")}
      </button>
      {start.isError && <Problem error={start.error} />}
    </form>
  );
}

function Shown({ run }: { readonly run: Run }) {
  const { t } = useTranslation();
  const sides: readonly { readonly id: "old" | "fresh"; readonly side: Side }[] = [
    { id: "old", side: run.old },
    { id: "fresh", side: run.fresh },
  ];
  const rejectedIn = ({ rejected }: Side) => Object.entries(rejected).map(([code, count]) => `${code} ${formatNumber(count)}`);
  return (
    <>
      <h3>{t("shadow.sides")}</h3>
      <p aria-live="polite">{t(`shadow.state.${run.state}`, { time: formatClock(run.endsAt) })}</p>
      <Table
        caption={t("shadow.sides")}
        rows={sides}
        rowKey={({ id }) => id}
        columns={[
          { id: "side", name: t("shadow.side"), cell: ({ id }) => t(`shadow.${id}`) },
          {
            id: "state",
            name: t("shadow.stateName"),
            cell: ({ side }) => (
              <span className={side.state === "failed" ? "trouble" : undefined}>
                {t(`shadow.sideState.${side.state}`)}
                {side.error !== undefined && `: ${side.error.code}, ${side.error.message}`}
              </span>
            ),
          },
          { id: "messages", name: t("shadow.messages"), cell: ({ side }) => formatNumber(side.messages), isFigure: true },
          { id: "posts", name: t("shadow.postsRead"), cell: ({ side }) => formatNumber(side.posts), isFigure: true },
          { id: "rejected", name: t("shadow.rejected"), cell: ({ side }) => rejectedIn(side).join(", ") || "0" },
        ]}
      />
      <p>{t("shadow.both", { both: formatNumber(run.both), same: formatNumber(run.same) })}</p>
      {(["onlyOld", "onlyFresh"] as const).map((which) =>
        run[which].posts === 0 ? null : (
          <p key={which}>
            {t(`shadow.${which}`, { count: run[which].posts })} <code className="long">{run[which].examples.join(", ")}</code>
          </p>
        ),
      )}
      <h3>{t("shadow.fields")}</h3>
      {run.fields.length === 0 ? (
        <p className="quiet">{t("shadow.noFields")}</p>
      ) : (
        <Table
          caption={t("shadow.fields")}
          rows={run.fields}
          rowKey={({ name }) => name}
          columns={[
            { id: "field", name: t("shadow.field"), cell: ({ name }) => <code>{name}</code>, sortBy: ({ name }) => name },
            { id: "posts", name: t("shadow.differing"), cell: ({ posts }) => formatNumber(posts), isFigure: true, sortBy: ({ posts }) => posts },
            {
              id: "examples",
              name: t("shadow.examples"),
              cell: ({ examples }) => (
                <ul className="plain-list">
                  {examples.slice(0, 3).map(({ id, was, is }) => (
                    <li key={id}>
                      <code>{id}</code>: {t("shadow.was", { was: was === "" ? t("shadow.nothing") : was, is: is === "" ? t("shadow.nothing") : is })}
                    </li>
                  ))}
                </ul>
              ),
            },
          ]}
        />
      )}
    </>
  );
}
