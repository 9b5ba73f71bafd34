import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/dialog.tsx";
import { Problem } from "../shell/states.tsx";
import { importEntities } from "./names-api.ts";

/** A CSV file, or its text. */
export function NamesImport({ onImported, onClose }: { readonly onImported: (counts: { added: number; changed: number; same: number }) => void; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState("");
  const take = useMutation({ mutationFn: () => importEntities(text), onSuccess: onImported });
  return (
    <Dialog title={t("names.importTitle")} onClose={onClose}>
      <form
        className="term-form"
        onSubmit={(event) => {
          event.preventDefault();
          take.mutate();
        }}
      >
        <p className="hint">{t("names.importHint")}</p>
        <label className="field" htmlFor={`${id}-file`}>
          {t("names.importFile")}
          <input id={`${id}-file`} type="file" accept=".csv,text/csv" onChange={(event) => void event.target.files?.[0]?.text().then(setText)} />
        </label>
        <label className="field" htmlFor={`${id}-text`}>
          {t("names.importText")}
          <textarea id={`${id}-text`} rows={8} value={text} spellCheck={false} onChange={(event) => setText(event.target.value)} />
        </label>
        {take.isError && <Problem error={take.error} />}
        <div className="actions">
          <button type="submit" className="main" disabled={take.isPending || text.trim() === ""}>
            {t("names.import")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
