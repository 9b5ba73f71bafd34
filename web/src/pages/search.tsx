import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "../shell/api.ts";
import { formatNumber } from "../shell/format.ts";
import { searchFieldId, takeFocusWish } from "../shell/keys.tsx";
import { Link } from "../shell/link.tsx";
import { ListenBar } from "../shell/listen-bar.tsx";
import { useListen } from "../shell/listen.ts";
import { mayAct, useMe } from "../shell/me.ts";
import { go, setQuery, usePlace, withQuery } from "../shell/place.ts";
import { QueryBuilder, useReading } from "../shell/query-builder.tsx";
import { useSimulatedSources } from "../shell/simulated.ts";
import { Views } from "../shell/views.tsx";
import { type Count, countOf, facetsOf, foldHits, foldings, type Order, orders, type PageAsked, searchIn, withListen } from "./search-api.ts";
import { Export } from "./search-export.tsx";
import { FacetList } from "./search-facets.tsx";
import { Hit } from "./search-hit.tsx";
import "./search.css";

const pagePosts = 30;
const mostPages = 340;
/** What one request gives at most: as many pages as an address says are read with few. */
const mostAtOnce = 1_000;

export default function Search() {
  const simulatedSources = useSimulatedSources();
  const { query } = usePlace();
  const { t } = useTranslation();
  const me = useMe();
  const listen = useListen();
  const q = query.get("q") ?? "";
  const hasTime = query.get("range") !== null || listen.range === undefined;
  const order = orders.find((name) => name === query.get("order")) ?? "newest";
  const wanted = Number(query.get("shown") ?? 1);
  const shown = Number.isInteger(wanted) && wanted > 0 ? Math.min(wanted, mostPages) : 1;
  const [draft, setDraft] = useState(q);
  const [isExporting, setExporting] = useState(false);
  const folding = foldings.find((name) => name === query.get("copies")) ?? "text";
  const withRows = query.get("rows") === "yes";
  useEffect(() => setDraft(q), [q]);
  useEffect(() => {
    if (takeFocusWish()) document.getElementById(searchFieldId)?.focus();
  }, []);
  // The start of a range stands while one looks: it moves with the next search.
  // oxlint-disable-next-line react/exhaustive-deps
  const asked = useMemo(() => withListen(q, listen, hasTime), [query]);
  const firstPage: PageAsked = { cursor: undefined, limit: Math.min(mostAtOnce, shown * pagePosts) };
  const hits = useInfiniteQuery({
    queryKey: ["posts", asked, order],
    queryFn: ({ pageParam, signal }) => searchIn(asked, order, pageParam, signal),
    initialPageParam: firstPage,
    getNextPageParam: (page): PageAsked | undefined => (page.next === null ? undefined : { cursor: page.next, limit: pagePosts }),
  });
  const { fetchNextPage, hasNextPage, isFetchingNextPage, isError } = hits;
  const posts = hits.data?.pages.flatMap((page) => page.items) ?? [];
  const loaded = Math.ceil(posts.length / pagePosts);
  useEffect(() => {
    if (loaded > 0 && loaded < shown && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [loaded, shown, hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  const facets = useQuery({ queryKey: ["facets", asked], queryFn: ({ signal }) => facetsOf(asked, signal), placeholderData: keepPreviousData, enabled: !hits.isError });
  const isExact = query.get("count") === "exact";
  // While all are counted, the estimate of the same search stands.
  const count = useQuery({
    queryKey: ["count", asked, isExact],
    queryFn: ({ signal }) => countOf(asked, isExact, signal),
    placeholderData: (before, of) => (of?.queryKey[1] === asked ? before : undefined),
    enabled: !hits.isError,
  });
  const toSearch = (next: string, more: Readonly<Record<string, string | undefined>> = {}) => withQuery({ q: next, shown: undefined, count: undefined, ...more }, "/search");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const next = draft.trim();
    // The same search again looks anew.
    if (next === q) void hits.refetch().then(() => Promise.all([count.refetch(), facets.refetch()]));
    go(toSearch(next));
  };
  const known = count.isError ? undefined : count.data;
  const ranked = hits.data?.pages[0]?.ranked;
  const aboutSo = ({ posts: about, low, high }: Count) =>
    low === undefined || high === undefined
      ? t("search.about", { posts: formatNumber(about) })
      : t("search.between", { posts: formatNumber(about), low: formatNumber(low), high: formatNumber(high) });
  const orderOf = (name: Order) => t(`search.orders.${name}`);
  return (
    <section aria-labelledby="search-title">
      <ListenBar anyTime />
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
        <button type="button" aria-expanded={withRows} onClick={() => setQuery({ rows: withRows ? undefined : "yes" }, "replace")}>
          {t("search.rows")}
        </button>
      </form>
      {withRows && <QueryBuilder value={draft} onChange={setDraft} use="search" onlyRows />}
      <QueryFault text={draft} />
      <div className="bar search-bar">
        <p className="hint grow" role="status">
          {hits.isPending
            ? t("search.searching")
            : known !== undefined && `${known.exact ? t("search.found", { count: known.posts, formatted: formatNumber(known.posts) }) : aboutSo(known)}, ${orderOf(order)}`}
          {ranked !== undefined && !ranked.all && ` ${t("search.ranked", { compared: formatNumber(ranked.compared) })}`}
          {isExact && count.isFetching && ` ${t("search.counting")}`}
        </p>
        {known !== undefined && !known.exact && !isExact && (
          <button type="button" title={t("search.countHint")} onClick={() => setQuery({ count: "exact" }, "replace")}>
            {t("search.countExactly")}
          </button>
        )}
        <label className="choice">
          <span>{t("search.order")}</span>
          <select value={order} onChange={(event) => setQuery({ order: event.target.value === "newest" ? undefined : event.target.value, shown: undefined })}>
            {orders.map((name) => (
              <option key={name} value={name}>
                {orderOf(name)}
              </option>
            ))}
          </select>
        </label>
        <label className="choice">
          <span>{t("search.fold.label")}</span>
          <select value={folding} onChange={(event) => setQuery({ copies: event.target.value === "text" ? undefined : event.target.value }, "replace")}>
            {foldings.map((name) => (
              <option key={name} value={name}>
                {t(`search.fold.${name}`)}
              </option>
            ))}
          </select>
        </label>
        <Views path="/search" />
        <Link className="button" to={withQuery({ q, order: undefined, shown: undefined, rows: undefined, count: undefined }, "/explore")}>
          {t("search.explore")}
        </Link>
        {mayAct(me, "analyst") && (
          <>
            {q !== "" && (
              <Link className="button" to={`/terms?${new URLSearchParams({ new: "brand", q }).toString()}`}>
                {t("search.brand")}
              </Link>
            )}
            <button type="button" disabled={hits.isError || posts.length === 0} onClick={() => setExporting(true)}>
              {t("search.export.open")}
            </button>
          </>
        )}
      </div>
      {isExporting && <Export q={asked} count={known?.posts} exact={known?.exact ?? false} onClose={() => setExporting(false)} />}
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
        {facets.data !== undefined && (facets.data.posts > 0 || q !== "") && !hits.isError && <FacetList q={q} facets={facets.data} />}
        <div className="hits">
          {hits.isSuccess && posts.length === 0 && (
            <div className="empty">
              <p>{asked === "" ? t("search.nothingYet") : `${t("search.nothing")} ${t("search.nothingHint")}`}</p>
              {asked !== "" && <Link to="/search">{t("search.all")}</Link>}
            </div>
          )}
          {posts.length > 0 && (
            <div className="list" role="feed" aria-label={t("search.list")} aria-busy={hits.isFetching}>
              {foldHits(posts, folding).map(({ post, copies }) => (
                <Hit key={post.id} post={post} copies={copies} folding={folding} simulated={simulatedSources} />
              ))}
            </div>
          )}
          {hasNextPage && loaded < mostPages ? (
            <button type="button" className="more" disabled={isFetchingNextPage} onClick={() => setQuery({ shown: String(loaded + 1) }, "replace")}>
              {isFetchingNextPage ? t("search.searching") : t("search.more")}
            </button>
          ) : (
            posts.length > 0 && <p className="end">{hasNextPage ? t("search.tooMany", { formatted: formatNumber(posts.length) }) : t("search.end")}</p>
          )}
        </div>
      </div>
    </section>
  );
}

/** What is wrong with the query as it stands in the field, with its place in the text. */
function QueryFault({ text }: { readonly text: string }) {
  const { t } = useTranslation();
  const { reading } = useReading(text, "search");
  const [problem] = reading?.problems ?? [];
  if (problem === undefined) return null;
  const at = Math.max(0, (problem.column ?? 1) - 1);
  return (
    <p className="query-fault" role="alert">
      {problem.message}
      {problem.column !== undefined && (
        <>
          {" "}
          <code>
            {text.slice(Math.max(0, at - 40), at)}
            <mark>{text.slice(at, at + 1) === "" ? t("search.fault.end") : text.slice(at, at + 1)}</mark>
            {text.slice(at + 1, at + 40)}
          </code>{" "}
          <span className="quiet">{t("search.fault.column", { column: problem.column })}</span>
        </>
      )}
    </p>
  );
}
