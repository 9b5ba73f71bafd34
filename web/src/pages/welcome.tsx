import { useTranslation } from "react-i18next";
import { Link } from "../shell/link.tsx";
import { usePlace, withQuery } from "../shell/place.ts";
import { Hear } from "./welcome-hear.tsx";
import { Result } from "./welcome-result.tsx";
import { WelcomeSources } from "./welcome-sources.tsx";
import "./terms.css";
import "./welcome.css";

const steps = ["hear", "sources", "result"] as const;
type Step = (typeof steps)[number];
const stepOf = (text: string | null): Step => steps.find((step) => step === text) ?? "hear";

/** The first run. Each step works at once, so that it can be left and taken up again. */
export default function Welcome() {
  const { t } = useTranslation();
  const { query } = usePlace();
  const step = stepOf(query.get("step"));
  const at = steps.indexOf(step);
  const before = steps[at - 1];
  const after = steps[at + 1];
  return (
    <section aria-labelledby="welcome-title" className="welcome">
      <h2 id="welcome-title">{t("welcome.title")}</h2>
      <nav aria-label={t("welcome.steps")}>
        <ol className="steps">
          {steps.map((each, i) => (
            <li key={each}>
              <Link to={withQuery({ step: each === "hear" ? undefined : each })} aria-current={each === step ? "step" : undefined}>
                <span aria-hidden="true">{i + 1}</span> {t(`welcome.step_${each}`)}
              </Link>
            </li>
          ))}
        </ol>
      </nav>
      {step === "hear" && <Hear />}
      {step === "sources" && <WelcomeSources />}
      {step === "result" && <Result />}
      <div className="welcome-end">
        {before !== undefined && <Link to={withQuery({ step: before === "hear" ? undefined : before })}>{t("welcome.back")}</Link>}
        <span className="quiet grow">
          <Link to="/live">{t(step === "result" ? "welcome.result.done" : "welcome.leave")}</Link> {step !== "result" && t("welcome.leaveHint")}
        </span>
        {after !== undefined && (
          <Link className="button" to={withQuery({ step: after })}>
            {t(`welcome.next_${after}` as "welcome.next_sources")}
          </Link>
        )}
      </div>
    </section>
  );
}
