import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ask, type PostView, ProblemError } from "../shell/api.ts";
import { formatClock, formatDay, formatNumber, languageName } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { isKept, mayAct, useMe } from "../shell/me.ts";
import { usePlace, withQuery } from "../shell/place.ts";
import { PostRow } from "../shell/post-row.tsx";
import { searchPath } from "../shell/query.ts";
import { Reveal } from "../shell/reveal.tsx";
import { useSimulatedSources } from "../shell/simulated.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { postPath, traceOf } from "./post-api.ts";
import { Around } from "./post-around.tsx";
import { AuthorHabits } from "./post-author.tsx";
import { Judged } from "./post-judged.tsx";
import { Corrections } from "./post-label.tsx";
import { Made } from "./post-made.tsx";
import { LanguagesIn } from "./post-languages.tsx";
import { PlainWords } from "./post-reading.tsx";
import { SpreadOf } from "./post-spread.tsx";
import { SaidOfEach } from "./post-towards.tsx";
import { History, RawMessage, Stored } from "./post-stored.tsx";
import "./post.css";

const parts = ["facts", "conversation", "spread", "made", "stored", "raw", "history"] as const;
type Part = (typeof parts)[number];

export default function Post() {
  const { t } = useTranslation();
  const { path, query } = usePlace();
  const id = decodeURIComponent(path.split("/")[2] ?? "");
  const me = useMe();
  const shownParts = parts.filter((name) => !isKept(me) || name === "facts" || name === "conversation" || name === "spread");
  const part = shownParts.find((name) => name === query.get("show")) ?? "facts";
  const simulated = useSimulatedSources();
  const mayReveal = mayAct(me, "analyst");
  const post = useQuery({ queryKey: ["post", id], queryFn: () => ask<PostView>(postPath(id)) });
  const { data } = post;
  const isMissing = post.error instanceof ProblemError && post.error.status === 404;
  return (
    <section aria-labelledby="post-title" className="post-page">
      <h2 id="post-title">{t("page.post")}</h2>
      {post.isPending && <Loading />}
      {post.isError && (isMissing ? <Empty>{t("postPage.none")}</Empty> : <Problem error={post.error} onRetry={() => void post.refetch()} />)}
      {data !== undefined && (
        <>
          <PostRow post={data} simulated={simulated.has(data.source)} />
          {(data.pii ?? []).length > 0 && mayReveal && (
            <Reveal
              title={t("postPage.reveal.title")}
              hint={t("reveal.hint")}
              load={(purpose) => ask<PostView>(`${postPath(id)}?${new URLSearchParams({ reveal: purpose }).toString()}`)}
            >
              {({ text }) => <p dir="auto">{text}</p>}
            </Reveal>
          )}
          <Corrections post={data} />
          <nav className="tabs" aria-label={t("postPage.parts.label")}>
            {shownParts.map((name) => (
              <Link key={name} to={withQuery({ show: name === "facts" ? undefined : name })} aria-current={name === part ? "page" : undefined}>
                {t(`postPage.parts.${name}`)}
              </Link>
            ))}
          </nav>
          <h3>{t(`postPage.parts.${part}`)}</h3>
          {part === "facts" && <Facts post={data} />}
          {part === "facts" && <SaidOfEach post={data} />}
          {part === "facts" && <Judged post={data} />}
          {part === "facts" && <LanguagesIn post={data} />}
          {part === "facts" && <AuthorHabits author={data.author} />}
          {part === "facts" && <PlainWords post={data} />}
          {part === "conversation" && <Around post={data} />}
          {part === "spread" && <SpreadOf id={id} />}
          {part !== "facts" && part !== "conversation" && part !== "spread" && <Traced id={id} part={part} />}
        </>
      )}
    </section>
  );
}

function Facts({ post }: { readonly post: PostView }) {
  const { t } = useTranslation();
  const when = (at: string) => `${formatDay(at)} ${formatClock(at)} UTC`;
  const list = (field: string, values: readonly string[]): ReactNode =>
    values.length === 0
      ? t("postPage.fact.none")
      : values.map((value) => (
          <Link key={value} className="tag" to={searchPath(`${field}:${JSON.stringify(value)}`)}>
            {value}
          </Link>
        ));
  const { likes, shares, replies, views } = post.counts;
  const facts: readonly (readonly [string, ReactNode])[] = [
    [t("postPage.fact.created"), when(post.createdAt)],
    [t("postPage.fact.received"), when(post.receivedAt)],
    ...(post.editedAt === undefined ? [] : [[t("postPage.fact.edited"), when(post.editedAt)] as const]),
    [t("postPage.fact.platform"), post.platform],
    [t("postPage.fact.source"), post.source],
    [t("postPage.fact.language"), post.language === "und" ? t("post.languageUnknown") : languageName(post.language)],
    [
      t("postPage.fact.sentiment"),
      post.sentiment === null
        ? t("post.notScored")
        : `${t(`sentiment.${post.sentiment}`)}${post.sentimentScore === null ? "" : `, ${t("postPage.fact.score", { score: post.sentimentScore.toFixed(2) })}`}`,
    ],
    [t("postPage.fact.terms"), list("term", post.terms)],
    [t("postPage.fact.hashtags"), list("hashtag", post.hashtags)],
    [
      t("postPage.fact.links"),
      post.links.length === 0
        ? t("postPage.fact.none")
        : post.links.map((address) => (
            <Link key={address} className="long" to={searchPath(`link:${JSON.stringify(address)}`)} title={t("postPage.spread.searchPage", { page: address })}>
              {address}{" "}
            </Link>
          )),
    ],
    [
      t("postPage.fact.engagement"),
      t("postPage.fact.counts", { likes: formatNumber(likes), shares: formatNumber(shares), replies: formatNumber(replies), views: formatNumber(views) }),
    ],
    [t("postPage.fact.pii"), (post.pii ?? []).length === 0 ? t("postPage.fact.none") : (post.pii ?? []).map(({ kind }) => kind).join(", ")],
    [t("postPage.fact.sensitivity"), post.sensitivity],
    [t("postPage.fact.region"), post.region === "zz" ? t("postPage.fact.unknown") : post.region.toUpperCase()],
    [t("postPage.fact.author"), <code key="author">{post.author}</code>],
    [t("postPage.fact.revision"), String(post.revision)],
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Traced({ id, part }: { readonly id: string; readonly part: Exclude<Part, "facts" | "conversation" | "spread"> }) {
  const trace = useQuery({ queryKey: ["trace", id], queryFn: () => traceOf(id) });
  if (trace.isError) return <Problem error={trace.error} onRetry={() => void trace.refetch()} />;
  if (trace.data === undefined) return <Loading />;
  if (part === "made") return <Made trace={trace.data} />;
  if (part === "stored") return <Stored trace={trace.data} />;
  return part === "raw" ? <RawMessage trace={trace.data} id={id} /> : <History trace={trace.data} />;
}
