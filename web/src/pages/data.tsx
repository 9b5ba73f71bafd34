import { useTranslation } from "react-i18next";

export default function Data() {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="data-title">
      <h2 id="data-title">{t("page.data")}</h2>
    </section>
  );
}
