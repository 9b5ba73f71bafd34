import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "./states.tsx";

/** Shows what is masked to who says why; the purpose is written into the audit log by the route that `load` asks. */
export function Reveal<T>({
  title,
  hint,
  load,
  children,
}: {
  readonly title: string;
  readonly hint: string;
  readonly load: (purpose: string) => Promise<T>;
  readonly children: (shown: T) => ReactNode;
}) {
  const { t } = useTranslation();
  const [purpose, setPurpose] = useState("");
  const reveal = useMutation({ mutationFn: load });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    reveal.mutate(purpose.trim());
  };
  return (
    <form className="reveal" onSubmit={submit}>
      <h3>{title}</h3>
      <p className="hint">{hint}</p>
      {reveal.data === undefined ? (
        <div className="bar">
          <label className="field grow">
            {t("reveal.purpose")}
            <input value={purpose} onChange={(event) => setPurpose(event.target.value)} minLength={5} maxLength={300} required autoComplete="off" />
          </label>
          <button type="submit" disabled={reveal.isPending}>
            {t("reveal.action")}
          </button>
        </div>
      ) : (
        <div role="status">
          {children(reveal.data)}
          <p className="quiet">{t("reveal.shown", { purpose })}</p>
        </div>
      )}
      {reveal.isError && <Problem error={reveal.error} />}
    </form>
  );
}
