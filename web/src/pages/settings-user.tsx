import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/dialog.tsx";
import { setQuery } from "../shell/place.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { allSessions, changeUser, linkFor, linkOf, sessionsKey, type User } from "./settings-api.ts";
import { RightsFields, type Rights } from "./settings-kept.tsx";
import { momentOf, Secret, SessionTable } from "./settings-parts.tsx";

/** One user: role, limits, a new way in, sessions. */
export function UserPanel({ user, onSaved, onClose }: { readonly user: User; readonly onSaved: () => void; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { name } = user;
  const [rights, setRights] = useState<Rights>({ role: user.role, platforms: user.platforms, terms: user.terms });
  const sessions = useQuery({ queryKey: sessionsKey, queryFn: allSessions });
  const save = useMutation({
    mutationFn: () => changeUser(name, rights),
    onSuccess: () => {
      onSaved();
      onClose();
    },
  });
  const link = useMutation({ mutationFn: () => linkFor(name) });
  const own = sessions.data?.items.filter((session) => session.user === name) ?? [];
  return (
    <Dialog kind="side" title={name} onClose={onClose}>
      <form
        className="settings-form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <RightsFields rights={rights} onChange={setRights} />
        {save.isError && <Problem error={save.error} />}
        <div className="actions">
          <button type="submit" className="main" disabled={save.isPending}>
            {t("settings.users.save")}
          </button>
          <span className="grow" />
          <button type="button" disabled={link.isPending} onClick={() => link.mutate()}>
            {t("settings.users.newLink")}
          </button>
          <button type="button" className="danger" onClick={() => setQuery({ view: "remove" })}>
            {t("settings.users.remove")}
          </button>
        </div>
      </form>
      {link.isError && <Problem error={link.error} />}
      {link.data !== undefined && (
        <Secret
          label={t("settings.users.link")}
          value={linkOf(link.data)}
          hint={t("settings.users.linkHint", { name, time: t("settings.at", { time: momentOf(link.data.expiresAt) }) })}
        />
      )}
      <h3>{t("settings.users.sessionsOf")}</h3>
      {sessions.isPending && <Loading />}
      {sessions.isError && <Problem error={sessions.error} onRetry={() => void sessions.refetch()} />}
      {sessions.isSuccess && own.length === 0 && <p className="hint">{t("settings.users.noneOpen")}</p>}
      {own.length > 0 && <SessionTable sessions={own} />}
    </Dialog>
  );
}
