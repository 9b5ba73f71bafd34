import { useTranslation } from "react-i18next";
import { Link } from "../shell/link.tsx";
import { Empty } from "../shell/states.tsx";

export default function ModelsBakeoff() {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="models-bakeoff-title">
      <div className="bar">
        <h2 id="models-bakeoff-title">{t("page.bake-off")}</h2>
      </div>
      <Empty action={<Link to="/labels">{t("models.toLabels")}</Link>}>{t("models.bakeoff")}</Empty>
    </section>
  );
}
