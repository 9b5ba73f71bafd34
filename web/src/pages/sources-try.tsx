import type { UseMutationResult } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Advice } from "../shell/advice.tsx";
import { Loading, Problem } from "../shell/states.tsx";
import type { Check, Wish } from "./sources-api.ts";

/** Tries the source as it is; nothing of what comes is kept. */
export function TryPart({ check, wish }: { readonly check: UseMutationResult<Check, Error, Wish>; readonly wish: Wish }) {
  const { t } = useTranslation();
  const { data, error, isError, isPending, mutate } = check;
  return (
    <>
      <p>{t("setup.try.about")}</p>
      <button type="button" disabled={isPending} onClick={() => mutate(wish)}>
        {t(data === undefined ? "setup.try.now" : "setup.try.again")}
      </button>
      {isPending && <Loading what={t("sources.form.trying")} />}
      {isError && <Problem error={error} />}
      <div role="status">{data?.ok === true && <p>{t("setup.try.well")}</p>}</div>
      {data?.ok === false && (
        <div className="problem" role="alert">
          <strong>{t("sources.form.refused")}</strong>
          <p>{data.message}</p>
          {data.code !== undefined && (
            <p>
              <code>{data.code}</code> <Advice code={data.code} />
            </p>
          )}
        </div>
      )}
    </>
  );
}

/** All that will be saved, before it is. */
export function Summary({ id, wish, tried }: { readonly id: string; readonly wish: Wish; readonly tried: boolean | undefined }) {
  const { t } = useTranslation();
  return (
    <>
      <p className={tried === true ? undefined : "trouble"}>{t(tried === true ? "setup.save.well" : tried === false ? "setup.save.refused" : "setup.save.untried")}</p>
      <dl className="facts">
        <dt>{t("sources.form.id")}</dt>
        <dd>{id}</dd>
        <dt>{t("sources.form.keep")}</dt>
        <dd>{t(wish.keep === "matching" ? "sources.form.keeps.matching" : "sources.form.keeps.everything")}</dd>
        {Object.entries(wish.options).map(([name, value]) => (
          <div key={name} className="pair">
            <dt>{name}</dt>
            <dd>
              <code className="long">{typeof value === "string" ? value : JSON.stringify(value)}</code>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
