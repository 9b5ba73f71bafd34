import type { UseQueryResult } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { SourceState } from "./api.ts";
import { formatClock, formatNumber } from "./format.ts";

const isTroubled = (source: SourceState): boolean => !source.paused && ["failing", "failed", "stopped", "waiting"].includes(source.state);

/** One line; opened, each source with its state and why. */
export function Sources({ known }: { readonly known: UseQueryResult<{ items: readonly SourceState[] }> }) {
  const { t } = useTranslation();
  const items = known.data?.items ?? [];
  const troubled = items.filter(isTroubled).length;
  return (
    <details className="sources">
      <summary>
        {t("sources.summary", { count: items.length })}
        {troubled > 0 && <strong> · {t("sources.troubled", { count: troubled })}</strong>}
      </summary>
      <div className="panel">
        {known.isError && <p role="alert">{t("sources.failed", { message: known.error.message })}</p>}
        {items.length === 0 ? (
          <p>{t("sources.none")}</p>
        ) : (
          <table>
            <caption className="unseen">{t("sources.caption")}</caption>
            <thead>
              <tr>
                <th scope="col">{t("sources.source")}</th>
                <th scope="col">{t("sources.state")}</th>
                <th scope="col" className="figure">
                  {t("sources.collected")}
                </th>
                <th scope="col" className="figure">
                  {t("sources.errors")}
                </th>
                <th scope="col" className="figure">
                  {t("sources.gaps")}
                </th>
                <th scope="col">{t("sources.last")}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((source) => (
                <tr key={source.id}>
                  <th scope="row">
                    {source.id} {source.simulated && <span className="tag simulated">{t("post.simulated")}</span>}
                  </th>
                  <td className={isTroubled(source) ? "trouble" : undefined}>
                    {source.state}
                    {source.detail === undefined ? "" : `: ${source.detail}`}
                  </td>
                  <td className="figure">{formatNumber(source.collected)}</td>
                  <td className="figure">{formatNumber(source.errors)}</td>
                  <td className="figure">{formatNumber(source.gaps)}</td>
                  <td>{source.lastError === undefined ? t("sources.noError") : `${formatClock(source.lastError.at)} UTC ${source.lastError.code}: ${source.lastError.message}`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </details>
  );
}
