import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { isSignedOut, signOut, sources, status } from "./api.ts";
import { formatClock, formatNumber } from "./format.ts";
import { Keys } from "./keys.tsx";
import { Live } from "./live.tsx";
import { followHere, usePlace } from "./place.ts";
import { Search } from "./search.tsx";
import { Sources } from "./sources.tsx";

export function Product({ onSignedOut }: { readonly onSignedOut: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { place, go, show } = usePlace();
  const state = useQuery({ queryKey: ["status"], queryFn: status, refetchInterval: 2_000 });
  const known = useQuery({ queryKey: ["sources"], queryFn: sources, refetchInterval: 5_000 });
  const names = (known.data?.items ?? [])
    .filter((source) => source.simulated)
    .map((source) => source.id)
    .join(" ");
  const simulatedSources = useMemo(() => new Set(names.split(" ")), [names]);
  useEffect(() => {
    document.title = place.page === "live" ? `${t("area.live")} · Earshot` : `${place.q === "" ? t("area.search") : place.q} · Earshot`;
  }, [place, t]);
  useEffect(() => {
    if (isSignedOut(state.error)) onSignedOut();
  }, [state.error, onSignedOut]);
  const { data } = state;
  const lag = data === undefined ? 0 : data.lag.refine + Math.max(0, ...Object.values(data.lag.stores));
  const link = (page: "live" | "search") => (
    <a href={`/${page}`} aria-current={place.page === page ? "page" : undefined} onClick={(event) => followHere(event, go, `/${page}`)}>
      {t(`area.${page}`)}
    </a>
  );
  const figure = (value: number, label: string, unit = "") => (
    <span>
      <b>
        {formatNumber(value)}
        {unit}
      </b>{" "}
      {label}
    </span>
  );
  return (
    <>
      <header className="top">
        <div className="row">
          <h1>
            <img src="/icon.svg" alt="" width="20" height="20" /> Earshot
          </h1>
          <nav aria-label={t("area.label")}>
            {link("live")}
            {link("search")}
          </nav>
          <div className="end">
            <Keys go={go} isSearch={place.page === "search"} />
            <button
              type="button"
              className="plain"
              onClick={() =>
                void signOut()
                  .catch(() => undefined)
                  .then(() => client.clear())
                  .then(onSignedOut)
              }
            >
              {t("signIn.out")}
            </button>
          </div>
        </div>
        <section className="row status" aria-label={t("status.label")}>
          {data === undefined ? (
            <span>{t("status.unknown")}</span>
          ) : (
            <>
              {figure(data.posts, t("status.stored"))}
              <span title={t("status.rate")}>
                <b>{formatNumber(Math.round(data.collectedPerSecond * 10) / 10)}</b> {t("status.rate")}
              </span>
              <span title={t("status.lagLong")}>
                {t("status.lag")} <b>{formatNumber(lag)}</b>
              </span>
              {figure(data.rejected, t("status.rejected"))}
            </>
          )}
          {state.isError ? (
            <span className="trouble" role="alert">
              {t("status.stale", { time: formatClock(state.dataUpdatedAt === 0 ? Date.now() : state.dataUpdatedAt) })}
            </span>
          ) : (
            data !== undefined && <span className="quiet">{t("status.asOf", { time: formatClock(state.dataUpdatedAt) })}</span>
          )}
          <Sources known={known} />
        </section>
      </header>
      {data !== undefined && data.status !== "ok" && (
        <p className="banner trouble" role="alert">
          {t(data.status === "paused" ? "banner.paused" : "banner.failing", { detail: data.detail ?? data.status })}
        </p>
      )}
      {data?.simulated === "shown" && <p className="banner">{t("banner.shown")}</p>}
      {data?.simulated === "hidden" && (
        <p className="banner">
          {t("banner.hidden")} {t("banner.delete")} <code>npm run earshot -- world --remove</code>
        </p>
      )}
      <main>
        {place.page === "live" ? (
          <Live simulatedSources={simulatedSources} isSimulated={data?.simulated === "shown"} go={go} />
        ) : (
          <Search place={place} go={go} show={show} simulatedSources={simulatedSources} />
        )}
      </main>
    </>
  );
}
