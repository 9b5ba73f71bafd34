import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { isSignedOut, signOut, status } from "./api.ts";
import { formatClock, formatNumber } from "./format.ts";
import { Keys } from "./keys.tsx";
import { Link } from "./link.tsx";
import { mayAct, useMe } from "./me.ts";
import { usePlace } from "./place.ts";
import { areas, pages } from "./registry.ts";
import { Loading } from "./states.tsx";

export function Shell({ onSignedOut }: { readonly onSignedOut: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const me = useMe();
  const { path, query } = usePlace();
  const asked = query.get("q") ?? "";
  const state = useQuery({ queryKey: ["status"], queryFn: status, refetchInterval: 2_000 });
  const shown = pages.find((page) => page.id === (path.split("/")[1] || "live"));
  useEffect(() => {
    const title = shown === undefined ? t("shell.noPage") : t(`page.${shown.id}` as "page.live");
    document.title = `${asked === "" ? title : asked} · Earshot`;
  }, [shown, asked, t]);
  useEffect(() => {
    if (isSignedOut(state.error)) onSignedOut();
  }, [state.error, onSignedOut]);
  const { data } = state;
  const lag = data === undefined ? 0 : data.lag.refine + Math.max(0, ...Object.values(data.lag.stores));
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
            {areas.map((area) => (
              <span key={area} className="area">
                {pages
                  .filter((page) => page.area === area && page.isHidden !== true && mayAct(me, page.least))
                  .map((page) => (
                    <Link key={page.id} to={`/${page.id}`} aria-current={page === shown ? "page" : undefined}>
                      {t(`page.${page.id}` as "page.live")}
                    </Link>
                  ))}
              </span>
            ))}
          </nav>
          <div className="end">
            <Keys isSearch={shown?.id === "search"} />
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
        {shown === undefined ? (
          <p className="empty">{t("shell.noPage")}</p>
        ) : mayAct(me, shown.least) ? (
          <Suspense fallback={<Loading />}>
            <shown.component />
          </Suspense>
        ) : (
          <p className="empty">{t("shell.mayNot", { role: shown.least })}</p>
        )}
      </main>
    </>
  );
}
