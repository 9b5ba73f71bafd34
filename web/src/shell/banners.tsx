import { useTranslation } from "react-i18next";
import type { Status } from "./api.ts";
import { WorldBanner } from "./world-banner.tsx";

/** What holds for the whole and must not be overlooked. */
export function Banners({ state }: { readonly state: Status | undefined }) {
  const { t } = useTranslation();
  if (state === undefined) return null;
  return (
    <aside aria-label={t("banner.label")}>
      {state.status !== "ok" && (
        <p className="banner trouble" role="alert">
          {t(state.status === "paused" ? "banner.paused" : "banner.failing", { detail: state.detail ?? state.status })}
        </p>
      )}
      <WorldBanner state={state} />
    </aside>
  );
}
