import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { status } from "../shell/api.ts";
import { formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { withQuery } from "../shell/place.ts";
import { PostRow } from "../shell/post-row.tsx";
import { searchPath } from "../shell/query.ts";
import { useSimulatedSources } from "../shell/simulated.ts";
import { Empty, Problem } from "../shell/states.tsx";
import { termsOf } from "./terms-api.ts";
import { heard, knownSources, removeWorld } from "./welcome-api.ts";
import { sourcesKey } from "./welcome-sources.tsx";

const everyMs = 1_500;

/** What matches, as it comes; how far history is tagged; the end of the simulated world. */
export function Result() {
  const { t } = useTranslation();
  const simulated = useSimulatedSources();
  const terms = useQuery({ queryKey: ["terms"], queryFn: termsOf, refetchInterval: everyMs });
  const items = terms.data?.items ?? [];
  const ids = items.map((term) => term.id);
  const found = useQuery({ queryKey: ["welcome-heard", ids], queryFn: () => heard(ids), enabled: ids.length > 0, refetchInterval: everyMs });
  const sources = useQuery({ queryKey: sourcesKey, queryFn: knownSources, refetchInterval: everyMs });
  const real = (sources.data?.items ?? []).filter((source) => !source.simulated);
  const collected = real.reduce((sum, source) => sum + (source.collected ?? 0), 0);
  return (
    <div className="welcome-halves">
      <div>
        <p className="hint">{t("welcome.result.intro")}</p>
        <section aria-label={t("welcome.result.terms")} className="heard-list">
          <h3>{t("welcome.result.terms")}</h3>
          {terms.isSuccess && items.length === 0 && <Empty action={<Link to={withQuery({ step: "hear" })}>{t("welcome.step_hear")}</Link>}>{t("welcome.result.noTerms")}</Empty>}
          <ul>
            {items.map((term) => (
              <li key={term.id}>
                <Link to={searchPath(`term:${term.id}`)}>{term.name}</Link>{" "}
                {term.retagged < 1 ? (
                  <span className="tagging">
                    <progress value={term.retagged} max={1} aria-label={`${term.name}: ${t("terms.tagging", { percent: `${Math.floor(term.retagged * 100)}%` })}`} />{" "}
                    {t("terms.tagging", { percent: `${Math.floor(term.retagged * 100)}%` })}
                  </span>
                ) : (
                  <span className="quiet">{t("terms.tagged")}</span>
                )}
              </li>
            ))}
          </ul>
        </section>
        <section aria-label={t("welcome.result.sources")} className="heard-list">
          <h3>{t("welcome.result.sources")}</h3>
          {sources.isSuccess && real.length === 0 && (
            <p className="quiet">
              {t("welcome.result.noSources")} <Link to={withQuery({ step: "sources" })}>{t("welcome.step_sources")}</Link>
            </p>
          )}
          <ul>
            {real.map((source) => (
              <li key={source.id}>
                {t("welcome.result.source", { id: source.id, state: source.state, collected: formatNumber(source.collected ?? 0) })}
                {source.lastError !== undefined && <span className="trouble"> {source.lastError.message}</span>}
              </li>
            ))}
          </ul>
        </section>
        <World />
      </div>
      <section aria-label={t("welcome.result.newest")}>
        <div className="bar">
          <h3>{t("welcome.result.newest")}</h3>
          <output className="grow">{found.data !== undefined && t("welcome.result.stored", { formatted: formatNumber(found.data.posts) })}</output>
        </div>
        {found.isError && <Problem error={found.error} onRetry={() => void found.refetch()} />}
        {found.data?.posts === 0 && (
          <p className="empty" role="status">
            {collected > 0 ? t("welcome.result.collected", { formatted: formatNumber(collected) }) : t("welcome.result.waiting")}
          </p>
        )}
        {found.data !== undefined && found.data.newest.length > 0 && (
          <div className="list" role="feed" aria-label={t("welcome.result.newest")} aria-busy={found.isFetching}>
            {found.data.newest.map((post) => (
              <PostRow key={post.id} post={post} simulated={simulated.has(post.source)} />
            ))}
          </div>
        )}
      </section>
    </div>
  );
}

function World() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const state = useQuery({ queryKey: ["status"], queryFn: status, refetchInterval: 2_000 }).data?.simulated;
  const remove = useMutation({ mutationFn: removeWorld, onSuccess: () => client.invalidateQueries() });
  if (remove.isSuccess)
    return (
      <p className="notice" role="status">
        {t("welcome.result.worldRemoved", { count: remove.data.removedPosts, formatted: formatNumber(remove.data.removedPosts) })}
      </p>
    );
  if (state === undefined || state === "none") return null;
  return (
    <section aria-label={t("welcome.result.world")} className="heard-list">
      <h3>{t("welcome.result.world")}</h3>
      <p>{t(state === "shown" ? "welcome.result.worldShown" : "welcome.result.worldHidden")}</p>
      {remove.isError && <Problem error={remove.error} />}
      {state === "hidden" && (
        <>
          <p className="quiet">{t("welcome.result.worldGoes")}</p>
          <button type="button" className="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
            {remove.isPending ? t("welcome.result.worldRemoving") : t("welcome.result.worldRemove")}
          </button>
        </>
      )}
    </section>
  );
}
