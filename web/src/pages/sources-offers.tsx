import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Loading, Problem } from "../shell/states.tsx";
import { offersOf, type Wish } from "./sources-api.ts";
import type { Drafts, Option } from "./sources-schema.ts";

const linesOf = (draft: Drafts[string] | undefined): readonly string[] => (typeof draft === "string" ? draft.split("\n").filter((line) => line.trim() !== "") : []);

/** What the account that granted access can read, to be chosen from: several for an option that is a list, one for another. */
export function Offers({
  wish,
  account,
  options,
  drafts,
  onChange,
}: {
  readonly wish: Wish;
  readonly account: string;
  /** Those that are chosen here. */
  readonly options: readonly Option[];
  readonly drafts: Drafts;
  readonly onChange: (option: string, draft: string) => void;
}) {
  const { t } = useTranslation();
  const names = new Set(options.map(({ name }) => name));
  const asked = { ...wish, options: Object.fromEntries(Object.entries(wish.options).filter(([name]) => !names.has(name))) };
  const found = useQuery({ queryKey: ["offers", JSON.stringify(asked)], queryFn: () => offersOf(asked), retry: false, staleTime: 60_000 });
  return (
    <fieldset className="offers">
      <legend>{t("setup.offers.title", { account })}</legend>
      <p>{t("setup.offers.about")}</p>
      {found.isPending && <Loading />}
      {found.isError && <Problem error={found.error} title={t("setup.offers.failed")} onRetry={() => void found.refetch()} />}
      {found.data?.items.length === 0 && <p className="trouble">{t("setup.offers.none")}</p>}
      {found.data?.items.map(({ option: name, value, name: shown, detail }) => {
        const option = options.find((one) => one.name === name);
        if (option === undefined) return null;
        const chosen = linesOf(drafts[name]);
        const isList = option.kind === "list";
        return (
          <label key={`${name} ${value}`} className="check">
            <input
              type={isList ? "checkbox" : "radio"}
              name={`offer-${name}`}
              checked={chosen.includes(value)}
              onChange={({ target }) => onChange(name, isList ? (target.checked ? [...chosen, value] : chosen.filter((line) => line !== value)).join("\n") : value)}
            />{" "}
            <span>
              <strong>{shown}</strong>{" "}
              <span className="quiet">
                {detail !== undefined && `${detail}, `}
                {value}
              </span>
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
