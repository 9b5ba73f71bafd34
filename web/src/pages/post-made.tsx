import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { formatNumber, languageName } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { Empty } from "../shell/states.tsx";
import type { TraceView } from "./post-api.ts";

type Stages = NonNullable<TraceView["stages"]>;
type Finding = Stages["sentiment"];

const signed = (value: number): string => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;

/** What each stage made of the post: today's stages, run on the kept message. */
export function Made({ trace }: { readonly trace: TraceView }) {
  const { t } = useTranslation();
  const { stages, raw, refusal } = trace;
  if (stages === undefined) return <Empty>{raw === undefined ? t("postPage.made.noRaw") : t("postPage.made.refused", { why: refusal ?? "" })}</Empty>;
  return (
    <>
      <p className="hint">{t("postPage.made.intro")}</p>
      <p role="status" className={stages.differs.length > 0 ? "differs" : "quiet"}>
        {stages.differs.length === 0
          ? t("postPage.made.same")
          : t("postPage.made.differs", { fields: stages.differs.map((field) => t(`postPage.fact.${field as "language"}`, { defaultValue: field })).join(", ") })}
      </p>
      <ol className="steps">
        {raw !== undefined && (
          <Step name={t("postPage.stage.parse")} version={raw.parserVersion}>
            {t("postPage.made.parse", { connector: raw.connector, source: raw.source, size: formatNumber(raw.masked.sizeBytes) })}
          </Step>
        )}
        {stages.steps.map((step) => (
          <Step key={step.stage} name={t(`postPage.stage.${step.stage as "language"}`)} version={step.version} outcome={step.outcome}>
            <Found stage={step.stage} stages={stages} />
          </Step>
        ))}
        {stages.outcome === "keep" ? (
          <Step name={t("postPage.stage.pseudonyms")}>
            {t("postPage.made.pseudonyms", { version: stages.pseudonyms.authorKeyVersion, count: stages.pseudonyms.mentions })}{" "}
            <code className="long">{stages.pseudonyms.author}</code>
          </Step>
        ) : (
          <li className="trouble">{t(stages.outcome === "drop" ? "postPage.made.dropped" : "postPage.made.rejected", { why: stages.reason ?? "" })}</li>
        )}
      </ol>
    </>
  );
}

function Step({ name, version, outcome, children }: { readonly name: string; readonly version?: string; readonly outcome?: string; readonly children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <li>
      <div className="step-head">
        <strong>{name}</strong>
        {version !== undefined && version !== "" && <code title={t("postPage.made.versionHint")}>{t("postPage.made.version", { version })}</code>}
        {outcome !== undefined && outcome !== "keep" && <span className="trouble">{outcome}</span>}
      </div>
      <div>{children}</div>
    </li>
  );
}

function Found({ stage, stages }: { readonly stage: string; readonly stages: Stages }) {
  const { t } = useTranslation();
  const { normalise, mentions, sieve, language, sentiment, judge, codeSwitching, link, pii, terms, towards } = stages;
  if (stage === "normalise" && normalise !== undefined)
    return t("postPage.made.normalise", {
      format: normalise.format,
      from: formatNumber(normalise.fromUnits),
      to: formatNumber(normalise.toUnits),
      links: normalise.links,
      hashtags: normalise.hashtags,
    });
  if (stage === "mentions" && mentions !== undefined) return t("postPage.made.mentions", { ...mentions });
  if (stage === "link" && link !== undefined) return t(link.linked + link.unlinked + link.placed === 0 ? "postPage.made.linkNone" : "postPage.made.link", { ...link });
  if (stage === "sieve" && sieve !== undefined) return t(sieve.asked ? "postPage.made.sieveAsked" : "postPage.made.sieveNot");
  if (stage === "language" && language !== undefined)
    return (
      <>
        <p>
          {language.language === "und" ? t("post.languageUnknown") : languageName(language.language)}: {t(`postPage.made.by.${language.by as "hint"}`)}
          {language.hint !== undefined && ` · ${t("postPage.made.hint", { hint: languageName(language.hint) })}`}
          {language.margin !== undefined && ` · ${t("postPage.made.margin", { margin: language.margin.toFixed(3) })}`}
        </p>
        {language.candidates.length > 0 && (
          <dl className="candidates">
            {language.candidates.map(({ language: tag, score }) => (
              <div key={tag}>
                <dt>{languageName(tag)}</dt>
                <dd>
                  <meter min={0} max={1} value={score} aria-label={languageName(tag)} /> {score.toFixed(3)}
                </dd>
              </div>
            ))}
          </dl>
        )}
      </>
    );
  if (stage === "sentiment" && judge?.some(({ task }) => task === "sentiment") === true) return t("postPage.made.leftToModel");
  if (stage === "judge" && judge !== undefined)
    return judge.length === 0 ? t("postPage.made.judgedNothing") : judge.map(({ task, label, model }) => `${task}: ${label ?? t("postPage.judged.unsure")} (${model})`).join(" · ");
  if (stage === "sentiment" && sentiment !== undefined) return <SentimentFound sentiment={sentiment} />;
  if (stage === "code-switching" && codeSwitching !== undefined)
    return codeSwitching.length === 0 ? t("postPage.made.oneLanguage") : t("postPage.made.languages", { languages: codeSwitching.map(languageName).join(" → ") });
  if (stage === "pii" && pii !== undefined)
    return pii.kinds.length === 0
      ? t("postPage.made.piiNone", { sensitivity: pii.sensitivity })
      : t("postPage.made.pii", { kinds: pii.kinds.map(({ kind, count }) => `${kind} × ${count}`).join(", "), sensitivity: pii.sensitivity });
  if (stage === "towards" && towards !== undefined)
    return towards.length === 0
      ? t("postPage.towards.none")
      : towards.map(({ id, sentiment: said }) => `${id}: ${said === null ? t("postPage.judged.unsure") : t(`sentiment.${said}`)}`).join(" · ");
  if (stage === "terms" && terms !== undefined)
    return terms.length === 0 ? (
      t("postPage.made.termsNone")
    ) : (
      <ul className="plain-list">
        {terms.map(({ id, parts }) => (
          <li key={id}>
            <Link className="tag" to={`/terms?open=${encodeURIComponent(id)}`}>
              {id}
            </Link>{" "}
            {parts.map(({ part, words }) => (
              <span key={part} className="met">
                <code>{part}</code>
                {words.length > 0 && ` ${t("postPage.made.met", { words: words.join(", ") })}`}
              </span>
            ))}
          </li>
        ))}
      </ul>
    );
  return null;
}

function SentimentFound({ sentiment }: { readonly sentiment: NonNullable<Finding> }) {
  const { t } = useTranslation();
  if (sentiment.lexicon === undefined) return t("postPage.made.noLexicon");
  const why = (sign: (typeof sentiment.signs)[number]): string =>
    [
      sign.negatedBy !== undefined && t("postPage.made.negated", { word: sign.negatedBy }),
      sign.raisedBy !== undefined && t("postPage.made.raised", { words: sign.raisedBy.join(", ") }),
      sign.loweredBy !== undefined && t("postPage.made.lowered", { words: sign.loweredBy.join(", ") }),
      sign.shouted === true && t("postPage.made.shouted"),
      sign.contrast === "before" && t("postPage.made.beforeBut"),
      sign.contrast === "after" && t("postPage.made.afterBut"),
    ]
      .filter((text) => text !== false)
      .join("; ");
  return (
    <>
      <p>
        {t("postPage.made.score", { language: languageName(sentiment.lexicon), sum: signed(sentiment.sum), score: (sentiment.score ?? 0).toFixed(2) })}{" "}
        <strong>{sentiment.label === undefined ? "" : t(`sentiment.${sentiment.label}`)}</strong>
        <About
          data={{
            name: t("postPage.fact.sentiment"),
            definition: t("postPage.made.scoreAbout"),
            metric: "sentiment 1",
            coverage: [t("postPage.made.scoreLimits"), t("postPage.label.about")],
          }}
        />
      </p>
      {sentiment.signs.length > 0 && (
        <div className="table-scroll" role="region" aria-label={t("postPage.made.words")} tabIndex={0}>
          <table>
            <caption className="unseen">{t("postPage.made.words")}</caption>
            <thead>
              <tr>
                <th scope="col">{t("postPage.made.word")}</th>
                <th scope="col" className="figure">
                  {t("postPage.made.valence")}
                </th>
                <th scope="col">{t("postPage.made.why")}</th>
                <th scope="col" className="figure">
                  {t("postPage.made.adds")}
                </th>
              </tr>
            </thead>
            <tbody>
              {sentiment.signs.map((sign, i) => (
                <tr key={i}>
                  <th scope="row">{sign.word}</th>
                  <td className="figure">{signed(sign.valence)}</td>
                  <td>{why(sign)}</td>
                  <td className={`figure sentiment-${sign.adds < 0 ? "negative" : "positive"}`}>{signed(sign.adds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {sentiment.emoji !== 0 && <p>{t("postPage.made.emoji", { sum: signed(sentiment.emoji) })}</p>}
      {sentiment.emphasis !== 1 && <p>{t("postPage.made.emphasis", { factor: sentiment.emphasis.toFixed(2) })}</p>}
      {sentiment.signs.length === 0 && sentiment.emoji === 0 && <p>{t("postPage.made.noWords")}</p>}
    </>
  );
}
