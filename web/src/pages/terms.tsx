import { useTranslation } from "react-i18next";

export default function Terms() {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="terms-title">
      <h2 id="terms-title">{t("page.terms")}</h2>
    </section>
  );
}
