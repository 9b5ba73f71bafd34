import { useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { signOut, type Status } from "./api.ts";
import { formatClock, formatNumber } from "./format.ts";
import { Icon } from "./icon.tsx";
import { Keys } from "./keys.tsx";
import { Link } from "./link.tsx";
import { listenPart } from "./listen.ts";
import { useMe } from "./me.ts";
import { usePlace } from "./place.ts";
import { Palette } from "./palette.tsx";
import { areas, mayOpen, type PageEntry, pages } from "./registry.ts";
import { useTheme } from "./theme.ts";

/** Where one can go, how the system is, who is signed in. On a narrow screen it folds into one line. */
export function Side({ shown, state, onSignedOut }: { readonly shown: PageEntry | undefined; readonly state: UseQueryResult<Status>; readonly onSignedOut: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const me = useMe();
  const place = usePlace();
  const { theme, next } = useTheme();
  const [isOpen, setOpen] = useState(false);
  const [isFinding, setFinding] = useState(false);
  useEffect(() => setOpen(false), [place]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      setFinding(true);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  const leave = () =>
    void signOut()
      .catch(() => undefined)
      .then((next) => {
        client.clear();
        onSignedOut();
        if (next !== undefined) location.assign(next.address);
      });
  return (
    <header className={isOpen ? "side side-open" : "side"}>
      <div className="side-head">
        <h1 className="brand">
          <img src="/icon.svg" alt="" width="22" height="22" /> Earshot
        </h1>
        <span className="where">{shown !== undefined && t(`page.${shown.id}` as "page.live")}</span>
        <button type="button" className="menu" aria-expanded={isOpen} aria-controls="side-body" onClick={() => setOpen(!isOpen)}>
          <Icon name="menu" /> {t("shell.menu")}
        </button>
      </div>
      <div className="side-body" id="side-body">
        <button type="button" className="find" onClick={() => setFinding(true)}>
          <Icon name="search" /> {t("palette.open")} <kbd>Ctrl K</kbd>
        </button>
        <nav aria-label={t("area.label")}>
          {areas.map((area) => {
            const inside = pages.filter((page) => page.area === area && page.isHidden !== true && mayOpen(me, page));
            if (inside.length === 0) return null;
            return (
              <div key={area} className="area">
                <h2 id={`area-${area}`}>{t(`area.${area}`)}</h2>
                <ul aria-labelledby={`area-${area}`}>
                  {inside.map((page) => (
                    <li key={page.id}>
                      <Link to={`/${page.id}${page.hasBar === true && shown?.hasBar === true ? listenPart(place.query) : ""}`} aria-current={page === shown ? "page" : undefined}>
                        <Icon name={page.id} /> {t(`page.${page.id}` as "page.live")}
                      </Link>
                    </li>
                  ))}
                </ul>
              </div>
            );
          })}
        </nav>
        <Figures state={state} />
        <div className="account">
          <span className="who">
            {me.name} <span className="quiet">{t(`role.${me.role}`)}</span>
          </span>
          <button type="button" className="plain" onClick={leave}>
            {t("signIn.out")}
          </button>
          <Keys isSearch={shown?.id === "search"} />
          <button type="button" className="plain" onClick={next} aria-label={t(`theme.${theme}`)} title={t(`theme.${theme}`)}>
            <span aria-hidden="true">{{ system: "◐", light: "○", dark: "●" }[theme]}</span>
          </button>
        </div>
      </div>
      {isFinding && <Palette onClose={() => setFinding(false)} />}
    </header>
  );
}

function Figures({ state }: { readonly state: UseQueryResult<Status> }) {
  const { t } = useTranslation();
  const { data } = state;
  const figure = (value: number, label: string) => (
    <span>
      <b>{formatNumber(value)}</b> {label}
    </span>
  );
  const lag = data?.lag === undefined ? undefined : data.lag.refine + Math.max(0, ...Object.values(data.lag.stores));
  return (
    <section className="status" aria-label={t("status.label")}>
      {data === undefined ? (
        <span>{t("status.unknown")}</span>
      ) : (
        <>
          {figure(data.posts, t("status.stored"))}
          {data.collectedPerSecond !== undefined && figure(Math.round(data.collectedPerSecond * 10) / 10, t("status.rate"))}
          {lag !== undefined && figure(lag, t("status.lagLong"))}
          {data.rejected !== undefined && figure(data.rejected, t("status.rejected"))}
        </>
      )}
      {state.isError ? (
        <span className="trouble" role="alert">
          {t("status.stale", { time: formatClock(state.dataUpdatedAt === 0 ? Date.now() : state.dataUpdatedAt) })}
        </span>
      ) : (
        data !== undefined && <span>{t("status.asOf", { time: formatClock(state.dataUpdatedAt) })}</span>
      )}
    </section>
  );
}
