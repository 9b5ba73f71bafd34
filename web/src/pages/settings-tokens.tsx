import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ConfirmByName } from "../shell/dialog.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { setQuery, usePlace } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { allTokens, revokeToken, type Token, tokensKey } from "./settings-api.ts";
import { momentOf } from "./settings-parts.tsx";
import { MakeToken } from "./settings-token-make.tsx";

/** One's own API tokens; an admin's list holds everybody's. */
export function Tokens() {
  const { t } = useTranslation();
  const isAdmin = mayAct(useMe(), "admin");
  const { query } = usePlace();
  const [notice, setNotice] = useState("");
  const client = useQueryClient();
  const tokens = useQuery({ queryKey: tokensKey, queryFn: allTokens });
  const items = tokens.data?.items ?? [];
  const revoked = items.find((token) => token.id === query.get("revoke"));
  const close = () => setQuery({ new: undefined, revoke: undefined });
  const revoke = useMutation({
    mutationFn: revokeToken,
    onSuccess: (_nothing, id) => {
      setNotice(t("settings.tokens.revoked", { name: items.find((token) => token.id === id)?.name ?? id }));
      close();
      void client.invalidateQueries({ queryKey: tokensKey });
    },
  });
  const isExpired = (token: Token) => token.expiresAt !== undefined && Date.parse(token.expiresAt) <= Date.now();
  const make = (
    <button type="button" className="main" onClick={() => setQuery({ new: "token" })}>
      {t("settings.tokens.make")}
    </button>
  );
  const owner: Column<Token> = { id: "owner", name: t("settings.tokens.owner"), cell: (token) => token.createdBy, sortBy: (token) => token.createdBy };
  const columns: readonly Column<Token>[] = [
    { id: "name", name: t("settings.tokens.name"), cell: (token) => token.name, sortBy: (token) => token.name },
    ...(isAdmin ? [owner] : []),
    { id: "role", name: t("settings.tokens.role"), cell: (token) => t(`role.${token.role}`), sortBy: (token) => token.role },
    { id: "scopes", name: t("settings.tokens.scopes"), cell: (token) => (token.scopes.length === 0 ? t("settings.tokens.all") : token.scopes.join(", ")) },
    { id: "created", name: t("settings.tokens.created"), cell: (token) => momentOf(token.createdAt), sortBy: (token) => token.createdAt },
    {
      id: "expires",
      name: t("settings.tokens.expires"),
      cell: (token) =>
        token.expiresAt === undefined ? t("settings.never") : isExpired(token) ? <span className="trouble">{t("settings.tokens.expired")}</span> : momentOf(token.expiresAt),
      sortBy: (token) => token.expiresAt ?? "9",
    },
    {
      id: "used",
      name: t("settings.tokens.used"),
      cell: (token) => (token.lastUsedAt === undefined ? t("settings.never") : momentOf(token.lastUsedAt)),
      sortBy: (token) => token.lastUsedAt ?? "",
    },
    {
      id: "revoke",
      name: t("settings.tokens.revoke"),
      cell: (token) => (
        <button type="button" aria-label={t("settings.tokens.revokeOf", { name: token.name })} onClick={() => setQuery({ revoke: token.id })}>
          {t("settings.tokens.revoke")}
        </button>
      ),
    },
  ];
  return (
    <>
      <div className="bar">
        <h3 className="grow">{t("settings.tab.tokens")}</h3>
        {items.length > 0 && make}
      </div>
      <p className="hint">{t("settings.tokens.intro")}</p>
      <p role="status">{notice}</p>
      {tokens.isPending && <Loading />}
      {tokens.isError && <Problem error={tokens.error} onRetry={() => void tokens.refetch()} />}
      {tokens.isSuccess && items.length === 0 && <Empty action={make}>{t("settings.tokens.none")}</Empty>}
      {items.length > 0 && <Table caption={t("settings.tokens.caption")} columns={columns} rows={items} rowKey={(token) => token.id} />}
      {query.get("new") !== null && <MakeToken onClose={close} />}
      {revoked !== undefined && (
        <ConfirmByName
          title={t("settings.tokens.revokeTitle", { name: revoked.name })}
          name={revoked.name}
          action={t("settings.tokens.revoke")}
          isBusy={revoke.isPending}
          onConfirm={() => revoke.mutate(revoked.id)}
          onClose={close}
        >
          <p>{t("settings.tokens.revokeHint")}</p>
          {revoke.isError && <Problem error={revoke.error} />}
        </ConfirmByName>
      )}
    </>
  );
}
