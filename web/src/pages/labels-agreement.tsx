import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { About } from "../shell/about.tsx";
import { formatNumber } from "../shell/format.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { Table } from "../shell/table.tsx";
import { agreementOf, type SetView } from "./labels-api.ts";

const percent = (share: number) => `${formatNumber(Math.round(share * 1_000) / 10)}%`;

/** How far annotators agree, on what they do not, and who differs. */
export function LabelAgreement({ set }: { readonly set: SetView }) {
  const { t } = useTranslation();
  const asked = useQuery({ queryKey: ["label-agreement", set.id], queryFn: () => agreementOf(set.id) });
  if (asked.isPending) return <Loading />;
  if (asked.isError) return <Problem error={asked.error} onRetry={() => void asked.refetch()} />;
  const { alpha, units, observed, perClass, perAnnotator, confusion } = asked.data;
  if (units === 0) return <Empty>{t("labels.agreement.none")}</Empty>;
  const told = (value: number | undefined) => (value === undefined ? t("labels.agreement.noAlpha") : value.toFixed(3));
  const confused = confusion.filter(({ one, other }) => one !== other);
  return (
    <>
      <dl className="label-figures">
        <div>
          <dt>
            {t("labels.agreement.alpha")}{" "}
            <About
              data={{
                name: t("labels.agreement.alpha"),
                definition: t("labels.agreement.definition"),
                metric: "krippendorff-alpha 1 (nominal)",
                coverage: [t("labels.agreement.good")],
              }}
            />
          </dt>
          <dd>{told(alpha)}</dd>
        </div>
        <div>
          <dt>{t("labels.agreement.observed")}</dt>
          <dd>{percent(observed)}</dd>
        </div>
        <div>
          <dt>{set.kind === "classes" ? t("labels.agreement.units") : t("labels.agreement.units_spans")}</dt>
          <dd>{formatNumber(units)}</dd>
        </div>
      </dl>
      <p className="hint">{t("labels.agreement.good")}</p>
      <div className="label-columns">
        <div>
          <h3>{t("labels.agreement.confusion")}</h3>
          {confused.length === 0 ? (
            <p className="quiet">{t("labels.agreement.noConfusion")}</p>
          ) : (
            <Table
              caption={t("labels.agreement.confusion")}
              columns={[
                { id: "one", name: t("labels.agreement.one"), cell: (row) => row.one },
                { id: "other", name: t("labels.agreement.other"), cell: (row) => row.other },
                { id: "pairs", name: t("labels.agreement.pairs"), isFigure: true, cell: (row) => formatNumber(row.pairs), sortBy: (row) => row.pairs },
              ]}
              rows={confused}
              rowKey={(row) => `${row.one} ${row.other}`}
            />
          )}
        </div>
        <div>
          <h3>{t("labels.agreement.perClass")}</h3>
          <Table
            caption={t("labels.agreement.perClass")}
            columns={[
              { id: "name", name: t("labels.byClass.name"), cell: ([name]) => name },
              { id: "alpha", name: t("labels.agreement.alpha"), isFigure: true, cell: ([, row]) => told(row.alpha) },
              { id: "ratings", name: t("labels.agreement.ratings"), isFigure: true, cell: ([, row]) => formatNumber(row.ratings) },
            ]}
            rows={Object.entries(perClass)}
            rowKey={([name]) => name}
          />
          <h3>{t("labels.agreement.perAnnotator")}</h3>
          <Table
            caption={t("labels.agreement.perAnnotator")}
            columns={[
              { id: "name", name: t("labels.people.name"), cell: ([name]) => name },
              { id: "same", name: t("labels.agreement.same"), isFigure: true, cell: ([, row]) => percent(row.same) },
              { id: "shared", name: t("labels.agreement.shared"), isFigure: true, cell: ([, row]) => formatNumber(row.units) },
            ]}
            rows={Object.entries(perAnnotator)}
            rowKey={([name]) => name}
          />
        </div>
      </div>
    </>
  );
}
