import { useTranslation } from "react-i18next";
import { Link } from "../shell/link.tsx";
import { Empty } from "../shell/states.tsx";

export default function ModelsRegistry() {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="models-registry-title">
      <div className="bar">
        <h2 id="models-registry-title">{t("page.models")}</h2>
      </div>
      <Empty action={<Link to="/labels">{t("models.toLabels")}</Link>}>{t("models.registry")}</Empty>
    </section>
  );
}
