import { useTranslation } from "react-i18next";
import type { Status } from "./api.ts";

/** What holds for the whole and must not be overlooked. */
export function Banners({ state }: { readonly state: Status | undefined }) {
  const { t } = useTranslation();
  if (state === undefined || (state.status === "ok" && state.simulated === "none")) return null;
  return (
    <aside aria-label={t("banner.label")}>
      {state.status !== "ok" && (
        <p className="banner trouble" role="alert">
          {t(state.status === "paused" ? "banner.paused" : "banner.failing", { detail: state.detail ?? state.status })}
        </p>
      )}
      {state.simulated === "shown" && <p className="banner">{t("banner.shown")}</p>}
      {state.simulated === "hidden" && (
        <p className="banner">
          {t("banner.hidden")} {t("banner.delete")} <code>npm run earshot -- world --remove</code>
        </p>
      )}
    </aside>
  );
}
