import { useTranslation } from "react-i18next";
import type { PostView } from "../shell/api.ts";
import { languageName } from "../shell/format.ts";

/** Lines that tell languages apart by form, not by colour alone; a fifth language begins anew. */
const lines = ["solid", "dashed", "dotted", "double"] as const;

/** The text with each stretch underlined by its language, and what the lines mean. */
export function LanguagesIn({ post }: { readonly post: PostView }) {
  const { t } = useTranslation();
  const { languages } = post;
  if (languages === undefined || languages.spans.length === 0) return null;
  const names = [...new Set(languages.spans.map(({ language }) => language))];
  const lineOf = (language: string): string => lines[names.indexOf(language) % lines.length] ?? "solid";
  let at = 0;
  const pieces = languages.spans.flatMap(({ start, end, language, confidence }) => {
    const before = post.text.slice(at, start);
    at = end;
    const name = languageName(language);
    return [
      before,
      <span
        key={start}
        lang={language}
        className={`in-language line-${lineOf(language)}`}
        title={t("postPage.languages.legend", { language: name, confidence: `${Math.round(confidence * 100)}%` })}
      >
        {post.text.slice(start, end)}
      </span>,
    ];
  });
  return (
    <section aria-labelledby="post-languages">
      <h4 id="post-languages">{t("postPage.languages.title")}</h4>
      <p className="quiet">{t("postPage.languages.about")}</p>
      <p dir="auto" className="reading-text">
        {pieces}
        {post.text.slice(at)}
      </p>
      <ul className="plain-list language-legend" aria-label={t("postPage.languages.title")}>
        {languages.spans.map(({ start, end, language, confidence }) => (
          <li key={start}>
            <span className={`in-language line-${lineOf(language)}`}>{languageName(language)}</span>: <q>{post.text.slice(start, end)}</q>{" "}
            <small>{Math.round(confidence * 100)}%</small>
          </li>
        ))}
      </ul>
      <code>{languages.model}</code>
    </section>
  );
}
