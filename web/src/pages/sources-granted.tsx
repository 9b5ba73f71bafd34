import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { usePlace } from "../shell/place.ts";
import { Problem } from "../shell/states.tsx";
import { beginGrant, connectors, grants, isTroubled, type SourceAnswer } from "./sources-api.ts";
import { GrantFailed, grantsKey, Standing } from "./sources-grant.tsx";
import { draftsOf, optionsOf } from "./sources-schema.ts";

/** The grant that a source goes by, with the way to grant it again; nothing for a source that goes by none. */
export function Granted({ source }: { readonly source: SourceAnswer }) {
  const { t } = useTranslation();
  const { query } = usePlace();
  const known = useQuery({ queryKey: ["connectors"], queryFn: connectors, staleTime: Infinity });
  const schema = known.data?.items.find((one) => one.name === source.connector)?.options ?? {};
  const options = optionsOf(schema);
  const grantOption = options.find((option) => option.isGrant);
  const draft = grantOption === undefined ? undefined : draftsOf([grantOption], source.options ?? {})[grantOption.name];
  const account = typeof draft === "string" ? draft : "";
  const found = useQuery({ queryKey: grantsKey, queryFn: grants, enabled: account !== "", refetchInterval: 10_000 });
  const begin = useMutation({
    mutationFn: () =>
      beginGrant(
        { use: source.connector, keep: source.keep, egress: source.egress, paused: source.paused, options: source.options ?? {} },
        account,
        `${location.pathname}?${new URLSearchParams({ open: source.id }).toString()}`,
      ),
    onSuccess: ({ address }) => location.assign(address),
  });
  if (account === "") return null;
  const grant = found.data?.items.find((one) => one.account === account);
  const isRefused = source.lastError?.code === "UPSTREAM_AUTH" && isTroubled(source);
  const failed = query.get("grantError");
  return (
    <section className="granted" aria-label={t("setup.granted.title")}>
      <h3>{t("setup.granted.title")}</h3>
      {query.get("grant") === account && !isRefused && (
        <p role="status" className="found">
          {t("setup.grant.granted", { account })}
        </p>
      )}
      {failed !== null && <GrantFailed code={failed} reason={query.get("grantReason") ?? undefined} />}
      <p>
        <strong>{account}</strong> {grant === undefined ? found.data !== undefined && <span className="quiet">{t("setup.granted.none")}</span> : <Standing grant={grant} />}
      </p>
      {isRefused && <p className="trouble">{t("setup.granted.refused")}</p>}
      <div className="actions">
        <button
          type="button"
          className={isRefused || grant === undefined ? "main" : undefined}
          disabled={begin.isPending || found.data === undefined}
          onClick={() => begin.mutate()}
        >
          {t(grant === undefined ? "setup.grant.begin" : "setup.grant.again")}
        </button>
      </div>
      {found.isError && <Problem error={found.error} onRetry={() => void found.refetch()} />}
      {begin.isError && <Problem error={begin.error} title={t("setup.grant.notBegun")} />}
    </section>
  );
}
