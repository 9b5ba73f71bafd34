import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { facetsOf, ProblemError, searchPosts } from "./api.ts";
import { FacetList } from "./facets.tsx";
import { formatNumber } from "./format.ts";
import { followHere, type Place } from "./place.ts";
import { PostRow } from "./post-row.tsx";
import { searchPath } from "./query.ts";

export const searchFieldId = "search-field";

export function Search({
  place,
  go,
  show,
  simulatedSources,
}: {
  readonly place: Place;
  readonly go: (path: string) => void;
  readonly show: (pages: number) => void;
  readonly simulatedSources: ReadonlySet<string>;
}) {
  const { t } = useTranslation();
  const { q, shown } = place;
  const [draft, setDraft] = useState(q);
  useEffect(() => setDraft(q), [q]);
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
        {facets.data !== undefined && facets.data.posts > 0 && !hits.isError && <FacetList q={q} facets={facets.data} go={go} />}
        <div className="hits">
          {hits.isSuccess && posts.length === 0 && (
            <div className="empty">
              <p>{q === "" ? t("search.nothingYet") : `${t("search.nothing")} ${t("search.nothingHint")}`}</p>
              {q !== "" && (
                <a href="/search" onClick={(event) => followHere(event, go, "/search")}>
                  {t("search.all")}
                </a>
              )}
            </div>
          )}
          {posts.length > 0 && (
            <div className="list" role="feed" aria-label={t("search.list")} aria-busy={hits.isFetching}>
              {posts.map((post) => (
                <PostRow key={post.id} post={post} simulated={simulatedSources.has(post.source)} go={go} />
              ))}
            </div>
          )}
          {hasNextPage ? (
            <button type="button" className="more" disabled={isFetchingNextPage} onClick={() => show(loaded + 1)}>
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
