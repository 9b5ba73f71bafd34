import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Interval } from "./models-registry-api.ts";

const known = ["macroF1", "macroRecall", "f1OfSecond", "f1OfSecondAndThird"] as const;

export function figureText(t: TFunction, headline: string): string {
  const found = known.find((one) => one === headline);
  return found === undefined ? headline : t(`registry.figure.${found}`);
}

const points = (value: number): string => (value * 100).toFixed(1);
export const signedPoints = (value: number): string => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value * 100).toFixed(1)}`;

/** A figure with its 95% interval, drawn from 0 to 100 and written. */
export function IntervalMark({ interval, name, n }: { readonly interval: Interval; readonly name: string; readonly n: number }) {
  const { t } = useTranslation();
  const { value, low, high } = interval;
  return (
    <span className="interval">
      <span className="interval-text">{t("registry.interval", { name, value: points(value), low: points(low), high: points(high), n })}</span>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <line className="interval-axis" x1="0" x2="100" y1="5" y2="5" />
        <line className="interval-band" x1={low * 100} x2={high * 100} y1="5" y2="5" />
        <line className="interval-value" x1={value * 100} x2={value * 100} y1="0" y2="10" />
      </svg>
    </span>
  );
}

/** A difference with its 95% interval, drawn from −100 to 100 around zero. */
export function DifferenceMark({ difference }: { readonly difference: Interval }) {
  const { t } = useTranslation();
  const at = (value: number): number => Math.max(0, Math.min(100, value * 50 + 50));
  return (
    <span className="interval">
      <span className="interval-text">
        {t("registry.difference", { value: signedPoints(difference.value), low: signedPoints(difference.low), high: signedPoints(difference.high) })}
      </span>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <line className="interval-axis" x1="0" x2="100" y1="5" y2="5" />
        <line className="interval-zero" x1="50" x2="50" y1="0" y2="10" />
        <line className="interval-band" x1={at(difference.low)} x2={at(difference.high)} y1="5" y2="5" />
        <line className="interval-value" x1={at(difference.value)} x2={at(difference.value)} y1="0" y2="10" />
      </svg>
    </span>
  );
}
