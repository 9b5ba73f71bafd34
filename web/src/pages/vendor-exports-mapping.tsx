import { useId } from "react";
import { useTranslation } from "react-i18next";
import { formatNumber } from "../shell/format.ts";
import { type Column, Table } from "../shell/table.tsx";
import { type Field, fields, type Mapping, type Preview, vendors } from "./vendor-exports-api.ts";

/** What the server compares: `Full Text`, `fullText` and `full_text` are one column. */
const plain = (name: string): string => name.replaceAll(/[^\p{L}\p{N}]+/gu, "").toLowerCase();
const longestColumn = 200;
const mostColumnsEach = 20;

/** Which fields a column is read for. */
export function fieldsOfColumn(mapping: Mapping, column: string): readonly Field[] {
  return fields.filter((field) => mapping.fields[field]?.some((one) => plain(one) === plain(column)));
}

export function withColumns(mapping: Mapping, field: Field, columns: readonly string[]): Mapping {
  const { [field]: _before, ...rest } = mapping.fields;
  return { ...mapping, fields: columns.length === 0 ? rest : { ...rest, [field]: columns } };
}

/** The columns that the file has, with what stands in them and what becomes of it. */
export function FileColumns({ preview, mapping }: { readonly preview: Preview; readonly mapping: Mapping }) {
  const { t } = useTranslation();
  type Row = Preview["columns"][number];
  const columns: readonly Column<Row>[] = [
    { id: "column", name: t("vendorExports.columns.column"), cell: ({ name }) => <span className="long">{name}</span> },
    {
      id: "filled",
      name: t("vendorExports.columns.filled"),
      isFigure: true,
      cell: ({ filled }) => t("vendorExports.columns.of", { filled: formatNumber(filled), rows: formatNumber(preview.rows) }),
      sortBy: ({ filled }) => filled,
    },
    {
      id: "samples",
      name: t("vendorExports.columns.samples"),
      cell: ({ samples }) => (
        <ul className="samples">
          {samples.map((sample) => (
            <li key={sample} dir="auto">
              {sample}
            </li>
          ))}
        </ul>
      ),
    },
    {
      id: "becomes",
      name: t("vendorExports.columns.becomes"),
      cell: ({ name }) =>
        fieldsOfColumn(mapping, name)
          .map((field) => t(`vendorExports.mapping.fields.${field}`))
          .join(", ") || <span className="quiet">{t("vendorExports.columns.nothing")}</span>,
      sortBy: ({ name }) => fieldsOfColumn(mapping, name).join(),
    },
  ];
  return (
    <section aria-labelledby="export-columns">
      <h3 id="export-columns">{t("vendorExports.columns.title")}</h3>
      {preview.preamble !== "" && (
        <>
          <p className="quiet">{t("vendorExports.columns.preamble")}</p>
          <pre className="preamble">{preview.preamble}</pre>
        </>
      )}
      <Table caption={t("vendorExports.columns.caption")} columns={columns} rows={preview.columns} rowKey={({ name }) => name} />
    </section>
  );
}

/** Each field with the columns that it is read from, in their order. */
export function MappingEditor({ mapping, preview, onChange }: { readonly mapping: Mapping; readonly preview: Preview; readonly onChange: (mapping: Mapping) => void }) {
  const { t } = useTranslation();
  const id = useId();
  const known = new Set(preview.columns.map(({ name }) => plain(name)));
  const choices = preview.columns.map(({ name }) => name).filter((name) => name !== "" && name.length <= longestColumn);
  const named = (field: Field) => t(`vendorExports.mapping.fields.${field}`);
  const columns: readonly Column<Field>[] = [
    { id: "field", name: t("vendorExports.mapping.field"), cell: named },
    {
      id: "from",
      name: t("vendorExports.mapping.from"),
      cell: (field) => {
        const own = mapping.fields[field] ?? [];
        return (
          <div className="mapped">
            {own.map((column) => (
              <span key={column} className="tag">
                {column}
                {!known.has(plain(column)) && <span className="quiet"> {t("vendorExports.mapping.missing")}</span>}{" "}
                <button
                  type="button"
                  className="plain"
                  aria-label={t("vendorExports.mapping.remove", { column, field: named(field) })}
                  onClick={() =>
                    onChange(
                      withColumns(
                        mapping,
                        field,
                        own.filter((one) => one !== column),
                      ),
                    )
                  }
                >
                  ×
                </button>
              </span>
            ))}
            {own.length < mostColumnsEach && (
              <select
                value=""
                aria-label={t("vendorExports.mapping.add", { field: named(field) })}
                onChange={(event) => onChange(withColumns(mapping, field, [...own, event.target.value]))}
              >
                <option value="">{t("vendorExports.mapping.addOption")}</option>
                {choices
                  .filter((name) => !own.some((one) => plain(one) === plain(name)))
                  .map((name) => (
                    <option key={name} value={name}>
                      {name}
                    </option>
                  ))}
              </select>
            )}
          </div>
        );
      },
    },
  ];
  const { dayFirst, timeZone = "UTC" } = mapping;
  return (
    <section aria-labelledby="export-mapping">
      <h3 id="export-mapping">{t("vendorExports.mapping.title")}</h3>
      <p className="hint">{t("vendorExports.mapping.about")}</p>
      <div className="bar">
        <label className="choice">
          <span>{t("vendorExports.mapping.vendor")}</span>
          <select
            value={mapping.vendor}
            onChange={(event) => {
              const vendor = vendors.find((one) => one === event.target.value);
              if (vendor !== undefined) onChange({ ...mapping, vendor });
            }}
          >
            {vendors.map((vendor) => (
              <option key={vendor} value={vendor}>
                {t(`vendorExports.mapping.vendors.${vendor}`)}
              </option>
            ))}
          </select>
        </label>
        <label className="choice" htmlFor={`${id}-zone`}>
          <span>{t("vendorExports.mapping.zone")}</span>
          <input
            id={`${id}-zone`}
            value={timeZone}
            maxLength={100}
            spellCheck={false}
            autoComplete="off"
            list={`${id}-zones`}
            onChange={(event) => onChange({ ...mapping, timeZone: event.target.value })}
          />
          <datalist id={`${id}-zones`}>
            {Intl.supportedValuesOf("timeZone").map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </label>
        <label className="choice">
          <span>{t("vendorExports.mapping.order")}</span>
          <select
            value={dayFirst === undefined ? "unknown" : dayFirst ? "day" : "month"}
            onChange={(event) => {
              const { dayFirst: _before, ...rest } = mapping;
              onChange(event.target.value === "unknown" ? rest : { ...rest, dayFirst: event.target.value === "day" });
            }}
          >
            {(["unknown", "day", "month"] as const).map((order) => (
              <option key={order} value={order}>
                {t(`vendorExports.mapping.orders.${order}`)}
              </option>
            ))}
          </select>
        </label>
      </div>
      {preview.missing.length > 0 && <p role="note">{t("vendorExports.mapping.missingNote", { columns: preview.missing.join(", ") })}</p>}
      <Table caption={t("vendorExports.mapping.caption")} columns={columns} rows={fields} rowKey={(field) => field} />
    </section>
  );
}
