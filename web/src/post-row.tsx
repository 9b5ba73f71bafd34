import { useTranslation } from "react-i18next";
import type { PostView } from "./api.ts";

const time = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" });
const number = new Intl.NumberFormat();

export function PostRow({ post, simulated }: { readonly post: PostView; readonly simulated: boolean }) {
  const { t } = useTranslation();
  const { likes, shares, replies } = post.counts;
  return (
    <article className="post" aria-label={t("post.by", { platform: post.platform })}>
      <header>
        <span className={`platform platform-${post.platform}`}>{post.platform}</span>
        <time dateTime={post.createdAt}>{time.format(new Date(post.createdAt))} UTC</time>
        <span className="tag">{post.language === "und" ? t("post.languageUnknown") : post.language}</span>
        <span className={`tag sentiment-${post.sentiment ?? "none"}`}>{post.sentiment === null ? t("post.notScored") : t(`sentiment.${post.sentiment}`)}</span>
        {post.terms.map((term) => (
          <span className="tag term" key={term}>
            {term}
          </span>
        ))}
        {simulated && <span className="tag simulated">{t("post.simulated")}</span>}
      </header>
      {/* dir=auto: each text runs as its own letters do. */}
      <p dir="auto" lang={post.language === "und" ? undefined : post.language}>
        {post.text === "" ? <em>{post.reshareOf === undefined ? t("post.empty") : t("post.reshare")}</em> : post.text}
      </p>
      <footer>
        <span>{t("post.counts", { likes: number.format(likes), shares: number.format(shares), replies: number.format(replies) })}</span>
      </footer>
    </article>
  );
}
