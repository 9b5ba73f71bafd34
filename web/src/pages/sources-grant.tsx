import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Advice } from "../shell/advice.tsx";
import { ConfirmByName } from "../shell/dialog.tsx";
import { formatDay } from "../shell/format.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { beginGrant, type Grant, grants, revokeGrant, type Wish } from "./sources-api.ts";

export const grantsKey = ["grants"];

/** Accounts whose owners granted access: one is chosen, one more is asked for, one is given back. */
export function GrantChoice({
  wish,
  account,
  failed,
  reason,
  isNew,
  wishWith,
  onChoose,
  onRevoke,
}: {
  readonly wish: Wish;
  /** The account that is chosen; "": none. */
  readonly account: string;
  /** The code with which the browser came back. */
  readonly failed: string | undefined;
  /** The platform's own word on it. */
  readonly reason: string | undefined;
  readonly isNew: boolean;
  /** The options as they are with this account. */
  readonly wishWith: (account: string) => Wish;
  readonly onChoose: (account: string) => void;
  readonly onRevoke: (grant: Grant) => void;
}) {
  const { t } = useTranslation();
  const [name, setName] = useState(account === "" ? wish.use : account);
  const known = useQuery({ queryKey: grantsKey, queryFn: grants });
  const begin = useMutation({
    mutationFn: () => beginGrant(wishWith(name), name, location.pathname + location.search),
    onSuccess: ({ address }) => location.assign(address),
  });
  if (known.isError) return <Problem error={known.error} onRetry={() => void known.refetch()} />;
  if (known.data === undefined) return <Loading />;
  const { items, redirectUri } = known.data;
  const mine = items.filter((grant) => grant.connector === wish.use);
  return (
    <fieldset className="grants">
      <legend>{t("setup.grant.title")}</legend>
      <p>{t("setup.grant.about")}</p>
      {failed !== undefined && <GrantFailed code={failed} reason={reason} />}
      <p role="status" className="found">
        {isNew && account !== "" && t("setup.grant.granted", { account })}
      </p>
      <label className="check">
        <input type="radio" name="grant" checked={account === ""} onChange={() => onChoose("")} /> {t("setup.grant.none")}
      </label>
      {mine.map((grant) => (
        <div key={grant.account} className="bar">
          <label className="check grow">
            <input type="radio" name="grant" checked={grant.account === account} onChange={() => onChoose(grant.account)} />{" "}
            <span>
              <strong>{grant.account}</strong> <Standing grant={grant} />
            </span>
          </label>
          <button type="button" className="plain" aria-label={t("setup.grant.revokeNamed", { account: grant.account })} onClick={() => onRevoke(grant)}>
            {t("setup.grant.revoke")}
          </button>
        </div>
      ))}
      <div className="bar">
        <label className="field">
          {t("setup.grant.name")}
          <input value={name} pattern="[a-z0-9][a-z0-9\-]{0,62}" autoComplete="off" spellCheck={false} onChange={(event) => setName(event.target.value)} />
        </label>
        <button type="button" disabled={begin.isPending || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)} onClick={() => begin.mutate()}>
          {t(mine.some((grant) => grant.account === name) ? "setup.grant.again" : "setup.grant.begin")}
        </button>
      </div>
      {redirectUri === undefined ? <p className="trouble">{t("setup.grant.noAddress")}</p> : <Redirect address={redirectUri} />}
      {begin.isError && <Problem error={begin.error} title={t("setup.grant.notBegun")} />}
    </fieldset>
  );
}

/** Why the browser came back without access. */
export function GrantFailed({ code, reason }: { readonly code: string; readonly reason: string | undefined }) {
  const { t } = useTranslation();
  return (
    <div className="problem" role="alert">
      <strong>{t("setup.grant.failed")}</strong>
      <p>
        <code>{code}</code> {t(`setup.grant.failures.${code as "UPSTREAM_REFUSED"}`, { defaultValue: "" })}{" "}
        {reason !== undefined && (
          <span>
            {t("setup.grant.reason")} <code className="long">{reason}</code>
          </span>
        )}
      </p>
      <Advice code={code} />
    </div>
  );
}

function Redirect({ address }: { readonly address: string }) {
  const { t } = useTranslation();
  return (
    <p className="quiet">
      {t("setup.grant.register")} <code className="long">{address}</code>
    </p>
  );
}

const dayMs = 86_400_000;
const soonDays = 14;

/** Who granted it, until when it holds, and for what it is used. */
export function Standing({ grant: { grantedBy, grantedAt, endsAt, lacks, sources } }: { readonly grant: Grant }) {
  const { t } = useTranslation();
  const daysLeft = endsAt === undefined ? Infinity : (Date.parse(endsAt) - Date.now()) / dayMs;
  return (
    <span className="quiet">
      {t("setup.grant.by", { by: grantedBy, day: formatDay(grantedAt) })}
      {endsAt !== undefined && (
        <span className={daysLeft < soonDays ? "trouble" : undefined}> {t(daysLeft < 0 ? "setup.grant.ended" : "setup.grant.ends", { day: formatDay(endsAt) })}</span>
      )}{" "}
      {lacks.length > 0 && <span className="trouble">{t("setup.grant.lacks", { scopes: lacks.join(", ") })} </span>}
      {sources.length === 0 ? t("setup.grant.unused") : t("setup.grant.used", { sources: sources.join(", ") })}
    </span>
  );
}

/** Asks before access is given back. Not to be shown within a form: it is one. */
export function RevokeGrant({ grant, onClose, onDone }: { readonly grant: Grant; readonly onClose: () => void; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeGrant(grant.account),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: grantsKey });
      onDone();
      onClose();
    },
  });
  return (
    <ConfirmByName
      title={t("setup.grant.revokeNamed", { account: grant.account })}
      name={grant.account}
      action={t("setup.grant.revokeNow")}
      isBusy={revoke.isPending}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    >
      <p>{t("setup.grant.revokeWhat")}</p>
      {grant.sources.length > 0 && <p className="trouble">{t("setup.grant.revokeStops", { sources: grant.sources.join(", ") })}</p>}
      {revoke.isError && <Problem error={revoke.error} />}
    </ConfirmByName>
  );
}
