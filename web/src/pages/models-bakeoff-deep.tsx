import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { formatNumber } from "../shell/format.ts";
import { Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { type DeepShown, deepOf } from "./models-bakeoff-api.ts";

/** The larger models that posts are judged by, what they used of their budgets, and what they left to the embedded ones. */
export function DeepModels() {
  const { t } = useTranslation();
  const asked = useQuery({ queryKey: ["deep-models"], queryFn: deepOf, refetchInterval: 10_000 });
  if (asked.isError) return <Problem error={asked.error} onRetry={() => void asked.refetch()} />;
  const rows = asked.data?.items ?? [];
  if (rows.length === 0) return null;
  const figure = (id: string, of: (row: DeepShown) => number, show: (value: number) => string = formatNumber): Column<DeepShown> => ({
    id,
    name: t(`models.bakeoffPage.deep.${id}`),
    cell: (row) => show(of(row)),
    isFigure: true,
    sortBy: of,
  });
  const columns: readonly Column<DeepShown>[] = [
    { id: "model", name: t("models.bakeoffPage.deep.model"), cell: ({ model }) => <code className="long">{model}</code> },
    { id: "task", name: t("models.bakeoffPage.deep.task"), cell: ({ task }) => task },
    { id: "use", name: t("models.bakeoffPage.deep.use"), cell: ({ use }) => t(`models.bakeoffPage.deep.uses.${use}`) },
    figure("budgetShare", ({ budgetShare }) => budgetShare),
    figure(
      "seconds",
      ({ seconds }) => seconds,
      (value) => value.toFixed(1),
    ),
    figure("judged", ({ judged }) => judged),
    figure("budget", ({ unanswered }) => unanswered.budget),
    figure("late", ({ unanswered }) => unanswered.late),
    figure("failed", ({ unanswered }) => unanswered.failed),
  ];
  return (
    <>
      <h3>{t("models.bakeoffPage.deep.title")}</h3>
      <p className="hint">{t("models.bakeoffPage.deep.about")}</p>
      <Table caption={t("models.bakeoffPage.deep.title")} columns={columns} rows={rows} rowKey={({ task, model }) => `${task} ${model}`} />
    </>
  );
}
