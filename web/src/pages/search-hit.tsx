import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PostView } from "../shell/api.ts";
import { formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { PostRow } from "../shell/post-row.tsx";
import type { Folding } from "./search-api.ts";

/** A post found, and behind a button those of the list that belong to it. */
export function Hit({
  post,
  copies,
  folding,
  simulated,
}: {
  readonly post: PostView;
  readonly copies: readonly PostView[];
  readonly folding: Folding;
  readonly simulated: ReadonlySet<string>;
}) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const told = t(folding === "spread" ? "search.like" : "search.copies", { count: copies.length, formatted: formatNumber(copies.length) });
  return (
    <>
      <PostRow post={post} simulated={simulated.has(post.source)} />
      {copies.length > 0 && (
        <article className="copies" aria-label={told}>
          <button type="button" className="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {told}
          </button>{" "}
          {folding === "spread" && <Link to={`/post/${post.id}?show=spread`}>{t("search.spread")}</Link>}
          {isOpen && copies.map((one) => <PostRow key={one.id} post={one} simulated={simulated.has(one.source)} />)}
        </article>
      )}
    </>
  );
}
