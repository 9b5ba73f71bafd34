import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PostView } from "../shell/api.ts";
import { formatNumber } from "../shell/format.ts";
import { PostRow } from "../shell/post-row.tsx";

/** A post found, and behind a button those of the list that say the same. */
export function Hit({ post, copies, simulated }: { readonly post: PostView; readonly copies: readonly PostView[]; readonly simulated: ReadonlySet<string> }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <PostRow post={post} simulated={simulated.has(post.source)} />
      {copies.length > 0 && (
        <div className="copies">
          <button type="button" className="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {t("search.copies", { count: copies.length, formatted: formatNumber(copies.length) })}
          </button>
          {isOpen && copies.map((one) => <PostRow key={one.id} post={one} simulated={simulated.has(one.source)} />)}
        </div>
      )}
    </>
  );
}
