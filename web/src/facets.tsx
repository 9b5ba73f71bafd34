import { useTranslation } from "react-i18next";
import { facetNames, type Facets } from "./api.ts";
import { formatNumber, languageName } from "./format.ts";
import { followHere } from "./place.ts";
import { hasPart, searchPath, togglePart } from "./query.ts";

export function FacetList({ q, facets, go }: { readonly q: string; readonly facets: Facets; readonly go: (path: string) => void }) {
  const { t } = useTranslation();
  const nameOf = (name: string, value: string) => (name === "language" ? (value === "und" ? t("post.languageUnknown") : languageName(value)) : value === "none" || value === "" ? t("post.notScored") : value);
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
                    <a href={path} aria-current={chosen || undefined} onClick={(event) => followHere(event, go, path)} aria-label={chosen ? t("facet.remove", { value: nameOf(name, value) }) : t("facet.add", { value: nameOf(name, value), posts: formatNumber(posts) })}>
                      <span>{nameOf(name, value)}</span>
                      <span className="count">{chosen ? "×" : formatNumber(posts)}</span>
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
