import { useTranslation } from "react-i18next";

export default function Settings() {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="settings-title">
      <h2 id="settings-title">{t("page.settings")}</h2>
    </section>
  );
}
