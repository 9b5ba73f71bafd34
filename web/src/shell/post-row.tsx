import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { PostView } from "./api.ts";
import { formatClock, formatDay, formatNumber, languageName } from "./format.ts";
import { Link } from "./link.tsx";
import { searchPath } from "./query.ts";

const marks = { negative: "▼", neutral: "●", positive: "▲" } as const;

const isToday = (at: string): boolean => at.slice(0, 10) === new Date().toISOString().slice(0, 10);
/** Pseudonyms of mentioned accounts are long; their start tells them apart in a text. */
const shorten = (text: string): string => text.replaceAll(/@m_([\w-]{6})[\w-]{16}/g, "@m_$1…");

/** What was found to identify people is named, not shown. */
function PostText({ post }: { readonly post: PostView }) {
  const { t } = useTranslation();
  const pieces: ReactNode[] = [];
  let at = 0;
  for (const span of (post.pii ?? []).toSorted((a, b) => a.start - b.start)) {
    if (span.start < at) {
      at = Math.max(at, span.end);
      continue;
    }
    pieces.push(shorten(post.text.slice(at, span.start)));
    pieces.push(
      <span className="masked" key={span.start}>
        {t("post.masked", { kind: span.kind })}
      </span>,
    );
    at = span.end;
  }
  pieces.push(shorten(post.text.slice(at)));
  return pieces;
}

export const PostRow = memo(function PostRow({ post, simulated }: { readonly post: PostView; readonly simulated: boolean }) {
  const { t } = useTranslation();
  const { sentiment } = post;
  const link = (q: string, text: string, className: string, title?: string) => (
    <Link className={className} to={searchPath(q)} title={title} key={q}>
      {text}
    </Link>
  );
  const kind = post.replyTo !== undefined ? t("post.reply") : post.quoteOf !== undefined ? t("post.quote") : undefined;
  return (
    <article className="post" tabIndex={-1} aria-label={t("post.by", { platform: post.platform, time: `${formatDay(post.createdAt)} ${formatClock(post.createdAt)} UTC` })}>
      <div className="when">
        <Link to={`/post/${post.id}`} className="to-post">
          <time dateTime={post.createdAt} title={post.createdAt}>
            <span className="clock">{formatClock(post.createdAt)}</span> {isToday(post.createdAt) ? "" : <span className="day">{formatDay(post.createdAt)}</span>}
          </time>
        </Link>
        <span className="platform">{post.platform}</span>
      </div>
      <div className="what">
        {/* dir=auto: each text runs as its own letters do. */}
        <p dir="auto" lang={post.language === "und" ? undefined : post.language}>
          {post.text === "" ? <em>{post.reshareOf === undefined ? t("post.empty") : t("post.reshare")}</em> : <PostText post={post} />}
        </p>
        {post.media?.map((media, i) => (
          <p className="media" key={i}>
            {media.kind}
            {media.alt === undefined || media.alt === "" ? "" : `: ${media.alt}`}
          </p>
        ))}
        <div className="notes">
          <span className={`sentiment-${sentiment ?? "none"}`}>
            {sentiment === null ? (
              t("post.notScored")
            ) : (
              <>
                <span aria-hidden="true">{marks[sentiment]}</span> {t(`sentiment.${sentiment}`)}
              </>
            )}
          </span>
          <span>{post.language === "und" ? t("post.languageUnknown") : languageName(post.language)}</span>
          {kind !== undefined && <span>{kind}</span>}
          {post.editedAt !== undefined && <span>{t("post.edited")}</span>}
          {(["likes", "shares", "replies"] as const).map(
            (name) => post.counts[name] > 0 && <span key={name}>{t(`post.${name}`, { count: post.counts[name], formatted: formatNumber(post.counts[name]) })}</span>,
          )}
          {link(`author:${post.author}`, post.author.slice(0, 10), "author", t("post.author", { author: post.author }))}
          {post.terms.map((term) => link(`term:${term}`, term, "tag"))}
          {simulated && <span className="tag simulated">{t("post.simulated")}</span>}
        </div>
      </div>
    </article>
  );
});
