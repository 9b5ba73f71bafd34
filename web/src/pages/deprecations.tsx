import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { monthsOf, type Notice, noticesOf, setNotice, states, type State } from "./deprecations-api.ts";
import "./deprecations.css";

const monthName = new Intl.DateTimeFormat("en", { month: "long", year: "numeric", timeZone: "UTC" });
const dayMs = 86_400_000;

export default function Deprecations() {
  const { t } = useTranslation();
  const me = useMe();
  const [saved, setSaved] = useState("");
  const asked = useQuery({ queryKey: ["deprecations"], queryFn: noticesOf, refetchInterval: 60_000 });
  const months = monthsOf(asked.data?.items ?? []);
  const titleOf = (id: string) => (id === "over" ? t("deprecations.over") : id === "none" ? t("deprecations.noDay") : monthName.format(new Date(`${id}-01T00:00:00Z`)));
  return (
    <section aria-labelledby="deprecations-title" className="deprecations">
      <div className="bar">
        <h2 id="deprecations-title">{t("page.deprecations")}</h2>
        <About data={{ name: t("page.deprecations"), definition: t("deprecations.about"), metric: "deprecations 1", coverage: [t("deprecations.aboutNot")] }} />
      </div>
      <p className="hint">{t("deprecations.intro")}</p>
      <p role="status" className="notice">
        {saved}
      </p>
      {asked.isPending && <Loading />}
      {asked.isError && <Problem error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data !== undefined && months.length === 0 && <Empty action={<Link to="/sources">{t("deprecations.toSources")}</Link>}>{t("deprecations.none")}</Empty>}
      {months.map(({ id, items }) => (
        <section key={id} aria-labelledby={`month-${id}`}>
          <h3 id={`month-${id}`}>{titleOf(id)}</h3>
          <ul className="plain-list cards">
            {items.map((notice) => (
              <NoticeShown key={notice.id} notice={notice} isAdmin={mayAct(me, "admin")} onSaved={() => setSaved(t("deprecations.saved", { endpoint: notice.endpoint }))} />
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

function NoticeShown({ notice, isAdmin, onSaved }: { readonly notice: Notice; readonly isAdmin: boolean; readonly onSaved: () => void }) {
  const { t } = useTranslation();
  const { endpoint, origin, text, link, effectiveAt, firstAt, lastAt, state, owner, dueAt, sources, terms, views } = notice;
  const days = effectiveAt === undefined ? undefined : Math.ceil((Date.parse(effectiveAt) - Date.now()) / dayMs);
  const isOver = state === "done" || state === "dismissed";
  const told = [
    t(`deprecations.origin.${origin}`),
    t(`deprecations.state.${state}`),
    ...(owner === undefined ? [] : [t("deprecations.ownerShown", { owner })]),
    ...(dueAt === undefined ? [] : [t("deprecations.dueShown", { day: formatDay(dueAt) })]),
  ];
  return (
    <li>
      <strong>
        {notice.connector}: <code>{endpoint}</code>
      </strong>
      {effectiveAt !== undefined && days !== undefined && (
        <span className={days <= 30 && !isOver ? "deprecation-soon" : "quiet"}>
          {" "}
          {t(days < 0 ? "deprecations.ended" : "deprecations.ends", { day: formatDay(effectiveAt) })}
          {days >= 0 && !isOver && ` (${t("deprecations.daysLeft", { count: days, formatted: formatNumber(days) })})`}
        </span>
      )}
      <p>
        {text}{" "}
        {link !== undefined && (
          <a href={link} rel="noreferrer noopener" target="_blank">
            {t("deprecations.more")}
          </a>
        )}
      </p>
      <p className="quiet">{told.join(" · ")}</p>
      <p className="quiet">
        {t("deprecations.sources", { list: sources.join(", ") })}
        {terms.length > 0 && `. ${t("deprecations.terms", { list: terms.join(", ") })}`}
        {views.length > 0 && `. ${t("deprecations.views", { list: views.join(", ") })}`}
        {terms.length + views.length === 0 && `. ${t("deprecations.noUse")}`} {t("deprecations.seen", { first: formatDay(firstAt), last: formatDay(lastAt) })}
      </p>
      {isAdmin && <Plan notice={notice} onSaved={onSaved} />}
    </li>
  );
}

function Plan({ notice, onSaved }: { readonly notice: Notice; readonly onSaved: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [state, setState] = useState<State>(notice.state);
  const [owner, setOwner] = useState(notice.owner ?? "");
  const [due, setDue] = useState(notice.dueAt?.slice(0, 10) ?? "");
  const save = useMutation({
    mutationFn: setNotice,
    onSuccess: () => {
      onSaved();
      void client.invalidateQueries({ queryKey: ["deprecations"] });
      void client.invalidateQueries({ queryKey: ["alarms"] });
    },
  });
  return (
    <details>
      <summary>{t("deprecations.edit", { endpoint: notice.endpoint })}</summary>
      <form
        className="deprecation-plan"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ id: notice.id, state, owner: owner.trim() === "" ? null : owner.trim(), due: due === "" ? null : `${due}T00:00:00Z` });
        }}
      >
        <label>
          {t("deprecations.field.state")}{" "}
          <select
            value={state}
            onChange={(event) => {
              const chosen = states.find((one) => one === event.target.value);
              if (chosen !== undefined) setState(chosen);
            }}
          >
            {states.map((one) => (
              <option key={one} value={one}>
                {t(`deprecations.state.${one}`)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("deprecations.field.owner")} <input value={owner} maxLength={200} onChange={(event) => setOwner(event.target.value)} />
        </label>
        <label>
          {t("deprecations.field.due")} <input type="date" value={due} onChange={(event) => setDue(event.target.value)} />
        </label>
        <button type="submit" disabled={save.isPending}>
          {t("deprecations.save")}
        </button>
      </form>
      {save.isError && <Problem error={save.error} />}
    </details>
  );
}
