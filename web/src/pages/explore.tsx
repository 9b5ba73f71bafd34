import { useTranslation } from "react-i18next";

export default function Explore() {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="explore-title">
      <h2 id="explore-title">{t("page.explore")}</h2>
    </section>
  );
}
