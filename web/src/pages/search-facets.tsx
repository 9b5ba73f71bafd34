import { useTranslation } from "react-i18next";
import { facetNames, type Facets } from "../shell/api.ts";
import { formatNumber, languageName } from "../shell/format.ts";
import { follow } from "../shell/place.ts";
import { hasPart, searchPath, togglePart } from "../shell/query.ts";

export function FacetList({ q, facets }: { readonly q: string; readonly facets: Facets }) {
  const { t } = useTranslation();
  const nameOf = (name: string, value: string) =>
    name === "language" ? (value === "und" ? t("post.languageUnknown") : languageName(value)) : value === "none" || value === "" ? t("post.notScored") : value;
  return (
    <nav className="facets" aria-label={t("facet.label")}>
      {facetNames.map((name) => {
        const rows = facets.facets[name] ?? [];
        if (rows.length === 0) return null;
        return (
          <section key={name} aria-labelledby={`facet-${name}`}>
            <h3 id={`facet-${name}`}>{t(`facet.${name}`)}</h3>
            <ul>
              {rows.map(({ value, posts }) => {
                const chosen = hasPart(q, name, value);
                const path = searchPath(togglePart(q, name, value));
                return (
                  <li key={value}>
                    <a href={path} aria-current={chosen || undefined} onClick={(event) => follow(event, path)}>
                      <span>
                        {chosen && <span className="unseen">{t("facet.remove")} </span>}
                        {nameOf(name, value)}{" "}
                      </span>
                      {chosen ? (
                        <span className="count" aria-hidden="true">
                          ×
                        </span>
                      ) : (
                        <span className="count">
                          {formatNumber(posts)}
                          <span className="unseen"> {t("facet.posts")}</span>
                        </span>
                      )}
                    </a>
                  </li>
                );
              })}
            </ul>
          </section>
        );
      })}
    </nav>
  );
}
