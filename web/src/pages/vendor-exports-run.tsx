import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatNumber } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { Problem } from "../shell/states.tsx";
import { importFile, keepMapping, type Mapping, mappingKey, type Named } from "./vendor-exports-api.ts";

const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Keeps the mapping under a name, and imports the file by it. */
export function KeepAndImport({
  file,
  mapping,
  kept,
  name,
  onName,
}: {
  readonly file: File;
  readonly mapping: Mapping;
  readonly kept: readonly Named[];
  readonly name: string;
  readonly onName: (name: string) => void;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [share, setShare] = useState(0);
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const newest = kept.find((one) => one.name === name);
  const isKept = newest !== undefined && mappingKey(newest.mapping) === mappingKey(mapping);
  const isNamed = namePattern.test(name);
  const keep = useMutation({
    mutationFn: () => keepMapping(name, mapping),
    onSuccess: () => client.invalidateQueries({ queryKey: ["export-mappings"] }),
  });
  const run = useMutation({
    mutationFn: async () => {
      const stop = new AbortController();
      abort.current = stop;
      setShare(0);
      if (!isKept) await keep.mutateAsync();
      return importFile(file, name, setShare, stop.signal);
    },
    onSettled: () => {
      for (const key of ["status", "quarantine", "terms-day"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
  const { data: answer } = run;
  const isCancelled = run.error instanceof DOMException;
  const percent = Math.floor(share * 100);
  const version = { version: newest?.version ?? 1, name };
  return (
    <section aria-labelledby="export-run">
      <h3 id="export-run">{t("vendorExports.run.title")}</h3>
      <form
        className="bar"
        onSubmit={(event) => {
          event.preventDefault();
          run.mutate();
        }}
      >
        <label className="choice">
          <span>{t("vendorExports.save.name")}</span>
          <input
            value={name}
            maxLength={63}
            required
            pattern="[a-z0-9][a-z0-9\-]*"
            autoComplete="off"
            spellCheck={false}
            title={t("vendorExports.save.nameHint")}
            onChange={(event) => onName(event.target.value)}
          />
        </label>
        <button type="button" disabled={!isNamed || isKept || keep.isPending || run.isPending} onClick={() => keep.mutate()}>
          {t("vendorExports.save.save")}
        </button>
        <button type="submit" className="main" disabled={!isNamed || keep.isPending || run.isPending}>
          {t(isKept ? "vendorExports.run.start" : "vendorExports.run.startSaving", { name: file.name })}
        </button>
      </form>
      <p className="hint" role="status">
        {!isNamed ? t("vendorExports.run.needs") : newest === undefined ? "" : isKept ? t("vendorExports.save.same", version) : t("vendorExports.save.changed", version)}
      </p>
      {keep.isError && <Problem error={keep.error} />}
      {run.isPending && (
        <p className="bar">
          <progress value={share} max={1} aria-label={t("vendorExports.run.progress", { name: file.name })} />
          <span role="status">{percent >= 100 ? t("vendorExports.run.refining") : t("vendorExports.run.sent", { percent })}</span>
          <button type="button" onClick={() => abort.current?.abort()}>
            {t("vendorExports.run.cancel")}
          </button>
        </p>
      )}
      {isCancelled && <p role="status">{t("vendorExports.run.cancelled")}</p>}
      {run.isError && !isCancelled && !keep.isError && <Problem error={run.error} title={t("vendorExports.run.failed")} />}
      {answer !== undefined && (
        <div role="status">
          <p>
            <strong>
              {t("vendorExports.run.done", {
                accepted: formatNumber(answer.accepted),
                duplicate: formatNumber(answer.duplicate),
                rejected: formatNumber(answer.rejected),
                dropped: formatNumber(answer.dropped),
              })}
            </strong>{" "}
            <Link to="/search">{t("vendorExports.run.search")}</Link>
          </p>
          {answer.errors.length > 0 && (
            <>
              <h4>{t("vendorExports.run.refusals")}</h4>
              <ul>
                {answer.errors.slice(0, 20).map(({ line, code, message }) => (
                  <li key={line}>
                    {t("vendorExports.preview.row")} {formatNumber(line)}: <code>{code}</code> {message}
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </section>
  );
}
