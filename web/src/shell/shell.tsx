import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { isSignedOut, status } from "./api.ts";
import { Banners } from "./banners.tsx";
import { useFirstPage } from "./first-page.ts";
import { isKept, useMe } from "./me.ts";
import { usePlace } from "./place.ts";
import { mayOpen, pages } from "./registry.ts";
import { Side } from "./side.tsx";
import { Loading } from "./states.tsx";

/** What stands around every page. */
export function Shell({ onSignedOut }: { readonly onSignedOut: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const { path, query } = usePlace();
  const asked = query.get("q") ?? "";
  const state = useQuery({ queryKey: ["status"], queryFn: status, refetchInterval: 2_000 });
  const isFirst = path === "/";
  useFirstPage(isFirst, state.data);
  const shown = pages.find((page) => page.id === path.split("/")[1]);
  useEffect(() => {
    const title = isFirst ? "" : shown === undefined ? t("shell.noPage") : t(`page.${shown.id}` as "page.live");
    document.title = [asked === "" ? title : asked, "Earshot"].filter((part) => part !== "").join(" · ");
  }, [isFirst, shown, asked, t]);
  useEffect(() => {
    if (isSignedOut(state.error)) onSignedOut();
  }, [state.error, onSignedOut]);
  return (
    <div className="app">
      <a className="skip" href="#main">
        {t("shell.skip")}
      </a>
      <Side shown={shown} state={state} onSignedOut={onSignedOut} />
      <div>
        <Banners state={state.data} />
        <main id="main" tabIndex={-1}>
          {isFirst ? (
            <Loading />
          ) : shown === undefined ? (
            <p className="empty">{t("shell.noPage")}</p>
          ) : mayOpen(me, shown) ? (
            <Suspense fallback={<Loading />}>
              <shown.component />
            </Suspense>
          ) : (
            <p className="empty">{isKept(me) && shown.isWhole === true ? t("shell.keptFrom") : t("shell.mayNot", { role: shown.least })}</p>
          )}
        </main>
      </div>
    </div>
  );
}
