import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask } from "./api.ts";
import { languageName } from "./format.ts";
import { type Range, ranges, useListen } from "./listen.ts";
import { setQuery, usePlace } from "./place.ts";

interface Facets {
  readonly facets: Readonly<Record<string, readonly { readonly value: string }[]>>;
}
interface Terms {
  readonly items: readonly { readonly id: string; readonly name: string }[];
}

const names = Object.keys(ranges).filter((name): name is Range => Object.hasOwn(ranges, name));

/** The bar that holds across the pages of Listen: time, brands, platforms, languages. */
export function ListenBar({
  anyTime = false,
  withTime = true,
}: {
  /** False: the page speaks of now, and the time of the address waits for other pages. */
  readonly withTime?: boolean;
  /** Where the address says no time, all of it is meant. */
  readonly anyTime?: boolean;
}) {
  const { t } = useTranslation();
  const listen = useListen();
  const { query } = usePlace();
  const isAny = anyTime && query.get("range") === null && listen.range !== undefined;
  const terms = useQuery({ queryKey: ["terms"], queryFn: () => ask<Terms>("/api/v1/terms"), staleTime: 10_000 });
  const facets = useQuery({ queryKey: ["listen-facets"], queryFn: () => ask<Facets>("/api/v1/posts/facets?by=platform,language&top=30"), staleTime: 60_000 });
  const valuesOf = (name: string) => (facets.data?.facets[name] ?? []).map(({ value }) => ({ id: value, name: name === "language" ? languageName(value) : value }));
  const choice = (label: string, name: string, chosen: readonly string[], items: readonly { readonly id: string; readonly name: string }[]) => (
    <label className="choice">
      <span>{label}</span>
      <select value={chosen.length > 1 ? chosen.join(",") : (chosen[0] ?? "")} onChange={(event) => setQuery({ [name]: event.target.value })}>
        <option value="">{t("listen.all")}</option>
        {chosen.length > 1 && <option value={chosen.join(",")}>{chosen.join(", ")}</option>}
        {[...items, ...chosen.filter((one) => chosen.length === 1 && !items.some(({ id }) => id === one)).map((id) => ({ id, name: id }))].map(({ id, name: shown }) => (
          <option key={id} value={id}>
            {shown}
          </option>
        ))}
      </select>
    </label>
  );
  const isNarrow = listen.platforms.length + listen.terms.length + listen.languages.length > 0 || listen.range !== "24h";
  return (
    <div className="listen" role="group" aria-label={t("listen.label")}>
      {withTime && (
        <label className="choice">
          <span>{t("listen.range")}</span>
          <select
            value={isAny ? "" : (listen.range ?? "own")}
            onChange={(event) =>
              setQuery({ range: event.target.value === "own" ? undefined : event.target.value, ...(event.target.value !== "own" && { from: undefined, to: undefined }) })
            }
          >
            {anyTime && <option value="">{t("listen.anyTime")}</option>}
            {names.map((name) => (
              <option key={name} value={name}>
                {t(`listen.ranges.${name}`)}
              </option>
            ))}
            {listen.range === undefined && (
              <option value="own">{`${new Date(listen.fromMs).toISOString().slice(0, 16)} – ${new Date(listen.toMs).toISOString().slice(0, 16)} UTC`}</option>
            )}
          </select>
        </label>
      )}
      {choice(t("listen.terms"), "term", listen.terms, terms.data?.items ?? [])}
      {choice(t("listen.platforms"), "platform", listen.platforms, valuesOf("platform"))}
      {choice(t("listen.languages"), "language", listen.languages, valuesOf("language"))}
      {isNarrow && (
        <button
          type="button"
          className="plain"
          onClick={() => setQuery({ range: undefined, from: undefined, to: undefined, term: undefined, platform: undefined, language: undefined })}
        >
          {t("listen.clear")}
        </button>
      )}
    </div>
  );
}
