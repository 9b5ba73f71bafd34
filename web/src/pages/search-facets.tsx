import { useTranslation } from "react-i18next";
import { formatNumber, languageName } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { withQuery } from "../shell/place.ts";
import { hasPart, leftOut, type PartSign, togglePart } from "../shell/query.ts";
import { facetNames, type Facets } from "./search-api.ts";

/** What the posts found are, each value a way to narrow down to it or to leave it out. */
export function FacetList({ q, facets }: { readonly q: string; readonly facets: Facets }) {
  const { t } = useTranslation();
  const nameOf = (name: string, value: string) =>
    name === "language" ? (value === "und" ? t("post.languageUnknown") : languageName(value)) : value === "none" || value === "" ? t("post.notScored") : value;
  const pathOf = (name: string, value: string, sign: PartSign) => withQuery({ q: togglePart(q, name, value, sign), shown: undefined, count: undefined }, "/search");
  const out = leftOut(q);
  return (
    <nav className="facets" aria-label={t("facet.label")}>
      {out.length > 0 && (
        <section aria-labelledby="facet-out">
          <h3 id="facet-out">{t("facet.out")}</h3>
          <ul>
            {out.map(({ field, value }) => (
              <li key={`${field} ${value}`}>
                <Link to={pathOf(field, value, "-")} aria-label={t("facet.letIn", { name: nameOf(field, value) })}>
                  <span className="facet-out">{nameOf(field, value)}</span>
                  <span className="count" aria-hidden="true">
                    ×
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
      {facetNames.map((name) => {
        const rows = facets.facets[name] ?? [];
        if (rows.length === 0) return null;
        return (
          <section key={name} aria-labelledby={`facet-${name}`}>
            <h3 id={`facet-${name}`}>{t(`facet.${name}`)}</h3>
            <ul>
              {rows.map(({ value, posts }) => {
                const chosen = hasPart(q, name, value);
                return (
                  <li key={value} className="facet-row">
                    <Link to={pathOf(name, value, "")} aria-current={chosen || undefined}>
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
                          {facets.exact ? "" : "≈"}
                          {formatNumber(posts)}
                          <span className="unseen"> {t("facet.posts")}</span>
                        </span>
                      )}
                    </Link>
                    {!chosen && (
                      <Link
                        className="facet-not"
                        to={pathOf(name, value, "-")}
                        aria-label={t("facet.leaveOut", { name: nameOf(name, value) })}
                        title={t("facet.leaveOut", { name: nameOf(name, value) })}
                      >
                        −
                      </Link>
                    )}
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
