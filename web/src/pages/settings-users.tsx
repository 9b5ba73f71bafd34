import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ConfirmByName, Dialog } from "../shell/dialog.tsx";
import { formatDay, formatNumber } from "../shell/format.ts";
import { useMe } from "../shell/me.ts";
import { setQuery, usePlace } from "../shell/place.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { allTokens, allUsers, inviteUser, knownLimits, linkOf, removeUser, tokensKey, type User, usersKey } from "./settings-api.ts";
import { RightsFields, type Rights } from "./settings-kept.tsx";
import { KeptTo, momentOf, Secret } from "./settings-parts.tsx";
import { UserPanel } from "./settings-user.tsx";

/** Who may sign in; an admin's part of the settings. */
export function Users() {
  const { t } = useTranslation();
  const me = useMe();
  const { query } = usePlace();
  const [notice, setNotice] = useState("");
  const client = useQueryClient();
  const users = useQuery({ queryKey: usersKey, queryFn: allUsers, refetchInterval: 15_000 });
  const known = useQuery({ queryKey: ["known-limits"], queryFn: knownLimits });
  const names = new Map((known.data?.terms ?? []).map((term) => [term.id, term.name]));
  const items = users.data?.items ?? [];
  const open = items.find((user) => user.name === query.get("open"));
  const close = () => setQuery({ open: undefined, new: undefined, view: undefined });
  const told = (text: string) => {
    setNotice(text);
    for (const queryKey of [usersKey, tokensKey]) void client.invalidateQueries({ queryKey });
  };
  const columns: readonly Column<User>[] = [
    {
      id: "name",
      name: t("settings.users.name"),
      cell: (user) => (user.name === me.name ? `${user.name} (${t("settings.users.you")})` : user.name),
      sortBy: (user) => user.name,
    },
    { id: "role", name: t("settings.users.role"), cell: (user) => t(`role.${user.role}`), sortBy: (user) => user.role },
    { id: "sees", name: t("settings.users.sees"), cell: (user) => <KeptTo kept={user} names={names} /> },
    { id: "sessions", name: t("settings.users.sessions"), isFigure: true, cell: (user) => formatNumber(user.sessions), sortBy: (user) => user.sessions },
    {
      id: "seen",
      name: t("settings.users.seen"),
      cell: (user) => (user.lastSeenAt === undefined ? "–" : momentOf(user.lastSeenAt)),
      sortBy: (user) => user.lastSeenAt ?? "",
    },
    { id: "since", name: t("settings.users.since"), cell: (user) => formatDay(user.createdAt), sortBy: (user) => user.createdAt },
  ];
  return (
    <>
      <div className="bar">
        <h3 className="grow">{t("settings.tab.users")}</h3>
        <button type="button" className="main" onClick={() => setQuery({ new: "user", open: undefined })}>
          {t("settings.users.invite")}
        </button>
      </div>
      <p className="hint">{t("settings.users.intro")}</p>
      <p role="status">{notice}</p>
      {users.isPending && <Loading />}
      {users.isError && <Problem error={users.error} onRetry={() => void users.refetch()} />}
      {items.length > 0 && (
        <Table caption={t("settings.users.caption")} columns={columns} rows={items} rowKey={(user) => user.name} onOpen={(user) => setQuery({ open: user.name, new: undefined })} />
      )}
      {query.get("new") !== null && <Invite onClose={close} onInvited={(name) => told(t("settings.users.invited", { name }))} />}
      {open !== undefined &&
        (query.get("view") === "remove" ? (
          <Remove
            user={open}
            onClose={close}
            onRemoved={() => {
              told(t("settings.users.removed", { name: open.name }));
              close();
            }}
          />
        ) : (
          <UserPanel key={open.name} user={open} onClose={close} onSaved={() => told(t("settings.users.saved", { name: open.name }))} />
        ))}
    </>
  );
}

function Invite({ onClose, onInvited }: { readonly onClose: () => void; readonly onInvited: (name: string) => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [rights, setRights] = useState<Rights>({ role: "viewer", platforms: null, terms: null });
  const invite = useMutation({ mutationFn: () => inviteUser({ name, ...rights }), onSuccess: () => onInvited(name) });
  if (invite.data !== undefined)
    return (
      <Dialog title={t("settings.users.linkTitle", { name })} onClose={onClose}>
        <Secret
          label={t("settings.users.link")}
          value={linkOf(invite.data.invitation)}
          hint={t("settings.users.linkHint", { name, time: t("settings.at", { time: momentOf(invite.data.invitation.expiresAt) }) })}
        />
      </Dialog>
    );
  return (
    <Dialog title={t("settings.users.invite")} onClose={onClose}>
      <form
        className="settings-form"
        onSubmit={(event) => {
          event.preventDefault();
          invite.mutate();
        }}
      >
        <label className="field">
          {t("settings.users.name")}
          <input
            value={name}
            required
            autoComplete="off"
            spellCheck={false}
            pattern="[a-z0-9][a-z0-9._@+\-]{0,99}"
            title={t("settings.users.nameHint")}
            onChange={(event) => setName(event.target.value)}
          />
          <small>{t("settings.users.nameHint")}</small>
        </label>
        <RightsFields rights={rights} onChange={setRights} />
        {invite.isError && <Problem error={invite.error} />}
        <div className="actions">
          <button type="submit" className="main" disabled={invite.isPending}>
            {t("settings.users.invite")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Remove({ user, onClose, onRemoved }: { readonly user: User; readonly onClose: () => void; readonly onRemoved: () => void }) {
  const { t } = useTranslation();
  const tokens = useQuery({ queryKey: tokensKey, queryFn: allTokens });
  const remove = useMutation({ mutationFn: () => removeUser(user.name), onSuccess: onRemoved });
  const own = tokens.data?.items.filter((token) => token.createdBy === user.name).length;
  return (
    <ConfirmByName
      title={t("settings.users.removeTitle", { name: user.name })}
      name={user.name}
      action={t("settings.users.remove")}
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <ul>
        {user.sessions > 0 && <li>{t("settings.users.removeSessions", { count: user.sessions })}</li>}
        {own !== undefined && own > 0 && <li>{t("settings.users.removeTokens", { count: own })}</li>}
        <li>{t("settings.users.removeKeep")}</li>
      </ul>
      {remove.isError && <Problem error={remove.error} />}
    </ConfirmByName>
  );
}
