import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { setQuery, usePlace, withQuery } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Connector, connectors } from "./sources-api.ts";
import { limitsOf, optionsOf } from "./sources-schema.ts";

const needs = ["any", "none", "key", "grant", "receives"] as const;
type Need = (typeof needs)[number];
const dayMs = 86_400_000;
const soonDays = 180;

const hasNeed = ({ access, grants, receives }: Connector, need: Need): boolean =>
  need === "any" || (need === "none" && access !== "needed") || (need === "key" && access !== "none") || (need === "grant" && grants) || (need === "receives" && receives);

/** Arrow keys go from card to card, Home and End to the first and the last. */
function moveAlong(event: KeyboardEvent<HTMLElement>): void {
  const links = [...event.currentTarget.querySelectorAll<HTMLAnchorElement>("a.button")];
  const at = links.findIndex((link) => link === document.activeElement);
  if (at < 0) return;
  const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  links[Math.min(links.length - 1, Math.max(0, to))]?.focus();
}

export const useConnectorName = () => {
  const { t } = useTranslation();
  return (name: string): string => t(`sources.connectors.${name as "rss"}`, { defaultValue: name });
};

/** What can be connected, each with what it brings and needs. */
export function Catalogue() {
  const { t } = useTranslation();
  const nameOf = useConnectorName();
  const { query } = usePlace();
  const list = useRef<HTMLUListElement>(null);
  const known = useQuery({ queryKey: ["connectors"], queryFn: connectors, staleTime: Infinity });
  if (known.isError) return <Problem error={known.error} onRetry={() => void known.refetch()} />;
  if (known.data === undefined) return <Loading />;
  const wanted = query.get("find") ?? "";
  const need = needs.find((name) => name === query.get("need")) ?? "any";
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = known.data.items.filter((one) => hasNeed(one, need) && words.every((word) => `${one.name} ${nameOf(one.name)} ${one.doc}`.toLowerCase().includes(word)));
  return (
    <>
      <p className="hint">{t("setup.catalogue.intro")}</p>
      <div className="bar catalogue-find" role="search" aria-label={t("setup.catalogue.search")}>
        <label className="field grow">
          {t("setup.catalogue.find")}
          <input
            type="search"
            value={wanted}
            autoComplete="off"
            onChange={(event) => setQuery({ find: event.target.value }, "replace")}
            onKeyDown={(event) => {
              if (event.key !== "ArrowDown") return;
              event.preventDefault();
              list.current?.querySelector<HTMLAnchorElement>("a.button")?.focus();
            }}
          />
        </label>
        <label className="field">
          {t("setup.catalogue.need")}
          <select value={need} onChange={(event) => setQuery({ need: event.target.value === "any" ? undefined : event.target.value }, "replace")}>
            {needs.map((name) => (
              <option key={name} value={name}>
                {t(`setup.catalogue.needs.${name}`)}
              </option>
            ))}
          </select>
        </label>
        <span className="quiet" role="status">
          {t("setup.catalogue.count", { count: shown.length, of: known.data.items.length })}
        </span>
      </div>
      {shown.length === 0 ? (
        <Empty
          action={
            <p className="actions">
              <Link className="button" to={withQuery({ add: "webhook", find: undefined, need: undefined })}>
                {t("setup.catalogue.byWebhook")}
              </Link>
              <Link className="button" to={withQuery({ add: "files", find: undefined, need: undefined })}>
                {t("setup.catalogue.byFiles")}
              </Link>
              <Link className="button" to={withQuery({ find: undefined, need: undefined })}>
                {t("setup.catalogue.all")}
              </Link>
            </p>
          }
        >
          {t("setup.catalogue.nothing")}
        </Empty>
      ) : (
        <ul className="catalogue" ref={list} onKeyDown={moveAlong}>
          {shown.map((connector) => (
            <Card key={connector.name} connector={connector} name={nameOf(connector.name)} />
          ))}
        </ul>
      )}
    </>
  );
}

function Card({ connector, name }: { readonly connector: Connector; readonly name: string }) {
  const { t } = useTranslation();
  const { doc, keepDefault, access, grants, forecasts, receives, apiVersion } = connector;
  const limits = limitsOf(optionsOf(connector.options));
  return (
    <li>
      <h3>{name}</h3>
      <p>{doc}</p>
      <dl className="facts">
        <dt>{t("setup.card.needs")}</dt>
        <dd>
          {t(`setup.access.${access}`)}
          {grants && ` ${t("setup.access.grant")}`}
          {receives && ` ${t("setup.access.receives")}`}
        </dd>
        <dt>{t("setup.card.keeps")}</dt>
        <dd>{t(keepDefault === "matching" ? "sources.catalogue.matching" : "sources.catalogue.everything")}</dd>
        <dt>{t("setup.card.limits")}</dt>
        <dd>
          {limits.length === 0
            ? t("setup.card.noLimit")
            : limits.map((limit) => (typeof limit.standard === "number" ? t("setup.card.limit", { limit: formatNumber(limit.standard), doc: limit.doc }) : limit.doc)).join(" ")}
        </dd>
        {apiVersion !== undefined && (
          <>
            <dt>{t("setup.card.version")}</dt>
            <dd>
              <Version version={apiVersion} />
            </dd>
          </>
        )}
        <dt>{t("setup.card.cost")}</dt>
        <dd>{t(forecasts ? "setup.card.forecasts" : "setup.card.noForecast")}</dd>
      </dl>
      <Link className="button" to={withQuery({ add: connector.name, find: undefined, need: undefined, step: undefined })} aria-label={t("sources.catalogue.addNamed", { name })}>
        {t("sources.catalogue.add")}
      </Link>
    </li>
  );
}

function Version({ version: { name, retiresAt, source } }: { readonly version: NonNullable<Connector["apiVersion"]> }) {
  const { t } = useTranslation();
  const days = retiresAt === undefined ? undefined : Math.floor((Date.parse(retiresAt) - Date.now()) / dayMs);
  return (
    <>
      {name}
      {retiresAt === undefined || days === undefined ? (
        `, ${t("setup.card.noEnd")}`
      ) : (
        <span className={days < soonDays ? "trouble" : undefined}>, {t(days < 0 ? "setup.card.ended" : "setup.card.ends", { day: formatDay(retiresAt), count: days })}</span>
      )}{" "}
      <a href={source} target="_blank" rel="noreferrer">
        {t("setup.card.changes")}
      </a>
    </>
  );
}
