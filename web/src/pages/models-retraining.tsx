import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { mayAct, useMe } from "../shell/me.ts";
import { Problem } from "../shell/states.tsx";
import { DifferenceMark } from "./models-figure.tsx";
import { labelSetsOf, type Retraining, retrainingOf, retrainNow, setRetraining, stopRetraining } from "./models-registry-api.ts";

const when = (at: string): string => `${formatDay(at)} ${formatClock(at).slice(0, 5)} UTC`;
const periods = ["never", "daily", "weekly", "monthly"] as const;
const workingEveryMs = 2_000;
const quietEveryMs = 30_000;

/** What trains by itself, when, and what came of it. */
export function RetrainingSection() {
  const { t } = useTranslation();
  const me = useMe();
  const known = useQuery({
    queryKey: ["retraining"],
    queryFn: retrainingOf,
    refetchInterval: ({ state }) => (state.data?.items.some(({ runs }) => runs[0]?.outcome === "running") === true ? workingEveryMs : quietEveryMs),
  });
  if (known.isError) return <Problem error={known.error} onRetry={() => void known.refetch()} />;
  if (known.data === undefined) return null;
  const { items } = known.data;
  return (
    <section aria-labelledby="retraining-title">
      <h3 id="retraining-title">{t("registry.schedule.title")}</h3>
      <p className="hint">{t("registry.schedule.about")}</p>
      {items.length === 0 && <p className="quiet">{t("registry.schedule.none")}</p>}
      {items.map((item) => (
        <Scheduled key={item.schedule.set} item={item} />
      ))}
      {mayAct(me, "admin") && <Plan taken={items.map(({ schedule }) => schedule.set)} />}
    </section>
  );
}

function Scheduled({ item }: { readonly item: Retraining }) {
  const { t } = useTranslation();
  const me = useMe();
  const client = useQueryClient();
  const { schedule, name, newLabels, nextAt, runs } = item;
  const renew = () => void client.invalidateQueries({ queryKey: ["retraining"] });
  const now = useMutation({ mutationFn: () => retrainNow(schedule.set), onSettled: renew });
  const stop = useMutation({ mutationFn: () => stopRetraining(schedule.set), onSettled: renew });
  const causes = [
    ...(schedule.every === "never" ? [] : [t(`registry.schedule.period.${schedule.every}`)]),
    ...(schedule.afterLabels === undefined ? [] : [t("registry.schedule.after", { count: schedule.afterLabels, formatted: formatNumber(schedule.afterLabels) })]),
    ...(schedule.onDrift ? [t("registry.schedule.onDrift")] : []),
  ];
  return (
    <article className="run" aria-label={name}>
      <p>
        <Link to={`/labels/${schedule.set}`}>{name}</Link>: {causes.join("; ") || t("registry.schedule.period.never")}.{" "}
        {t(schedule.promotes ? "registry.schedule.promotes" : "registry.schedule.asks")}{" "}
        <span className="quiet">
          {t("registry.schedule.newLabels", { count: newLabels, formatted: formatNumber(newLabels) })}
          {nextAt !== undefined && ` ${t("registry.schedule.next", { at: when(nextAt) })}`}
        </span>
      </p>
      <div className="actions">
        {mayAct(me, "analyst") && (
          <button type="button" disabled={now.isPending || runs[0]?.outcome === "running"} onClick={() => now.mutate()}>
            {t("registry.schedule.now")}
          </button>
        )}
        {mayAct(me, "admin") && (
          <button type="button" disabled={stop.isPending} onClick={() => stop.mutate()}>
            {t("registry.schedule.stop")}
          </button>
        )}
      </div>
      {now.isError && <Problem error={now.error} />}
      {stop.isError && <Problem error={stop.error} />}
      {runs.length > 0 && (
        <ol className="plain-list" aria-label={t("registry.schedule.history", { name })}>
          {runs.map((run) => (
            <li key={run.number}>
              {when(run.at)}, {t(`registry.schedule.cause.${run.cause}`)}: <Outcome run={run} />
            </li>
          ))}
        </ol>
      )}
    </article>
  );
}

function Outcome({ run: { outcome, reason, model, evidence, promoted } }: { readonly run: Retraining["runs"][number] }) {
  const { t } = useTranslation();
  const link = model !== undefined && <Link to={`/models?model=${encodeURIComponent(model)}`}>{model}</Link>;
  if (outcome !== "trained")
    return (
      <span className={outcome === "failed" ? "trouble" : "quiet"}>
        {t(`registry.schedule.outcome.${outcome}`)}
        {reason !== undefined && `: ${reason}`}
      </span>
    );
  if (evidence === undefined)
    return (
      <>
        {link} <span className="quiet">{t("registry.schedule.notCompared", { reason: reason ?? "" })}</span>
      </>
    );
  const isBetter = evidence.difference.low > 0;
  return (
    <>
      {link} <DifferenceMark difference={evidence.difference} />{" "}
      {promoted
        ? t("registry.schedule.promoted")
        : isBetter
          ? t(evidence.allowed ? "registry.schedule.decide" : "registry.schedule.better", { reasons: evidence.reasons.join("; ") })
          : t("registry.schedule.notBetter")}
    </>
  );
}

function Plan({ taken }: { readonly taken: readonly string[] }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const sets = useQuery({ queryKey: ["label-sets"], queryFn: labelSetsOf });
  const [set, setSet] = useState("");
  const [every, setEvery] = useState<(typeof periods)[number]>("weekly");
  const [after, setAfter] = useState("");
  const [onDrift, setOnDrift] = useState(true);
  const [promotes, setPromotes] = useState(false);
  const plan = useMutation({
    mutationFn: () => setRetraining(set, { every, onDrift, promotes, ...(after !== "" && { afterLabels: Number(after) }) }),
    onSuccess: () => {
      setSet("");
      void client.invalidateQueries({ queryKey: ["retraining"] });
    },
  });
  const usable = sets.data?.items.filter(({ kind }) => kind === "classes") ?? [];
  if (usable.length === 0) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    plan.mutate();
  };
  return (
    <form className="bar" onSubmit={submit} aria-label={t("registry.schedule.plan")}>
      <label className="field">
        {t("registry.schedule.set")}
        <select value={set} required onChange={(event) => setSet(event.target.value)}>
          <option value="">{t("registry.train.choose")}</option>
          {usable.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        {t("registry.schedule.every")}
        <select value={every} onChange={(event) => setEvery(periods.find((one) => one === event.target.value) ?? "never")}>
          {periods.map((one) => (
            <option key={one} value={one}>
              {t(`registry.schedule.period.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        {t("registry.schedule.afterField")}
        <input type="number" min={1} max={100_000} value={after} onChange={(event) => setAfter(event.target.value)} />
      </label>
      <label className="check">
        <input type="checkbox" checked={onDrift} onChange={(event) => setOnDrift(event.target.checked)} /> {t("registry.schedule.onDrift")}
      </label>
      <label className="check">
        <input type="checkbox" checked={promotes} onChange={(event) => setPromotes(event.target.checked)} /> {t("registry.schedule.promoteField")}
      </label>
      <button type="submit" disabled={set === "" || plan.isPending}>
        {t(taken.includes(set) ? "registry.schedule.change" : "registry.schedule.begin")}
      </button>
      {plan.isError && <Problem error={plan.error} />}
    </form>
  );
}
