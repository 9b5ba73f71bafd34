import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay } from "../shell/format.ts";
import { Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { endSession, type Kept, type Session, sessionsKey, usersKey } from "./settings-api.ts";

/** UTC, to the minute. */
export const momentOf = (at: string): string => `${formatDay(at)} ${formatClock(at).slice(0, 5)}`;

/** A secret that is shown once: marked when it is touched, copied by a button. */
export function Secret({ label, value, hint }: { readonly label: string; readonly value: string; readonly hint: string }) {
  const { t } = useTranslation();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState("");
  const copy = () =>
    void navigator.clipboard.writeText(value).then(
      () => setSaid(t("settings.copied")),
      () => {
        input.current?.select();
        setSaid(t("settings.copyFailed"));
      },
    );
  return (
    <div className="secret">
      <label className="field" htmlFor={id}>
        {label}
      </label>
      <div className="secret-line">
        <input ref={input} id={id} className="code" readOnly value={value} aria-describedby={`${id}-hint`} onFocus={(event) => event.target.select()} />
        <button type="button" className="main" onClick={copy}>
          {t("settings.copy")}
        </button>
      </div>
      <p className="hint" id={`${id}-hint`}>
        {hint}
      </p>
      <p role="status">{said}</p>
    </div>
  );
}

/** What somebody sees of the data, in words. */
export function KeptTo({ kept, names }: { readonly kept: Kept; readonly names?: ReadonlyMap<string, string> }) {
  const { t } = useTranslation();
  const { platforms, terms } = kept;
  if (platforms === null && terms === null) return <>{t("settings.kept.all")}</>;
  const listed = (ids: readonly string[]) => ids.map((id) => names?.get(id) ?? id).join(", ");
  const ofTerms = terms === null ? undefined : terms.length === 0 ? t("settings.kept.none") : t("settings.kept.terms", { names: listed(terms) });
  const ofPlatforms = platforms === null ? undefined : platforms.length === 0 ? t("settings.kept.none") : t("settings.kept.platforms", { names: platforms.join(", ") });
  if (ofTerms === undefined || ofPlatforms === undefined || terms?.length === 0 || platforms?.length === 0)
    return <>{terms?.length === 0 || platforms?.length === 0 ? t("settings.kept.none") : (ofTerms ?? ofPlatforms)}</>;
  return <>{t("settings.kept.and", { one: ofTerms, other: ofPlatforms })}</>;
}

/** The browser and the system of a user agent, as people call them. */
export function agentName(agent: string): string | undefined {
  const browser = [/(?:Edg|EdgA)\/(\d+)/, /OPR\/(\d+)/, /Firefox\/(\d+)/, /(?:Headless)?Chrome\/(\d+)/, /Version\/(\d+).*Safari/].findIndex((pattern) => pattern.test(agent));
  const name = ["Edge", "Opera", "Firefox", "Chrome", "Safari"][browser];
  const system = (
    [
      [/Android/, "Android"],
      [/iPhone|iPad/, "iOS"],
      [/Windows/, "Windows"],
      [/Mac OS X/, "macOS"],
      [/Linux/, "Linux"],
    ] as const
  ).find(([pattern]) => pattern.test(agent))?.[1];
  if (name === undefined) return agent === "" ? undefined : agent.slice(0, 60);
  return system === undefined ? name : `${name}, ${system}`;
}

export function SessionTable({ sessions }: { readonly sessions: readonly Session[] }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: endSession,
    onSettled: () => {
      void client.invalidateQueries({ queryKey: sessionsKey });
      void client.invalidateQueries({ queryKey: usersKey });
    },
  });
  const nameOf = (session: Session) => agentName(session.agent) ?? t("settings.session.unknown");
  const columns: readonly Column<Session>[] = [
    { id: "agent", name: t("settings.session.agent"), cell: (session) => <span title={session.agent}>{nameOf(session)}</span> },
    { id: "created", name: t("settings.session.created"), cell: (session) => momentOf(session.createdAt), sortBy: (session) => session.createdAt },
    { id: "used", name: t("settings.session.used"), cell: (session) => momentOf(session.lastUsedAt ?? session.createdAt), sortBy: (session) => session.lastUsedAt ?? "" },
    { id: "expires", name: t("settings.session.expires"), cell: (session) => formatDay(session.expiresAt) },
    {
      id: "end",
      name: t("settings.session.end"),
      cell: (session) =>
        session.current ? (
          <b>{t("settings.session.current")}</b>
        ) : (
          <button
            type="button"
            disabled={end.isPending}
            aria-label={t("settings.session.endOf", { agent: nameOf(session), time: momentOf(session.createdAt) })}
            onClick={() => end.mutate(session.id)}
          >
            {t("settings.session.end")}
          </button>
        ),
    },
  ];
  return (
    <>
      {end.isError && <Problem error={end.error} />}
      <Table caption={t("settings.session.caption")} columns={columns} rows={sessions} rowKey={(session) => session.id} />
    </>
  );
}
