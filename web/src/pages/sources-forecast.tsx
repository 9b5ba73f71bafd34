import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Advice } from "../shell/advice.tsx";
import { formatDay, formatNumber } from "../shell/format.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { type Forecast, forecastWish, type Wish } from "./sources-api.ts";
import { ShareBar } from "./sources-bar.tsx";

const gb = (value: number): string => (value === 0 ? "0" : value < 0.001 ? "< 0.001" : formatNumber(Number(value.toPrecision(3))));

/** Asks the platform before anything is spent, and says what it told. */
export function ForecastPart({ wish, canTell }: { readonly wish: Wish; readonly canTell: boolean }) {
  const { t } = useTranslation();
  const asked = JSON.stringify(wish.options);
  const { mutate, reset, data, error, isPending, isError, variables } = useMutation({ mutationFn: forecastWish });
  const isStale = variables !== undefined && JSON.stringify(variables.options) !== asked;
  useEffect(() => {
    if (isStale) reset();
  }, [isStale, reset]);
  return (
    <section className="forecast" aria-labelledby="forecast-title">
      <h3 id="forecast-title">{t("setup.forecast.title")}</h3>
      <p>{t(canTell ? "setup.forecast.about" : "setup.forecast.cannot")}</p>
      {canTell && (
        <button type="button" disabled={isPending} onClick={() => mutate(wish)}>
          {t(data === undefined ? "setup.forecast.ask" : "setup.forecast.again")}
        </button>
      )}
      {isPending && <Loading what={t("setup.forecast.asking")} />}
      {isError && <Problem error={error} onRetry={() => mutate(wish)} />}
      <div role="status">{data !== undefined && !isStale && <Told forecast={data} />}</div>
    </section>
  );
}

function Told({ forecast }: { readonly forecast: Forecast }) {
  const { t } = useTranslation();
  const { state, code, message, requests, posts, from, to, perDay, costs, note, size } = forecast;
  if (state === "failed")
    return (
      <div className="problem">
        <strong>{t("setup.forecast.failed")}</strong>
        <p>{message}</p>
        {code !== undefined && (
          <p>
            <code>{code}</code> <Advice code={code} />
          </p>
        )}
      </div>
    );
  if (state === "untold") return <p>{t("setup.forecast.cannot")}</p>;
  return (
    <>
      <dl className="figures">
        {posts !== undefined && (
          <div>
            <dt>{from !== undefined && to !== undefined ? t("setup.forecast.postsIn", { from: formatDay(from), to: formatDay(to) }) : t("setup.forecast.posts")}</dt>
            <dd>{formatNumber(posts)}</dd>
          </div>
        )}
        <div>
          <dt>{t("setup.forecast.perDay")}</dt>
          <dd>{perDay === undefined ? t("setup.forecast.notCounted") : formatNumber(perDay)}</dd>
        </div>
        <div>
          <dt>{t("setup.forecast.requests")}</dt>
          <dd>{formatNumber(requests)}</dd>
        </div>
      </dl>
      {costs.map((cost) => {
        const allowed = cost.allowedPerDay;
        const text =
          allowed === undefined
            ? t("setup.forecast.cost", { perDay: formatNumber(cost.perDay) })
            : t("setup.forecast.costOf", { perDay: formatNumber(cost.perDay), allowed: formatNumber(allowed) });
        return (
          <div key={cost.budget} className="cost">
            <code className="long">{cost.budget}</code>
            {cost.share !== undefined && <ShareBar name={t("setup.forecast.share", { budget: cost.budget })} share={cost.share} text={text} />}
            <p>
              {text}
              {cost.share !== undefined && cost.share > 1 && <strong className="trouble"> {t("setup.forecast.over")}</strong>}
            </p>
          </div>
        );
      })}
      {note !== undefined && <p className="quiet">{note}</p>}
      <Sizes size={size} />
    </>
  );
}

function Sizes({ size }: { readonly size: Forecast["size"] }) {
  const { t } = useTranslation();
  if (size?.everythingGbPerDay === undefined) return <p className="quiet">{t("setup.forecast.noSize")}</p>;
  const { everythingGbPerDay, matchingGbPerDay, sample } = size;
  return (
    <>
      <dl className="figures">
        <div>
          <dt>{t("setup.forecast.everything")}</dt>
          <dd>{t("setup.forecast.gb", { gb: gb(everythingGbPerDay) })}</dd>
        </div>
        <div>
          <dt>{t("setup.forecast.matching")}</dt>
          <dd>
            {matchingGbPerDay === undefined
              ? t("setup.forecast.notKnown")
              : t("setup.forecast.between", { gb: gb(matchingGbPerDay.value), low: gb(matchingGbPerDay.low), high: gb(matchingGbPerDay.high) })}
          </dd>
        </div>
      </dl>
      <p className="quiet">
        {sample === undefined
          ? t("setup.forecast.noSample")
          : t(sample.exact ? "setup.forecast.sample" : "setup.forecast.sampleScaled", { posts: formatNumber(sample.posts), matching: formatNumber(sample.matching) })}
      </p>
    </>
  );
}
