import { useTranslation } from "react-i18next";
import { formatNumber } from "../shell/format.ts";
import { Empty } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import type { Preview } from "./vendor-exports-api.ts";

type PostRow = Preview["posts"][number];
type Refusal = Preview["rejected"]["first"][number];
const longestText = 160;

function textOf(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function authorOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return textOf(value);
  const told = new Map<string, unknown>(Object.entries(value));
  return textOf(told.get("handle")) || textOf(told.get("name")) || textOf(told.get("id"));
}

/** What the first rows of a file would become by a mapping, and which would be refused. */
export function WouldBe({ preview, isChanging }: { readonly preview: Preview; readonly isChanging: boolean }) {
  const { t } = useTranslation();
  const { rows, accepted, posts, rejected } = preview;
  const columns: readonly Column<PostRow>[] = [
    { id: "row", name: t("vendorExports.preview.row"), isFigure: true, cell: ({ row }) => formatNumber(row) },
    { id: "platform", name: t("vendorExports.preview.platform"), cell: ({ line }) => textOf(line["platform"]) },
    { id: "when", name: t("vendorExports.preview.when"), cell: ({ line }) => textOf(line["createdAt"]).replace("T", " ").replace(".000Z", " UTC") },
    { id: "author", name: t("vendorExports.preview.author"), cell: ({ line }) => authorOf(line["author"]) },
    { id: "text", name: t("vendorExports.preview.text"), cell: ({ line }) => <span dir="auto">{textOf(line["text"]).slice(0, longestText)}</span> },
  ];
  const refusals: readonly Column<Refusal>[] = [
    { id: "row", name: t("vendorExports.preview.row"), isFigure: true, cell: ({ row }) => formatNumber(row) },
    { id: "code", name: t("vendorExports.preview.code"), cell: ({ code }) => <code>{code}</code> },
    { id: "why", name: t("vendorExports.preview.why"), cell: ({ message }) => message },
  ];
  return (
    <section aria-labelledby="export-preview">
      <h3 id="export-preview">{t("vendorExports.preview.title")}</h3>
      <p role="status">
        {isChanging
          ? t("vendorExports.preview.changing")
          : t("vendorExports.preview.summary", { rows: formatNumber(rows), accepted: formatNumber(accepted), rejected: formatNumber(rejected.rows) })}
      </p>
      {posts.length === 0 ? (
        <Empty>{t("vendorExports.preview.noPosts")}</Empty>
      ) : (
        <Table caption={t("vendorExports.preview.posts")} columns={columns} rows={posts} rowKey={({ row }) => String(row)} />
      )}
      {rejected.first.length > 0 && (
        <>
          <h4>{t("vendorExports.preview.rejected")}</h4>
          <Table caption={t("vendorExports.preview.rejected")} columns={refusals} rows={rejected.first} rowKey={({ row }) => String(row)} />
        </>
      )}
    </section>
  );
}
