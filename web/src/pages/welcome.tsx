import { useTranslation } from "react-i18next";

export default function Welcome() {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="welcome-title">
      <h2 id="welcome-title">{t("page.welcome")}</h2>
    </section>
  );
}
