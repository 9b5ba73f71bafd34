import { useQueryClient } from "@tanstack/react-query";
import { type DragEvent, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatNumber } from "../shell/format.ts";
import { type ImportCounts, messageOf } from "./welcome-api.ts";
import { importFile } from "./welcome-files.ts";

interface Done {
  readonly text: string;
  readonly counts?: ImportCounts;
  readonly isTrouble: boolean;
}

/** Files by drag and drop, or chosen; sent one after another, in pieces, and can be stopped. */
export function DropFiles() {
  const { t } = useTranslation();
  const id = useId();
  const client = useQueryClient();
  const [platform, setPlatform] = useState("import");
  const [isOver, setOver] = useState(false);
  const [running, setRunning] = useState<{ readonly name: string; readonly share: number }>();
  const [done, setDone] = useState<readonly Done[]>([]);
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  const run = async (files: readonly File[]) => {
    if (files.length === 0 || running !== undefined) return;
    const stop = new AbortController();
    abort.current = stop;
    setDone([]);
    for (const file of files) {
      const { name } = file;
      let sofar = 0;
      setRunning({ name, share: 0 });
      try {
        const counts = await importFile(file, platform, stop.signal, (progress) => {
          sofar = progress.counts.accepted;
          setRunning({ name, share: file.size === 0 ? 1 : progress.doneBytes / file.size });
        });
        const said = { name, accepted: formatNumber(counts.accepted), duplicate: formatNumber(counts.duplicate), rejected: formatNumber(counts.rejected) };
        setDone((before) => [...before, { text: t("welcome.sources.imported", said), counts, isTrouble: counts.rejected > 0 && counts.accepted + counts.duplicate === 0 }]);
      } catch (thrown) {
        const text = stop.signal.aborted
          ? t("welcome.sources.cancelled", { name, accepted: formatNumber(sofar) })
          : t("welcome.sources.importFailed", { name, message: messageOf(thrown) });
        setDone((before) => [...before, { text, isTrouble: !stop.signal.aborted }]);
      }
      if (stop.signal.aborted) break;
    }
    setRunning(undefined);
    for (const name of ["status", "terms-day", "sources"]) void client.invalidateQueries({ queryKey: [name] });
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void run([...event.dataTransfer.files]);
  };
  return (
    <>
      <div
        className={isOver ? "drop drop-over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <label className="field" htmlFor={`${id}-platform`}>
          {t("welcome.sources.platform")}
          <input
            id={`${id}-platform`}
            value={platform}
            pattern="[a-z0-9][a-z0-9\-]*"
            maxLength={63}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setPlatform(event.target.value.toLowerCase().replaceAll(/[^a-z0-9-]/g, "") || "import")}
          />
        </label>
        <label className="field" htmlFor={`${id}-files`}>
          {t("welcome.sources.choose")}
          <input
            id={`${id}-files`}
            type="file"
            multiple
            accept=".ndjson,.jsonl,.json,.csv,.tsv"
            disabled={running !== undefined}
            onChange={(event) => {
              const files = [...(event.target.files ?? [])];
              event.target.value = "";
              void run(files);
            }}
          />
        </label>
        <span className="quiet">{t("welcome.sources.dropHere")}</span>
      </div>
      {running !== undefined && (
        <p className="tagging">
          <progress value={running.share} max={1} aria-label={running.name} />{" "}
          {t("welcome.sources.importing", { name: running.name, percent: `${Math.floor(running.share * 100)}%` })}{" "}
          <button type="button" onClick={() => abort.current?.abort()}>
            {t("welcome.sources.cancel")}
          </button>
        </p>
      )}
      {done.map((each) => (
        <div key={each.text} role="status" className={each.isTrouble ? "problem" : "imported"}>
          <p>{each.text}</p>
          {each.counts !== undefined && each.counts.errors.length > 0 && (
            <ul>
              {each.counts.errors.slice(0, 5).map((error) => (
                <li key={error.line}>
                  {t("welcome.sources.line", { line: error.line, message: error.message })} <code>{error.code}</code>
                </li>
              ))}
            </ul>
          )}
        </div>
      ))}
    </>
  );
}
