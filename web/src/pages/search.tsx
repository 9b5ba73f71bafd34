import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { facetsOf, ProblemError, searchPosts } from "../shell/api.ts";
import { FacetList } from "./search-facets.tsx";
import { formatNumber } from "../shell/format.ts";
import { follow, go, setQuery, usePlace } from "../shell/place.ts";
import { searchFieldId, takeFocusWish } from "../shell/keys.tsx";
import { useSimulatedSources } from "../shell/simulated.ts";
import { PostRow } from "../shell/post-row.tsx";
import { searchPath } from "../shell/query.ts";

const mostShown = 20;

export default function Search() {
  const simulatedSources = useSimulatedSources();
  const { query } = usePlace();
  const { t } = useTranslation();
  const q = query.get("q") ?? "";
  const wanted = Number(query.get("shown") ?? 1);
  const shown = Number.isInteger(wanted) && wanted > 0 ? Math.min(wanted, mostShown) : 1;
  const [draft, setDraft] = useState(q);
  useEffect(() => setDraft(q), [q]);
  useEffect(() => {
    if (takeFocusWish()) document.getElementById(searchFieldId)?.focus();
  }, []);
  const hits = useInfiniteQuery({
    queryKey: ["posts", q],
    queryFn: ({ pageParam, signal }) => searchPosts(q, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const { fetchNextPage, hasNextPage, isFetchingNextPage, isError } = hits;
  const loaded = hits.data?.pages.length ?? 0;
  useEffect(() => {
    if (loaded > 0 && loaded < shown && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [loaded, shown, hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  const facets = useQuery({ queryKey: ["facets", q], queryFn: ({ signal }) => facetsOf(q, signal), placeholderData: keepPreviousData, enabled: !hits.isError });
  const posts = hits.data?.pages.flatMap((page) => page.items) ?? [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const next = draft.trim();
    // The same search again looks anew.
    if (next === q) void hits.refetch().then(() => facets.refetch());
    go(searchPath(next));
  };
  const known = facets.data !== undefined && !facets.isPlaceholderData && !facets.isError ? facets.data : undefined;
  return (
    <section aria-labelledby="search-title">
      <form className="bar" role="search" onSubmit={submit}>
        <h2 id="search-title">{t("search.title")}</h2>
        <input
          id={searchFieldId}
          className="grow"
          type="search"
          aria-label={t("search.label")}
          value={draft}
          placeholder={t("search.placeholder")}
          onChange={(event) => setDraft(event.target.value)}
          maxLength={4000}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={hits.isError && hits.error instanceof ProblemError && hits.error.code === "QUERY_INVALID"}
        />
        <button type="submit" className="main">
          {t("search.go")}
        </button>
      </form>
      <p className="hint" role="status">
        {hits.isPending
          ? t("search.searching")
          : known !== undefined &&
            `${known.exact ? t("search.found", { count: known.posts, formatted: formatNumber(known.posts) }) : t("search.about", { posts: formatNumber(known.posts) })}, ${t("search.newestFirst")}`}
      </p>
      {hits.isError && (
        <div className="problem" role="alert">
          <strong>{t("search.failed")}</strong>
          <p>{hits.error.message}</p>
          {hits.error instanceof ProblemError && <code>{hits.error.code}</code>}
          {!(hits.error instanceof ProblemError && hits.error.status === 400) && (
            <button type="button" onClick={() => void hits.refetch()}>
              {t("search.retry")}
            </button>
          )}
        </div>
      )}
      <div className="found">
        {facets.data !== undefined && facets.data.posts > 0 && !hits.isError && <FacetList q={q} facets={facets.data} />}
        <div className="hits">
          {hits.isSuccess && posts.length === 0 && (
            <div className="empty">
              <p>{q === "" ? t("search.nothingYet") : `${t("search.nothing")} ${t("search.nothingHint")}`}</p>
              {q !== "" && (
                <a href="/search" onClick={(event) => follow(event, "/search")}>
                  {t("search.all")}
                </a>
              )}
            </div>
          )}
          {posts.length > 0 && (
            <div className="list" role="feed" aria-label={t("search.list")} aria-busy={hits.isFetching}>
              {posts.map((post) => (
                <PostRow key={post.id} post={post} simulated={simulatedSources.has(post.source)} />
              ))}
            </div>
          )}
          {hasNextPage ? (
            <button type="button" className="more" disabled={isFetchingNextPage} onClick={() => setQuery({ shown: String(loaded + 1) }, "replace")}>
              {isFetchingNextPage ? t("search.searching") : t("search.more")}
            </button>
          ) : (
            posts.length > 0 && <p className="end">{t("search.end")}</p>
          )}
        </div>
      </div>
    </section>
  );
}
