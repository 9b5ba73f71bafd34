import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../shell/states.tsx";
import { checkSecret } from "./sources-api.ts";

const forms = { env: "[A-Za-z_][A-Za-z0-9_]{0,99}", file: "/.+" } as const;
type Kind = keyof typeof forms;

/** Names where a secret lies; the secret itself is never asked for. */
export function Secret({
  id,
  name,
  value,
  hint,
  isNeeded,
  onChange,
}: {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly hint: ReactNode;
  readonly isNeeded: boolean;
  readonly onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<Kind>("env");
  const [left, setLeft] = useState(value);
  const kind: Kind = value.startsWith("file:") ? "file" : value.startsWith("env:") ? "env" : chosen;
  const place = value.replace(/^(?:env|file):/, "");
  const isWhole = new RegExp(`^${kind}:${forms[kind]}$`, "s").test(value);
  const found = useQuery({ queryKey: ["secret", value], queryFn: () => checkSecret(value), enabled: isWhole && left === value, staleTime: 10_000 });
  const give = (as: Kind, text: string) => {
    setChosen(as);
    onChange(text.trim() === "" ? "" : `${as}:${text.trim()}`);
  };
  return (
    <fieldset className="option" aria-describedby={`${id}-hint`}>
      <legend>{name}</legend>
      <div className="bar">
        <select aria-label={t("sources.form.secretKind")} value={kind} onChange={(event) => give(event.target.value === "file" ? "file" : "env", place)}>
          <option value="env">{t("sources.form.secretEnv")}</option>
          <option value="file">{t("sources.form.secretFile")}</option>
        </select>
        <input
          className="grow"
          aria-label={`${name}: ${t(kind === "env" ? "sources.form.secretEnv" : "sources.form.secretFile")}`}
          value={place}
          required={isNeeded}
          autoComplete="off"
          spellCheck={false}
          pattern={forms[kind]}
          placeholder={kind === "env" ? "PLATFORM_SECRET" : "/run/secrets/platform"}
          onChange={(event) => give(kind, event.target.value)}
          onBlur={() => setLeft(value)}
        />
      </div>
      <p role="status" className="found">
        {found.data?.there === true && t("setup.secret.there")}
        {found.data?.there === false && <span className="trouble">{t("setup.secret.missing", { message: found.data.message ?? "" })}</span>}
      </p>
      {found.isError && <Problem error={found.error} />}
      {hint}
    </fieldset>
  );
}
