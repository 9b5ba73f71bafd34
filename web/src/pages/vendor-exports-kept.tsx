import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ConfirmByName, Dialog } from "../shell/dialog.tsx";
import { formatClock, formatDay, formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { setQuery, usePlace, withQuery } from "../shell/place.ts";
import { Empty, Loading, Problem } from "../shell/states.tsx";
import { type Column, Table } from "../shell/table.tsx";
import { type Named, removeMapping, type Version, versionsOf } from "./vendor-exports-api.ts";

/** The mappings that are kept, with the way to each version. */
export function KeptMappings({ kept, chosen }: { readonly kept: readonly Named[]; readonly chosen: string | undefined }) {
  const { t } = useTranslation();
  const { query } = usePlace();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: removeMapping,
    onSuccess: async () => {
      setQuery({ remove: undefined, mapping: undefined, version: undefined }, "replace");
      // The list alone: the versions of what is gone would be asked for again.
      await client.invalidateQueries({ queryKey: ["export-mappings"], exact: true });
    },
  });
  const changed = ({ at, actor }: Version): string => (at === undefined ? "" : t("vendorExports.kept.by", { actor: actor ?? "", at: `${formatDay(at)} ${formatClock(at)} UTC` }));
  const columns: readonly Column<Named>[] = [
    {
      id: "name",
      name: t("vendorExports.kept.name"),
      cell: ({ name }) => (
        <Link to={withQuery({ mapping: name, version: undefined })} aria-current={name === chosen ? "true" : undefined}>
          {name}
        </Link>
      ),
      sortBy: ({ name }) => name,
    },
    { id: "vendor", name: t("vendorExports.kept.vendor"), cell: ({ mapping }) => t(`vendorExports.mapping.vendors.${mapping.vendor}`) },
    { id: "fields", name: t("vendorExports.kept.fields"), isFigure: true, cell: ({ mapping }) => formatNumber(Object.keys(mapping.fields).length) },
    {
      id: "version",
      name: t("vendorExports.kept.version"),
      isFigure: true,
      cell: ({ name, version }) => (
        <Link to={withQuery({ versions: name })} aria-label={`${t("vendorExports.kept.versions", { name })}: ${version}`}>
          {formatNumber(version)}
        </Link>
      ),
    },
    { id: "changed", name: t("vendorExports.kept.changed"), cell: changed },
    {
      id: "remove",
      name: t("vendorExports.kept.remove"),
      cell: ({ name }) => (
        <button type="button" className="plain" aria-label={t("vendorExports.kept.removeOf", { name })} onClick={() => setQuery({ remove: name })}>
          {t("vendorExports.kept.remove")}
        </button>
      ),
    },
  ];
  const shown = query.get("versions");
  const going = kept.find(({ name }) => name === query.get("remove"));
  return (
    <section aria-labelledby="export-kept">
      <h3 id="export-kept">{t("vendorExports.kept.title")}</h3>
      {kept.length === 0 ? (
        <Empty>{t("vendorExports.kept.none")}</Empty>
      ) : (
        <Table caption={t("vendorExports.kept.caption")} columns={columns} rows={kept} rowKey={({ name }) => name} />
      )}
      {shown !== null && (
        <Dialog key={shown} kind="side" title={t("vendorExports.kept.versions", { name: shown })} onClose={() => setQuery({ versions: undefined })}>
          <Versions name={shown} changed={changed} />
        </Dialog>
      )}
      {going !== undefined && (
        <ConfirmByName
          title={t("vendorExports.kept.removeTitle", { name: going.name })}
          name={going.name}
          action={t("vendorExports.kept.remove")}
          isBusy={remove.isPending}
          onConfirm={() => remove.mutate(going.name)}
          onClose={() => setQuery({ remove: undefined })}
        >
          <p>{t("vendorExports.kept.removeWhat")}</p>
          {remove.isError && <Problem error={remove.error} />}
        </ConfirmByName>
      )}
    </section>
  );
}

function Versions({ name, changed }: { readonly name: string; readonly changed: (version: Version) => string }) {
  const { t } = useTranslation();
  const found = useQuery({ queryKey: ["export-mappings", name], queryFn: () => versionsOf(name) });
  if (found.isError) return <Problem error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Loading />;
  return (
    <ol className="versions" reversed>
      {found.data.items.map((one, i) => (
        <li key={one.version} value={one.version}>
          <p>
            {changed(one)} {i === 0 && <span className="tag">{t("vendorExports.kept.newest")}</span>}
          </p>
          <p className="quiet">{t("vendorExports.kept.fieldsChanged", { formatted: formatNumber(Object.keys(one.mapping.fields).length), zone: one.mapping.timeZone ?? "UTC" })}</p>
          <Link className="button" to={withQuery({ mapping: name, version: i === 0 ? undefined : String(one.version), versions: undefined })}>
            {t("vendorExports.kept.load", { version: one.version })}
          </Link>
        </li>
      ))}
    </ol>
  );
}
