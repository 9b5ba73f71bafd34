import { useTranslation } from "react-i18next";

export default function Quarantine() {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="quarantine-title">
      <h2 id="quarantine-title">{t("page.quarantine")}</h2>
    </section>
  );
}
