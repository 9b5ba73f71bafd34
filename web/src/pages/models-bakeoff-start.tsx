import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "../shell/link.tsx";
import { Problem } from "../shell/states.tsx";
import { type Bakeoff, setsOf, startBakeoff, versionsOf } from "./models-bakeoff-api.ts";

const tasks = ["sentiment", "emotion", "irony", "offensive", "hate", "spam"] as const;

/** Which task, and on whose word. */
export function BakeoffStart({ isBusy, onStarted }: { readonly isBusy: boolean; readonly onStarted: (started: Bakeoff) => void }) {
  const { t } = useTranslation();
  const [task, setTask] = useState<string>("sentiment");
  const [set, setSet] = useState("");
  const [version, setVersion] = useState("");
  const [tsv, setTsv] = useState<string>();
  const sets = useQuery({ queryKey: ["label-sets"], queryFn: setsOf });
  const versions = useQuery({ queryKey: ["label-sets", set, "versions"], queryFn: () => versionsOf(set), enabled: set !== "" });
  const start = useMutation({ mutationFn: startBakeoff, onSuccess: onStarted });
  const ofClasses = (sets.data?.items ?? []).filter(({ kind }) => kind === "classes");
  const withGold = (versions.data?.items ?? []).filter(({ parts }) => parts.gold > 0);
  const chosen = withGold.some((one) => String(one.version) === version) ? version : String(withGold[0]?.version ?? "");
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (set !== "" && chosen !== "") start.mutate({ task, set, version: Number(chosen) });
    else if (set === "" && tsv !== undefined) start.mutate({ task, tsv });
  };
  return (
    <form className="bakeoff-start" onSubmit={onSubmit}>
      <label>
        {t("models.bakeoffPage.task")}
        <input list="bakeoff-tasks" required pattern="[a-z][a-z0-9\-]*" maxLength={41} value={task} onChange={(event) => setTask(event.target.value)} />
        <datalist id="bakeoff-tasks">
          {tasks.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </label>
      <label>
        {t("models.bakeoffPage.gold")}
        <select value={set} onChange={(event) => setSet(event.target.value)}>
          <option value="">{t("models.bakeoffPage.upload")}</option>
          {ofClasses.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {set === "" ? (
        <label>
          {t("models.bakeoffPage.file")}
          <input type="file" accept=".tsv,.txt,text/tab-separated-values,text/plain" required onChange={(event) => void event.target.files?.[0]?.text().then(setTsv)} />
        </label>
      ) : (
        <label>
          {t("models.bakeoffPage.version")}
          <select value={chosen} onChange={(event) => setVersion(event.target.value)}>
            {withGold.map((one) => (
              <option key={one.version} value={one.version}>
                {t("models.bakeoffPage.versionGold", { version: one.version, count: one.parts.gold })}
              </option>
            ))}
          </select>
        </label>
      )}
      <button type="submit" className="main" disabled={isBusy || start.isPending || (set === "" ? tsv === undefined : chosen === "")}>
        {t("models.bakeoffPage.start")}
      </button>
      {set !== "" && versions.isSuccess && withGold.length === 0 && (
        <p className="hint">
          {t("models.bakeoffPage.noGold")} <Link to="/labels">{t("models.toLabels")}</Link>
        </p>
      )}
      {start.isError && <Problem error={start.error} />}
    </form>
  );
}
