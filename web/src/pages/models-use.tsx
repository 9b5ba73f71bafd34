import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask } from "../shell/api.ts";
import { formatNumber } from "../shell/format.ts";
import { mayAct, useMe } from "../shell/me.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";

type SwitchedModel = "social" | "multilingual" | "spam" | "entities" | "languages";
interface ModelUse {
  readonly model: SwitchedModel;
  readonly tasks: readonly string[];
  readonly languages?: readonly string[];
  readonly state: "on" | "part" | "off";
  readonly origin: "configuration" | "page" | "default";
  readonly cost?: { readonly microsecondsPerPost: number; readonly posts: number; readonly share: number; readonly machineShare: number };
}
interface History {
  readonly state: "running" | "done" | "failed" | "cancelled";
  readonly looked: number;
  readonly of: number;
  readonly changed: number;
  readonly message?: string;
}
interface Uses {
  readonly models: readonly ModelUse[];
  readonly sentiment: readonly { readonly language: string; readonly by: "social" | "multilingual" | "lexicon" }[];
  readonly postsPerSecond: number;
  readonly cores: number;
  readonly isMeasuring: boolean;
  readonly history?: History;
}

const place = "/api/v1/models/use";
const usesOf = (): Promise<Uses> => ask(place);
const send = (body: Readonly<Partial<Record<SwitchedModel, boolean>>>): Promise<Uses> =>
  ask(place, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
const judgeHistory = (): Promise<Uses> => ask(`${place}/history`, { method: "POST" });
const cancelHistory = (): Promise<undefined> => ask(`${place}/history`, { method: "DELETE" });

const soonMs = 700;
const percentOf = (share: number): string => (share < 0.0001 ? "<0.01%" : `${(share * 100).toPrecision(2)}%`);

/** Which embedded models are on, what they cost here, and the switch. */
export function ModelsUse() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const mayChange = mayAct(useMe(), "admin");
  const uses = useQuery({
    queryKey: ["models-use"],
    queryFn: usesOf,
    refetchInterval: ({ state }) => (state.data?.isMeasuring === true || state.data?.history?.state === "running" ? soonMs : 30_000),
  });
  const take = (next: Uses) => {
    client.setQueryData(["models-use"], next);
    void client.invalidateQueries({ queryKey: ["models"] });
  };
  const change = useMutation({ mutationFn: send, onSuccess: take });
  const judge = useMutation({ mutationFn: judgeHistory, onSuccess: take });
  const cancel = useMutation({ mutationFn: cancelHistory, onSuccess: () => client.invalidateQueries({ queryKey: ["models-use"] }) });
  if (uses.isPending) return <Loading />;
  if (uses.isError) return <Problem error={uses.error} onRetry={() => void uses.refetch()} />;
  const { models, sentiment, history, isMeasuring, postsPerSecond, cores } = uses.data;
  const free = models.filter(({ origin }) => origin !== "configuration");
  const switchAll = (on: boolean) => change.mutate(Object.fromEntries(free.map(({ model }) => [model, on])));
  const columns: readonly Column<ModelUse>[] = [
    {
      id: "model",
      name: t("modelsUse.model"),
      cell: ({ model, state, origin }) =>
        mayChange && origin !== "configuration" ? (
          <label className="check">
            <input type="checkbox" role="switch" checked={state !== "off"} disabled={change.isPending} onChange={(event) => change.mutate({ [model]: event.target.checked })} />{" "}
            {t(`modelsUse.name_${model}`)}
          </label>
        ) : (
          t(`modelsUse.name_${model}`)
        ),
    },
    {
      id: "state",
      name: t("modelsUse.state"),
      cell: ({ state, origin }) => (
        <>
          {t(`modelsUse.state_${state}`)} {origin === "configuration" && <span className="quiet">{t("modelsUse.byFile")}</span>}
        </>
      ),
    },
    { id: "languages", name: t("modelsUse.languages"), cell: ({ languages }) => <span className="quiet">{languages?.join(" ") ?? t("modelsUse.allLanguages")}</span> },
    {
      id: "cost",
      name: t("modelsUse.cost"),
      isFigure: true,
      cell: ({ cost }) =>
        cost === undefined ? (
          <span className="quiet">{t(isMeasuring ? "modelsUse.measuring" : "modelsUse.noPosts")}</span>
        ) : (
          t("modelsUse.micros", { micros: formatNumber(Math.round(cost.microsecondsPerPost)) })
        ),
      sortBy: ({ cost }) => cost?.microsecondsPerPost ?? 0,
    },
    {
      id: "share",
      name: t("modelsUse.share"),
      isFigure: true,
      cell: ({ cost }) => (cost === undefined ? "–" : percentOf(cost.machineShare)),
      sortBy: ({ cost }) => cost?.machineShare ?? 0,
    },
  ];
  const by = (judge: Uses["sentiment"][number]["by"]) => sentiment.filter((one) => one.by === judge).map(({ language }) => language);
  return (
    <section aria-labelledby="models-use-title">
      <div className="bar">
        <h3 id="models-use-title">{t("modelsUse.title")}</h3>
        <span className="grow" />
        {mayChange && free.length > 0 && (
          <>
            <button type="button" disabled={change.isPending || free.every(({ state }) => state !== "off")} onClick={() => switchAll(true)}>
              {t("modelsUse.allOn")}
            </button>
            <button type="button" disabled={change.isPending || free.every(({ state }) => state === "off")} onClick={() => switchAll(false)}>
              {t("modelsUse.allOff")}
            </button>
          </>
        )}
      </div>
      <p>
        {t("modelsUse.sentiment")}{" "}
        {(["social", "multilingual", "lexicon"] as const)
          .filter((judge) => by(judge).length > 0)
          .map((judge) => t(`modelsUse.by_${judge}`, { languages: by(judge).join(", ") }))
          .join("; ")}
        {". "}
        {by("social").length === 0 && t("modelsUse.why")}
      </p>
      <Table caption={t("modelsUse.caption")} columns={columns} rows={models} rowKey={({ model }) => model} />
      <p className="hint">{t("modelsUse.pace", { pace: postsPerSecond < 0.01 ? "<0.01" : postsPerSecond.toPrecision(2), count: cores, formatted: formatNumber(cores) })}</p>
      {change.isError && <Problem error={change.error} />}
      {mayChange && (
        <div className="run" role="status">
          {history?.state === "running" ? (
            <>
              <label className="field">
                {t("modelsUse.judging", { looked: formatNumber(history.looked), of: formatNumber(history.of), changed: formatNumber(history.changed) })}
                <progress value={history.looked} max={Math.max(history.of, 1)} />
              </label>
              <button type="button" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
                {t("modelsUse.cancel")}
              </button>
            </>
          ) : (
            <>
              <button type="button" disabled={judge.isPending} onClick={() => judge.mutate()}>
                {t("modelsUse.judgeStored")}
              </button>
              <span className="quiet">
                {history === undefined
                  ? t("modelsUse.aboutStored")
                  : t(`modelsUse.history_${history.state}`, { looked: formatNumber(history.looked), changed: formatNumber(history.changed), message: history.message ?? "" })}
              </span>
            </>
          )}
        </div>
      )}
      {(judge.error ?? cancel.error) !== null && <Problem error={judge.error ?? cancel.error} />}
    </section>
  );
}
