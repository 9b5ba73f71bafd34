import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { PostView } from "../shell/api.ts";
import { Link } from "../shell/link.tsx";
import { PostRow } from "../shell/post-row.tsx";
import { searchPath } from "../shell/query.ts";
import { useSimulatedSources } from "../shell/simulated.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { conversationOf } from "./post-api.ts";

/** What a post answers, and what answers, quotes or shares it, as far as it is stored and for the viewer. */
export function Around({ post }: { readonly post: PostView }) {
  const { t } = useTranslation();
  const simulated = useSimulatedSources();
  const { id } = post;
  const around = useQuery({ queryKey: ["conversation", id], queryFn: () => conversationOf(id) });
  if (around.isError) return <Problem error={around.error} onRetry={() => void around.refetch()} />;
  if (around.data === undefined) return <Loading />;
  const { ancestors, ancestorMissing, root, replies, quotes, reshares, copies, more } = around.data;
  const row = (one: PostView) => <PostRow post={one} simulated={simulated.has(one.source)} />;
  const isAlone = ancestors.length + replies.length + quotes.length + reshares.length + copies.length === 0;
  const reference = (name: "quoteOf" | "reshareOf") => {
    const other = post[name];
    return other === undefined ? null : (
      <li>
        <Link to={`/post/${other}`}>{t(`postPage.${name}`)}</Link>
      </li>
    );
  };
  return (
    <>
      {isAlone && ancestorMissing === undefined && <Empty>{t("postPage.thread.alone")}</Empty>}
      {root !== undefined && !ancestors.some((one) => one.id === root.id) && (
        <>
          <h3>{t("postPage.thread.root")}</h3>
          {row(root)}
        </>
      )}
      {ancestorMissing !== undefined && <p className="quiet">{t("postPage.thread.missing")}</p>}
      <ol className="thread" aria-label={t("postPage.thread.name")}>
        {ancestors.map((one) => (
          <li key={one.id}>{row(one)}</li>
        ))}
        {!isAlone && (
          <li aria-current="true" className="thread-here">
            {row(post)}
          </li>
        )}
        {replies.map(({ post: reply, depth }) => (
          <li key={reply.id} className={`depth-${Math.min(depth, 6)}`}>
            <span className="unseen">{t("postPage.thread.depth", { depth })}</span>
            {row(reply)}
          </li>
        ))}
      </ol>
      {[["quotes", quotes] as const, ["reshares", reshares] as const, ["copies", copies] as const].map(
        ([name, posts]) =>
          posts.length > 0 && (
            <section key={name} aria-label={t(`postPage.thread.${name}`)}>
              <h3>{t(`postPage.thread.${name}`)}</h3>
              {posts.map((one) => (
                <div key={one.id}>{row(one)}</div>
              ))}
            </section>
          ),
      )}
      {more && <p role="note">{t("postPage.thread.more")}</p>}
      <ul className="around">
        {reference("quoteOf")}
        {reference("reshareOf")}
        {replies.length > 0 && (
          <li>
            <Link to={searchPath(`reply:${id}`)}>{t("postPage.thread.searchReplies")}</Link>
          </li>
        )}
        {post.root !== undefined && (
          <li>
            <Link to={searchPath(`root:${post.root}`)}>{t("postPage.thread.searchRoot")}</Link>
          </li>
        )}
        <li>
          <Link to={searchPath(`author:${post.author}`)}>{t("postPage.byAuthor")}</Link>
        </li>
      </ul>
    </>
  );
}
