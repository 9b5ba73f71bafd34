import { useTranslation } from "react-i18next";

export default function Post() {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="post-title">
      <h2 id="post-title">{t("page.post")}</h2>
    </section>
  );
}
