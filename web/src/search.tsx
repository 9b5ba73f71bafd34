import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { facetsOf, searchPosts } from "./api.ts";
import { PostRow } from "./post-row.tsx";

const number = new Intl.NumberFormat();

export function Search({ q, onSearch, simulatedSources }: { readonly q: string; readonly onSearch: (q: string) => void; readonly simulatedSources: ReadonlySet<string> }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(q);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setDraft(q), [q]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "/" && document.activeElement?.tagName !== "INPUT") {
        event.preventDefault();
        field.current?.focus();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  const hits = useInfiniteQuery({
    queryKey: ["posts", q],
    queryFn: ({ pageParam, signal }) => searchPosts(q, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const facets = useQuery({ queryKey: ["facets", q], queryFn: ({ signal }) => facetsOf(q, signal) });
  const posts = hits.data?.pages.flatMap((page) => page.items) ?? [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSearch(draft.trim());
  };
  return (
    <section aria-labelledby="search-title">
      <form className="bar" role="search" onSubmit={submit}>
        <h2 id="search-title">{t("search.title")}</h2>
        <label className="grow">
          <span className="hidden">{t("search.label")}</span>
          <input ref={field} type="search" value={draft} placeholder={t("search.placeholder")} onChange={(event) => setDraft(event.target.value)} maxLength={4000} spellCheck={false} />
        </label>
        <button type="submit">{t("search.go")}</button>
      </form>
      <p className="hint" role="status">
        {facets.data === undefined ? t("search.help") : t(facets.data.exact ? "search.found" : "search.about", { posts: number.format(facets.data.posts) })}
      </p>
      {facets.data !== undefined && facets.data.posts > 0 && (
        <div className="facets">
          {Object.entries(facets.data.facets)
            .filter(([, rows]) => rows.length > 0)
            .map(([name, rows]) => (
              <fieldset key={name}>
                <legend>{t(`facet.${name}`)}</legend>
                {rows.map((row) => (
                  <button type="button" key={row.value} onClick={() => onSearch(`${q} ${name}:${/^[\w-]+$/.test(row.value) ? row.value : JSON.stringify(row.value)}`.trim())}>
                    {row.value} <small>{number.format(row.posts)}</small>
                  </button>
                ))}
              </fieldset>
            ))}
        </div>
      )}
      {hits.isError && (
        <p className="problem" role="alert">
          {hits.error.message}
        </p>
      )}
      {hits.isPending && <p className="empty">{t("search.searching")}</p>}
      {hits.isSuccess && posts.length === 0 && <p className="empty">{q === "" ? t("search.nothingYet") : t("search.nothing")}</p>}
      <div className="list">
        {posts.map((post) => (
          <PostRow key={post.id} post={post} simulated={simulatedSources.has(post.source)} />
        ))}
      </div>
      {hits.hasNextPage && (
        <button type="button" className="more" disabled={hits.isFetchingNextPage} onClick={() => void hits.fetchNextPage()}>
          {hits.isFetchingNextPage ? t("search.searching") : t("search.more")}
        </button>
      )}
    </section>
  );
}
