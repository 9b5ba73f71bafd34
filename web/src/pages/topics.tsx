import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { Dialog } from "../shell/dialog.tsx";
import { formatNumber, languageName } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { ListenBar } from "../shell/listen-bar.tsx";
import { useListen } from "../shell/listen.ts";
import { isKept, useMe } from "../shell/me.ts";
import { setQuery, usePlace, withQuery } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { withListen } from "./search-api.ts";
import { nameOf, topicsOf, type TopicView } from "./topics-api.ts";
import { TopicLines } from "./topics-lines.tsx";
import { Course, Mood, TopicDetail } from "./topics-parts.tsx";
import "../shell/time-chart.css";
import "./terms.css";
import "./topics.css";

const percent = (share: number): string => `${Math.round(share * 100)}%`;
const keyOf = (topic: Pick<TopicView, "language" | "words">): string => `${topic.language}:${topic.words.slice(0, 3).join("+")}`;

export default function Topics() {
  const { t } = useTranslation();
  const me = useMe();
  const listen = useListen();
  const { query } = usePlace();
  const q = query.get("q") ?? "";
  const isLines = query.get("view") === "lines" && !isKept(me);
  const [draft, setDraft] = useState(q);
  useEffect(() => setDraft(q), [q]);
  // The end of a range stands while one looks: it moves with the next question.
  // oxlint-disable-next-line react/exhaustive-deps
  const asked = useMemo(() => ({ q: withListen(q, listen, false), fromMs: listen.fromMs, toMs: listen.toMs }), [query]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setQuery({ q: draft.trim(), topic: undefined });
  };
  return (
    <section aria-labelledby="topics-title">
      <div className="bar">
        <h2 id="topics-title">{t("page.topics")}</h2>
        <About
          data={{
            name: t("topics.about.name"),
            definition: t("topics.about.definition"),
            metric: "posts",
            coverage: [t("topics.about.sampled"), t("topics.about.small"), t("topics.about.vectors")],
          }}
        />
      </div>
      <ListenBar />
      <p className="hint">{t("topics.intro")}</p>
      <nav className="tabs" aria-label={t("topics.tabs")}>
        <Link to={withQuery({ view: undefined, line: undefined })} aria-current={isLines ? undefined : "page"}>
          {t("topics.tab_now")}
        </Link>
        {!isKept(me) && (
          <Link to={withQuery({ view: "lines", topic: undefined })} aria-current={isLines ? "page" : undefined}>
            {t("topics.tab_lines")}
          </Link>
        )}
      </nav>
      {isLines ? (
        <TopicLines fromMs={asked.fromMs} toMs={asked.toMs} />
      ) : (
        <>
          <form className="topic-ask" role="search" onSubmit={submit}>
            <label className="field" htmlFor="topics-query">
              {t("topics.query")}
              <input id="topics-query" type="search" value={draft} placeholder={t("topics.queryHint")} maxLength={4_000} onChange={(event) => setDraft(event.target.value)} />
            </label>
            <button type="submit" className="main">
              {t("topics.ask")}
            </button>
          </form>
          <Found asked={asked} open={query.get("topic")} />
        </>
      )}
    </section>
  );
}

function Found({ asked, open }: { readonly asked: { readonly q: string; readonly fromMs: number; readonly toMs: number }; readonly open: string | null }) {
  const { t } = useTranslation();
  const found = useQuery({ queryKey: ["topics", asked], queryFn: ({ signal }) => topicsOf(asked, signal), placeholderData: keepPreviousData });
  if (found.isPending) return <Loading />;
  if (found.isError) return <Problem error={found.error} onRetry={() => void found.refetch()} />;
  const { topics, posts, read, none, ended = [] } = found.data;
  const isEstimate = read < posts;
  const opened = topics.find((topic) => keyOf(topic) === open);
  const changeText = ({ change, before = 0, posts: now }: TopicView): string => {
    if (change !== "goes-on" || before === 0) return change === "split" ? t("topics.split") : t("topics.new");
    const difference = Math.round((now / before - 1) * 100);
    return t("topics.times", { percent: `${difference > 0 ? "+" : difference < 0 ? "−" : "±"}${Math.abs(difference)}%` });
  };
  const columns: readonly Column<TopicView>[] = [
    { id: "topic", name: t("topics.topic"), cell: (topic) => <span className="topic-name">{nameOf(topic)}</span>, sortBy: nameOf },
    { id: "language", name: t("topics.language"), cell: (topic) => languageName(topic.language), sortBy: (topic) => topic.language },
    { id: "posts", name: t("topics.posts"), isFigure: true, cell: (topic) => `${isEstimate ? "≈" : ""}${formatNumber(topic.posts)}`, sortBy: (topic) => topic.posts },
    { id: "share", name: t("topics.share"), isFigure: true, cell: (topic) => percent(topic.posts / Math.max(1, posts)), sortBy: (topic) => topic.posts },
    { id: "change", name: t("topics.change"), isFigure: true, cell: changeText, sortBy: (topic) => topic.posts / Math.max(1, topic.before ?? 0) },
    { id: "mood", name: t("topics.sentiment"), cell: (topic) => <Mood sentiment={topic.sentiment} /> },
    { id: "course", name: t("topics.course"), cell: (topic) => <Course name={nameOf(topic)} series={topic.series} /> },
  ];
  return (
    <>
      <p className="quiet" role="status">
        {t("topics.read", { read: formatNumber(read), posts: formatNumber(posts), none: percent(none) })}
      </p>
      {topics.length === 0 && <Empty>{t("topics.none")}</Empty>}
      {topics.length > 0 && <Table caption={t("topics.caption")} columns={columns} rows={topics} rowKey={keyOf} onOpen={(topic) => setQuery({ topic: keyOf(topic) })} />}
      {ended.length > 0 && (
        <details className="removed-terms">
          <summary>{t("topics.ended")}</summary>
          <ul>
            {ended.map((topic) => (
              <li key={keyOf(topic)}>
                {nameOf(topic)} <span className="quiet">{formatNumber(topic.posts)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {opened !== undefined && (
        <Dialog key={keyOf(opened)} kind="side" title={nameOf(opened)} onClose={() => setQuery({ topic: undefined })}>
          <TopicDetail topic={opened} fromMs={asked.fromMs} toMs={asked.toMs} />
        </Dialog>
      )}
    </>
  );
}
