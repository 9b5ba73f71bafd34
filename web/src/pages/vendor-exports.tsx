import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type DragEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatNumber } from "../shell/format.ts";
import { usePlace } from "../shell/place.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { formatOf, type Head, headOf, type Mapping, mappingKey, mappings, mostBytes, previewOf, versionsOf } from "./vendor-exports-api.ts";
import { KeptMappings } from "./vendor-exports-kept.tsx";
import { FileColumns, MappingEditor } from "./vendor-exports-mapping.tsx";
import { WouldBe } from "./vendor-exports-preview.tsx";
import { KeepAndImport } from "./vendor-exports-run.tsx";
import "./vendor-exports.css";

interface Chosen {
  readonly file: File;
  readonly head: Head;
}

function sizeText(bytes: number): string {
  const [size, unit] = bytes < 1_024 ? [bytes, "B"] : bytes < 1_024 ** 2 ? [bytes / 1_024, "kB"] : bytes < 1_024 ** 3 ? [bytes / 1_024 ** 2, "MB"] : [bytes / 1_024 ** 3, "GB"];
  return `${formatNumber(Math.round(size * 10) / 10)} ${unit}`;
}

/** Files of other services: their columns, a mapping that is kept and corrected, what would come of them, and the import. */
export default function VendorExports() {
  const { t } = useTranslation();
  const { query } = usePlace();
  const [chosen, setChosen] = useState<Chosen>();
  const kept = useQuery({ queryKey: ["export-mappings"], queryFn: mappings });
  const name = query.get("mapping") ?? undefined;
  const version = query.get("version") ?? undefined;
  return (
    <section aria-labelledby="exports-title" className="vendor-exports">
      <h2 id="exports-title">{t("page.vendor-exports")}</h2>
      <p className="hint">{t("vendorExports.intro")}</p>
      {kept.isError ? (
        <Problem error={kept.error} onRetry={() => void kept.refetch()} />
      ) : kept.data === undefined ? (
        <Loading />
      ) : (
        <KeptMappings kept={kept.data.items} chosen={name} />
      )}
      <ChooseFile chosen={chosen} onChosen={setChosen} />
      {chosen !== undefined && kept.data !== undefined && (
        <Worked key={`${chosen.file.name} ${chosen.file.size} ${name ?? ""} ${version ?? ""}`} chosen={chosen} name={name} version={version} />
      )}
    </section>
  );
}

function ChooseFile({ chosen, onChosen }: { readonly chosen: Chosen | undefined; readonly onChosen: (chosen: Chosen) => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [isOver, setOver] = useState(false);
  const [trouble, setTrouble] = useState<string>();
  const [reading, setReading] = useState<string>();
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    const most = mostBytes[formatOf(file)];
    if (file.size === 0) return setTrouble(t("vendorExports.file.empty", { name: file.name }));
    if (file.size > most) return setTrouble(t("vendorExports.file.tooLarge", { name: file.name, most: sizeText(most) }));
    setTrouble(undefined);
    setReading(file.name);
    try {
      onChosen({ file, head: await headOf(file) });
    } catch (thrown) {
      setTrouble(t("vendorExports.file.notRead", { message: thrown instanceof Error ? thrown.message : String(thrown) }));
    }
    setReading(undefined);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  };
  return (
    <section aria-labelledby="export-file">
      <h3 id="export-file">{t("vendorExports.file.title")}</h3>
      <div
        className={isOver ? "drop drop-over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <label className="field" htmlFor={`${id}-file`}>
          {t(chosen === undefined ? "vendorExports.file.choose" : "vendorExports.file.another")}
          <input
            id={`${id}-file`}
            type="file"
            accept=".csv,.tsv,.json,.txt"
            onChange={(event) => {
              const [file] = event.target.files ?? [];
              event.target.value = "";
              void take(file);
            }}
          />
        </label>
        <span className="quiet">{t("vendorExports.file.dropHere")}</span>
      </div>
      {reading !== undefined && <Loading what={t("vendorExports.file.reading", { name: reading })} />}
      {trouble !== undefined && (
        <p className="problem" role="alert">
          {trouble}
        </p>
      )}
      {chosen !== undefined && trouble === undefined && (
        <p role="status">
          <strong>{t("vendorExports.file.chosen", { name: chosen.file.name, size: sizeText(chosen.file.size) })}</strong>
        </p>
      )}
    </section>
  );
}

/** The chosen file by a kept mapping, one of its versions, or what its header suggests; corrections are held until they are kept. */
function Worked({ chosen, name, version }: { readonly chosen: Chosen; readonly name: string | undefined; readonly version: string | undefined }) {
  const { t } = useTranslation();
  const kept = useQuery({ queryKey: ["export-mappings"], queryFn: mappings });
  const versions = useQuery({ queryKey: ["export-mappings", name], queryFn: () => versionsOf(name ?? ""), enabled: name !== undefined && version !== undefined });
  const [draft, setDraft] = useState<Mapping>();
  const [typed, setTyped] = useState<string>();
  const isWaiting = name !== undefined && version !== undefined && versions.isPending;
  const start = version === undefined ? kept.data?.items.find((one) => one.name === name)?.mapping : versions.data?.items.find((one) => String(one.version) === version)?.mapping;
  const asked = draft ?? start;
  const preview = useQuery({
    queryKey: ["export-preview", chosen.file.name, chosen.file.size, chosen.file.lastModified, asked === undefined ? "" : mappingKey(asked)],
    queryFn: ({ signal }) => previewOf(chosen.head, asked, signal),
    enabled: !isWaiting,
    placeholderData: keepPreviousData,
    retry: false,
  });
  if (preview.data === undefined)
    return preview.isError ? (
      <Problem error={preview.error} title={t("vendorExports.file.unread", { name: chosen.file.name })} />
    ) : (
      <Loading what={t("vendorExports.file.reading", { name: chosen.file.name })} />
    );
  const mapping = asked ?? preview.data.mapping;
  const suggested = mapping.vendor === "other" ? "export" : mapping.vendor;
  return (
    <>
      <FileColumns preview={preview.data} mapping={mapping} />
      <MappingEditor mapping={mapping} preview={preview.data} onChange={setDraft} />
      {preview.isError && <Problem error={preview.error} />}
      <WouldBe preview={preview.data} isChanging={preview.isPlaceholderData} />
      <KeepAndImport file={chosen.file} mapping={mapping} kept={kept.data?.items ?? []} name={typed ?? name ?? suggested} onName={setTyped} />
    </>
  );
}
