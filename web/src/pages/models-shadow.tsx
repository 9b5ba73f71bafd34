import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { Problem } from "../shell/states.tsx";
import { beginShadow, endShadow, type Model, shadowOf } from "./models-registry-api.ts";

const share = 1;
const percent = (part: number, of: number): string => `${of === 0 ? 0 : Math.round((part / of) * 100)}%`;

/** What a candidate says beside who judges, without effect. */
export function ShadowPart({ model }: { readonly model: Model }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const shadow = useQuery({
    queryKey: ["model-shadow", model.id],
    queryFn: () => shadowOf(model.id),
    refetchInterval: model.state === "shadow" ? 5_000 : false,
  });
  const renew = () => {
    for (const name of ["models", "model-shadow"]) void client.invalidateQueries({ queryKey: [name] });
  };
  const begin = useMutation({ mutationFn: () => beginShadow(model.id, share), onSuccess: renew });
  const end = useMutation({ mutationFn: () => endShadow(model.id), onSuccess: renew });
  const { data } = shadow;
  const failed = [shadow, begin, end].find(({ isError }) => isError);
  const nameOf = (label: string): string => (label === "" ? t("registry.shadow.none") : label);
  return (
    <section aria-labelledby="shadow-title">
      <div className="bar">
        <h4 id="shadow-title">{t("registry.shadow.title")}</h4>
        {model.state === "shadow" ? (
          <button type="button" disabled={end.isPending} onClick={() => end.mutate()}>
            {t("registry.shadow.end")}
          </button>
        ) : (
          model.state !== "promoted" && (
            <button type="button" disabled={begin.isPending} onClick={() => begin.mutate()}>
              {t("registry.shadow.begin")}
            </button>
          )
        )}
      </div>
      <p className="quiet">{t("registry.shadow.about")}</p>
      {failed !== undefined && <Problem error={failed.error} />}
      {data?.begunAt !== undefined && (
        <>
          <p>
            {t("registry.shadow.agree", {
              count: data.judged,
              formatted: formatNumber(data.judged),
              share: percent(data.agreed, data.judged),
              since: `${formatDay(data.begunAt)} ${formatClock(data.begunAt).slice(0, 5)} UTC`,
            })}
          </p>
          {data.pairs.length > 0 && (
            <ul className="plain-list">
              {data.pairs.map(({ said, candidate, posts }) => (
                <li key={`${said} ${candidate}`}>
                  {t("registry.shadow.pair", { said: nameOf(said), candidate: nameOf(candidate), count: posts, formatted: formatNumber(posts) })}
                </li>
              ))}
            </ul>
          )}
          {data.differences.length > 0 && (
            <>
              <h5>{t("registry.shadow.differences")}</h5>
              <ul className="plain-list">
                {data.differences.slice(0, 20).map(({ about, said, candidate, probability }) => (
                  <li key={`${about.id} ${candidate}`}>
                    <strong>
                      {nameOf(said)} → {nameOf(candidate)}
                    </strong>{" "}
                    {Math.round(probability * 100)}% <Link to={`/post/${about.id}`}>{about.text.slice(0, 120)}</Link>
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      )}
    </section>
  );
}
