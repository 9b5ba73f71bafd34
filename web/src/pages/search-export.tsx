import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/dialog.tsx";
import { formatNumber } from "../shell/format.ts";
import { Problem } from "../shell/states.tsx";
import { type ExportFormat, readExport } from "./search-api.ts";

type State =
  | { readonly is: "ready" }
  | { readonly is: "running"; readonly posts: number }
  | { readonly is: "done"; readonly posts: number }
  | { readonly is: "failed"; readonly error: unknown };

function saveAs(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** All posts found as a file: how many before, how far while it is made, and a way to stop. */
export function Export({ q, count, exact, onClose }: { readonly q: string; readonly count: number | undefined; readonly exact: boolean; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [format, setFormat] = useState<ExportFormat>("csv");
  const [state, setState] = useState<State>({ is: "ready" });
  const abort = useRef<AbortController>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const start = () => {
    const own = new AbortController();
    abort.current = own;
    let posts = 0;
    let told = 0;
    setState({ is: "running", posts: 0 });
    readExport(
      q,
      format,
      (so) => {
        posts = so;
        if (performance.now() - told < 100) return;
        told = performance.now();
        setState({ is: "running", posts });
      },
      own.signal,
    ).then(
      (blob) => {
        saveAs(`posts.${format}`, blob);
        setState({ is: "done", posts });
      },
      (error: unknown) => setState(own.signal.aborted ? { is: "ready" } : { is: "failed", error }),
    );
  };
  const about = count === undefined ? undefined : formatNumber(count);
  return (
    <Dialog title={t("search.export.title")} onClose={onClose}>
      <p>{about === undefined ? t("search.searching") : t(exact ? "search.export.count" : "search.export.about", { count: count ?? 0, formatted: about })}</p>
      <p className="hint">{t("search.export.masked")}</p>
      <label className="field">
        {t("search.export.format")}
        <select value={format} disabled={state.is === "running"} onChange={(event) => setFormat(event.target.value === "ndjson" ? "ndjson" : "csv")}>
          <option value="csv">CSV</option>
          <option value="ndjson">NDJSON</option>
        </select>
      </label>
      {state.is === "running" && (
        <>
          <progress max={Math.max(1, count ?? 1)} value={state.posts} aria-label={t("search.export.title")} />
          <p role="status">{t("search.export.sofar", { formatted: formatNumber(state.posts) })}</p>
        </>
      )}
      {state.is === "done" && <p role="status">{t("search.export.done", { formatted: formatNumber(state.posts) })}</p>}
      {state.is === "failed" && <Problem error={state.error} />}
      <div className="actions">
        {state.is === "running" ? (
          <button type="button" onClick={() => abort.current?.abort()}>
            {t("search.export.cancel")}
          </button>
        ) : (
          <button type="button" className="main" onClick={start}>
            {t("search.export.start")}
          </button>
        )}
      </div>
    </Dialog>
  );
}
