import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "../shell/link.tsx";
import { setQuery, usePlace } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { Table } from "../shell/table.tsx";
import { beginAgain, type Grant, grants } from "./sources-api.ts";
import { useConnectorName } from "./sources-catalogue.tsx";
import { GrantFailed, grantsKey, RevokeGrant, Standing } from "./sources-grant.tsx";

/** All accounts whose owners granted access: asked for again, or given back. */
export function GrantedAccounts() {
  const { t } = useTranslation();
  const nameOf = useConnectorName();
  const { query } = usePlace();
  const found = useQuery({ queryKey: grantsKey, queryFn: grants, refetchInterval: 10_000 });
  const [over, setOver] = useState<Grant>();
  const again = useMutation({ mutationFn: (account: string) => beginAgain(account, "/connections"), onSuccess: ({ address }) => location.assign(address) });
  const failed = query.get("grantError");
  const granted = query.get("grant");
  const items = found.data?.items ?? [];
  return (
    <>
      <h3>{t("connections.grants")}</h3>
      <p role="status">{granted !== null && t("setup.grant.granted", { account: granted })}</p>
      {failed !== null && <GrantFailed code={failed} reason={query.get("grantReason") ?? undefined} />}
      {found.isPending && <Loading />}
      {found.isError && <Problem error={found.error} onRetry={() => void found.refetch()} />}
      {found.isSuccess && items.length === 0 && <Empty action={<Link to="/sources?add=any&need=grant">{t("connections.toGrant")}</Link>}>{t("connections.noGrants")}</Empty>}
      {items.length > 0 && (
        <Table
          caption={t("connections.grants")}
          rows={items}
          rowKey={({ account }) => account}
          columns={[
            { id: "account", name: t("connections.account"), cell: ({ account }) => <strong>{account}</strong>, sortBy: ({ account }) => account },
            { id: "platform", name: t("connections.platform"), cell: ({ connector }) => nameOf(connector), sortBy: ({ connector }) => nameOf(connector) },
            { id: "standing", name: t("connections.standing"), cell: (grant) => <Standing grant={grant} />, sortBy: ({ endsAt }) => endsAt ?? "9999" },
            {
              id: "acts",
              name: t("connections.acts"),
              cell: (grant) => (
                <span className="actions">
                  {grant.again && (
                    <button
                      type="button"
                      disabled={again.isPending}
                      aria-label={t("connections.againNamed", { account: grant.account })}
                      onClick={() => again.mutate(grant.account)}
                    >
                      {t("setup.grant.again")}
                    </button>
                  )}
                  <button type="button" className="plain" aria-label={t("setup.grant.revokeNamed", { account: grant.account })} onClick={() => setOver(grant)}>
                    {t("setup.grant.revoke")}
                  </button>
                </span>
              ),
            },
          ]}
        />
      )}
      {again.isError && <Problem error={again.error} title={t("setup.grant.notBegun")} />}
      {over !== undefined && (
        <RevokeGrant grant={over} onClose={() => setOver(undefined)} onDone={() => setQuery({ grant: undefined, grantError: undefined, grantReason: undefined })} />
      )}
    </>
  );
}
