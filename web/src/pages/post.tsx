import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask, type PostView, ProblemError } from "../shell/api.ts";
import { formatClock, formatDay, formatNumber, languageName } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { usePlace } from "../shell/place.ts";
import { PostRow } from "../shell/post-row.tsx";
import { searchPath } from "../shell/query.ts";
import { useSimulatedSources } from "../shell/simulated.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import "./post.css";

const pathOf = (id: string): string => `/api/v1/posts/${encodeURIComponent(id)}`;

export default function Post() {
  const { t } = useTranslation();
  const id = decodeURIComponent(usePlace().path.split("/")[2] ?? "");
  const simulated = useSimulatedSources();
  const mayReveal = mayAct(useMe(), "analyst");
  const post = useQuery({ queryKey: ["post", id], queryFn: () => ask<PostView>(pathOf(id)) });
  const { data } = post;
  const isMissing = post.error instanceof ProblemError && post.error.status === 404;
  return (
    <section aria-labelledby="post-title">
      <h2 id="post-title">{t("page.post")}</h2>
      {post.isPending && <Loading />}
      {post.isError && (isMissing ? <Empty>{t("postPage.none")}</Empty> : <Problem error={post.error} onRetry={() => void post.refetch()} />)}
      {data !== undefined && (
        <>
          <PostRow post={data} simulated={simulated.has(data.source)} />
          {(data.pii ?? []).length > 0 && mayReveal && <Reveal id={data.id} />}
          <h3>{t("postPage.facts")}</h3>
          <Facts post={data} />
          <h3>{t("postPage.around")}</h3>
          <ul className="around">
            {(["replyTo", "root", "quoteOf", "reshareOf"] as const).map((name) => {
              const other = data[name];
              return (
                other !== undefined && (
                  <li key={name}>
                    <Link to={`/post/${other}`}>{t(`postPage.${name}`)}</Link>
                  </li>
                )
              );
            })}
            <li>
              <Link to={searchPath(`author:${data.author}`)}>{t("postPage.byAuthor")}</Link>
            </li>
          </ul>
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
    [t("postPage.fact.links"), post.links.length === 0 ? t("postPage.fact.none") : post.links.join(" ")],
    [
      t("postPage.fact.engagement"),
      t("postPage.fact.counts", { likes: formatNumber(likes), shares: formatNumber(shares), replies: formatNumber(replies), views: formatNumber(views) }),
    ],
    [t("postPage.fact.pii"), (post.pii ?? []).length === 0 ? t("postPage.fact.none") : (post.pii ?? []).map(({ kind }) => kind).join(", ")],
    [t("postPage.fact.sensitivity"), post.sensitivity],
    [t("postPage.fact.region"), post.region],
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

function Reveal({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const [purpose, setPurpose] = useState("");
  const reveal = useMutation({ mutationFn: (why: string) => ask<PostView>(`${pathOf(id)}?${new URLSearchParams({ reveal: why }).toString()}`) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    reveal.mutate(purpose.trim());
  };
  return (
    <form className="reveal" onSubmit={submit}>
      <h3>{t("postPage.reveal.title")}</h3>
      <p className="hint">{t("postPage.reveal.hint")}</p>
      {reveal.data === undefined ? (
        <div className="bar">
          <label className="field grow">
            {t("postPage.reveal.purpose")}
            <input value={purpose} onChange={(event) => setPurpose(event.target.value)} minLength={5} maxLength={300} required autoComplete="off" />
          </label>
          <button type="submit" disabled={reveal.isPending}>
            {t("postPage.reveal.action")}
          </button>
        </div>
      ) : (
        <p role="status" dir="auto">
          {reveal.data.text}
          <br />
          <span className="quiet">{t("postPage.reveal.shown", { purpose })}</span>
        </p>
      )}
      {reveal.isError && <Problem error={reveal.error} />}
    </form>
  );
}
