import { useTranslation } from "react-i18next";
import { Link } from "../shell/link.tsx";
import { Empty } from "../shell/states.tsx";

export default function ModelsDrift() {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="models-drift-title">
      <div className="bar">
        <h2 id="models-drift-title">{t("page.model-drift")}</h2>
      </div>
      <Empty action={<Link to="/labels">{t("models.toLabels")}</Link>}>{t("models.drift")}</Empty>
    </section>
  );
}
