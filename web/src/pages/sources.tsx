import { useTranslation } from "react-i18next";

export default function Sources() {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="sources-title">
      <h2 id="sources-title">{t("page.sources")}</h2>
    </section>
  );
}
