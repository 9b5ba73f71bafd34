import { useTranslation } from "react-i18next";
import { Link } from "../shell/link.tsx";
import { mayAct, type Role, useMe } from "../shell/me.ts";
import { usePlace } from "../shell/place.ts";
import { Account } from "./settings-account.tsx";
import { AuditLog } from "./settings-audit.tsx";
import { Tokens } from "./settings-tokens.tsx";
import { Users } from "./settings-users.tsx";
import "./settings.css";

const tabs = [
  { id: "account", least: "viewer", Part: Account },
  { id: "users", least: "admin", Part: Users },
  { id: "tokens", least: "viewer", Part: Tokens },
  { id: "audit", least: "admin", Part: AuditLog },
] as const satisfies readonly { readonly id: string; readonly least: Role; readonly Part: () => React.JSX.Element }[];

export default function Settings() {
  const { t } = useTranslation();
  const me = useMe();
  const { query } = usePlace();
  const allowed = tabs.filter((tab) => mayAct(me, tab.least));
  const shown = allowed.find((tab) => tab.id === query.get("tab")) ?? tabs[0];
  return (
    <section className="settings" aria-labelledby="settings-title">
      <h2 id="settings-title">{t("page.settings")}</h2>
      <nav className="settings-tabs" aria-label={t("settings.tabs")}>
        {allowed.map((tab) => (
          <Link key={tab.id} to={tab.id === "account" ? "/settings" : `/settings?tab=${tab.id}`} aria-current={tab === shown ? "page" : undefined}>
            {t(`settings.tab.${tab.id}`)}
          </Link>
        ))}
        <Link to="/terms">{t("settings.terms")}</Link>
      </nav>
      <shown.Part />
    </section>
  );
}
