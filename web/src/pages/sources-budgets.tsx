import { useTranslation } from "react-i18next";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import type { Activity, Budget } from "./sources-api.ts";
import { ShareBar } from "./sources-bar.tsx";

const when = (at: string): string => `${formatDay(at)} ${formatClock(at)} UTC`;
const spans = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** What is left of each allowance that the source's calls draw on, when it is full again, and what the cache saved. */
export function Budgets({ budgets, day }: { readonly budgets: readonly Budget[]; readonly day: Activity["day"] }) {
  const { t } = useTranslation();
  return (
    <>
      <h3>{t("sources.budget.title")}</h3>
      {budgets.length === 0 ? (
        <p>{t("setup.budget.none")}</p>
      ) : (
        <ul className="plain-list budgets">
          {budgets.map((budget) => (
            <li key={budget.name}>
              <OneBudget budget={budget} />
            </li>
          ))}
        </ul>
      )}
      {day.saved > 0 && <p>{t("setup.budget.saved", { count: day.saved, saved: formatNumber(day.saved), requests: formatNumber(day.requests) })}</p>}
    </>
  );
}

function useSpan() {
  const { t } = useTranslation();
  return (ms: number): string => {
    const [unit, unitMs] = spans.find(([, one]) => ms >= one && ms % one === 0) ?? spans[spans.length - 1] ?? ["second", 1_000];
    const count = ms / unitMs;
    return t(`setup.budget.spans.${unit}`, { count, formatted: formatNumber(count) });
  };
}

function OneBudget({ budget: { name, limit, left, toldLeft, resetAt, blockedUntil } }: { readonly budget: Budget }) {
  const { t } = useTranslation();
  const span = useSpan();
  const isWindow = limit?.resets !== undefined && limit.resets !== "sliding";
  const used = limit === undefined || left === undefined ? undefined : Math.max(0, limit.requests - left);
  const text =
    limit !== undefined && used !== undefined && t("setup.budget.used", { used: formatNumber(used), limit: formatNumber(limit.requests), left: formatNumber(left ?? 0) });
  const refills =
    limit === undefined ? undefined : isWindow && resetAt !== undefined ? t("setup.budget.fullAt", { at: when(resetAt) }) : t("setup.budget.sliding", { span: span(limit.perMs) });
  return (
    <>
      <code className="long">{name}</code>
      {limit !== undefined && used !== undefined && text !== false && <ShareBar name={t("setup.budget.usedOf", { name })} share={used / limit.requests} text={text} />}
      <p>
        {[
          text === false ? undefined : text,
          refills,
          toldLeft === undefined
            ? undefined
            : resetAt === undefined
              ? t("setup.budget.toldLeft", { left: formatNumber(toldLeft) })
              : t("setup.budget.told", { left: formatNumber(toldLeft), at: when(resetAt) }),
        ]
          .filter((one) => one !== undefined)
          .join(" ") || t("sources.budget.none")}
        {blockedUntil !== undefined && <strong className="trouble"> {t("setup.budget.blocked", { at: when(blockedUntil) })}</strong>}
      </p>
    </>
  );
}

/** What a person should do about credentials before the source stops. */
export function Warnings({ warnings }: { readonly warnings: readonly string[] }) {
  const { t } = useTranslation();
  if (warnings.length === 0) return null;
  return (
    <div className="problem warnings" role="group" aria-label={t("setup.warnings.title")}>
      <strong>{t("setup.warnings.title")}</strong>
      <ul>
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
      <p>{t("setup.warnings.todo")}</p>
    </div>
  );
}
