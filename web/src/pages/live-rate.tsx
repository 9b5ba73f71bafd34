import { useTranslation } from "react-i18next";
import { formatNumber } from "../shell/format.ts";

export const seconds = 60;

/** Bars from zero, a second each; a second that nobody counted is left open. */
export function RateChart({ counts, simulated }: { readonly counts: readonly (number | undefined)[]; readonly simulated: boolean }) {
  const { t } = useTranslation();
  const most = Math.max(1, ...counts.map((count) => count ?? 0));
  const now = counts.at(-1) ?? 0;
  return (
    <figure className="rate">
      <svg viewBox={`0 0 ${seconds * 4} 32`} role="img" aria-label={t("live.chart", { most: formatNumber(most), now: formatNumber(now) })} preserveAspectRatio="none">
        {counts.map((count, i) => {
          if (count === undefined || count === 0) return null;
          const height = Math.max(1, (count / most) * 32);
          return <rect key={i} x={i * 4} y={32 - height} width={3} height={height} />;
        })}
      </svg>
      <figcaption>
        {formatNumber(most)}/s
        {simulated && <span className="simulated"> {t("post.simulated")}</span>}
      </figcaption>
    </figure>
  );
}
