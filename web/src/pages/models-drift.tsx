import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { Dialog } from "../shell/dialog.tsx";
import { formatDay } from "../shell/format.ts";
import { mayAct, useMe } from "../shell/me.ts";
import { setQuery, usePlace } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { linesOf, type Look, lookAt, looksOf, type SliceLine } from "./models-drift-api.ts";
import { LookShown } from "./models-drift-look.tsx";
import "./models-drift.css";

const shownDays = 30;
const kinds = ["none", "balance", "text"] as const;
const marks = { none: "·", balance: "◐", text: "●" } as const;
const keyOf = ({ day, slice }: Look): string => `${day.slice(0, 10)} ${slice}`;
const yesterday = (): string => new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);

export default function ModelsDrift() {
  const { t } = useTranslation();
  const { query } = usePlace();
  const me = useMe();
  const asked = useQuery({ queryKey: ["model-drift"], queryFn: () => looksOf(shownDays), refetchInterval: 60_000 });
  const tasks = asked.data?.tasks ?? [];
  const task = query.get("task") ?? tasks[0] ?? "";
  const { days, lines } = linesOf(asked.data?.items ?? [], task);
  const open = asked.data?.items.find((look) => look.task === task && keyOf(look) === query.get("open"));
  const sliceName = (slice: string): string => (slice === "all" ? t("modelDrift.all") : slice);
  return (
    <section aria-labelledby="models-drift-title" className="model-drift">
      <div className="bar">
        <h2 id="models-drift-title">{t("page.model-drift")}</h2>
        <About
          data={{ name: t("page.model-drift"), definition: t("modelDrift.about"), metric: "model-drift 1", coverage: [t("modelDrift.aboutSample"), t("modelDrift.aboutBalance")] }}
        />
        {tasks.length > 0 && (
          <label>
            {t("modelDrift.task")}{" "}
            <select value={task} onChange={(event) => setQuery({ task: event.target.value, open: undefined })}>
              {tasks.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
      </div>
      <p className="hint">{t("modelDrift.intro")}</p>
      {asked.isPending && <Loading />}
      {asked.isError && <Problem error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data !== undefined && tasks.length === 0 && <Empty>{t("modelDrift.off")}</Empty>}
      {tasks.length > 0 && lines.length === 0 && <Empty>{t("modelDrift.none")}</Empty>}
      {tasks.length > 0 && mayAct(me, "analyst") && <LookNow />}
      {lines.length > 0 && <DriftMap days={days} lines={lines} sliceName={sliceName} />}
      {open !== undefined && (
        <Dialog kind="side" title={t("modelDrift.title", { slice: sliceName(open.slice), day: formatDay(open.day) })} onClose={() => setQuery({ open: undefined })}>
          <LookShown look={open} />
        </Dialog>
      )}
    </section>
  );
}

function LookNow() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [day, setDay] = useState(yesterday);
  const look = useMutation({ mutationFn: lookAt, onSuccess: () => void client.invalidateQueries({ queryKey: ["model-drift"] }) });
  return (
    <form
      className="bar"
      aria-label={t("modelDrift.lookNow")}
      onSubmit={(event) => {
        event.preventDefault();
        look.mutate(day);
      }}
    >
      <label>
        {t("modelDrift.day")} <input type="date" required value={day} max={yesterday()} onChange={(event) => setDay(event.target.value)} />
      </label>
      <button type="submit" disabled={look.isPending}>
        {t("modelDrift.look")}
      </button>
      <span role="status" className="quiet">
        {look.isPending ? t("modelDrift.looking") : look.data === undefined ? "" : t("modelDrift.looked", { count: new Set(look.data.items.map(({ slice }) => slice)).size })}
      </span>
      {look.isError && <Problem error={look.error} />}
    </form>
  );
}

function DriftMap({ days, lines, sliceName }: { readonly days: readonly string[]; readonly lines: readonly SliceLine[]; readonly sliceName: (slice: string) => string }) {
  const { t } = useTranslation();
  return (
    <>
      <ul className="legend" aria-label={t("modelDrift.legend")}>
        {kinds.map((kind) => (
          <li key={kind}>
            <span aria-hidden="true">{marks[kind]}</span> {t(`modelDrift.kind.${kind}`)}
          </li>
        ))}
      </ul>
      <div className="table-scroll" role="region" aria-label={t("modelDrift.map")} tabIndex={0}>
        <table>
          <caption className="unseen">{t("modelDrift.map")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("modelDrift.slice")}</th>
              {days.map((day) => (
                <th scope="col" key={day}>
                  {day.slice(5, 10)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map(({ slice, looks }) => (
              <tr key={slice}>
                <th scope="row">{sliceName(slice)}</th>
                {looks.map((look, at) => (
                  <td key={days[at]}>
                    {look === undefined ? (
                      <span className="unseen">{t("modelDrift.missing")}</span>
                    ) : (
                      <button
                        type="button"
                        className={`moved-${look.kind}`}
                        aria-label={t("modelDrift.cell", { day: look.day.slice(0, 10), slice: sliceName(slice), kind: t(`modelDrift.kind.${look.kind}`) })}
                        onClick={() => setQuery({ open: keyOf(look) })}
                      >
                        {marks[look.kind]}
                      </button>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
