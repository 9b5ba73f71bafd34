import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useMe } from "../shell/me.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { allSessions, endOtherSessions, sessionsKey } from "./settings-api.ts";
import { KeptTo, SessionTable } from "./settings-parts.tsx";

/** Who I am here, and where I am signed in. */
export function Account() {
  const { t } = useTranslation();
  const me = useMe();
  const client = useQueryClient();
  const sessions = useQuery({ queryKey: sessionsKey, queryFn: allSessions });
  const others = useMutation({ mutationFn: endOtherSessions, onSuccess: () => client.invalidateQueries({ queryKey: sessionsKey }) });
  const own = sessions.data?.items.filter((session) => session.user === me.name) ?? [];
  return (
    <>
      <h3>{t("settings.account.title")}</h3>
      <dl className="facts">
        <div>
          <dt>{t("settings.account.who")}</dt>
          <dd>
            <b>{me.name}</b>
          </dd>
        </div>
        <div>
          <dt>{t("settings.account.role")}</dt>
          <dd>{t(`settings.account.role_${me.role}`)}</dd>
        </div>
        <div>
          <dt>{t("settings.account.sees")}</dt>
          <dd>
            <KeptTo kept={{ platforms: me.platforms ?? null, terms: me.terms ?? null }} />
          </dd>
        </div>
      </dl>
      <div className="bar">
        <h3 className="grow">{t("settings.account.sessions")}</h3>
        {own.some((session) => !session.current) && (
          <button type="button" disabled={others.isPending} onClick={() => others.mutate()}>
            {t("settings.account.others")}
          </button>
        )}
      </div>
      <p className="hint">{t("settings.account.sessionsHint")}</p>
      <p role="status">{others.data !== undefined && t("settings.account.ended", { count: others.data.ended })}</p>
      {others.isError && <Problem error={others.error} />}
      {sessions.isPending && <Loading />}
      {sessions.isError && <Problem error={sessions.error} onRetry={() => void sessions.refetch()} />}
      {sessions.isSuccess && own.length === 0 && <p>{t("settings.account.noSessions")}</p>}
      {own.length > 0 && <SessionTable sessions={own} />}
    </>
  );
}
