import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import type { Drafts, Option } from "./sources-schema.ts";
import { Secret } from "./sources-secret.tsx";

type Draft = Drafts[string];

interface FieldProps {
  readonly option: Option;
  readonly value: Draft | undefined;
  readonly onChange: (value: Draft) => void;
}

/** A label, what stands behind it, and the control that its kind asks for. */
export function Field({ option, value, onChange }: FieldProps) {
  const { t } = useTranslation();
  const id = useId();
  const { name, kind, doc, standard } = option;
  const shown = Array.isArray(standard) ? standard.map(String).join(", ") : standard === undefined || typeof standard === "object" ? undefined : String(standard);
  const hint = (
    <span id={`${id}-hint`} className="quiet">
      {doc}
      {shown !== undefined && shown !== "" && ` ${t("sources.form.standard", { value: shown })}`}
    </span>
  );
  switch (kind) {
    case "yes-no":
      return (
        <div className="option">
          <label className="check">
            <input
              type="checkbox"
              aria-describedby={`${id}-hint`}
              checked={typeof value === "boolean" ? value : standard === true}
              onChange={(event) => onChange(event.target.checked)}
            />{" "}
            {name}
          </label>
          {hint}
        </div>
      );
    case "choices":
      return <Choices id={id} hint={hint} option={option} value={value} onChange={onChange} />;
    case "secret":
      return <Secret id={id} name={name} value={typeof value === "string" ? value : ""} hint={hint} isNeeded={option.isNeeded} onChange={onChange} />;
    case "secrets":
      return <Secrets id={id} hint={hint} option={option} value={value} onChange={onChange} />;
    default:
      return (
        <div className="option">
          <label className="field" htmlFor={id}>
            {name}
          </label>
          <Control id={id} option={option} text={typeof value === "string" ? value : ""} usual={shown} onChange={onChange} />
          {hint}
        </div>
      );
  }
}

interface PartProps extends FieldProps {
  readonly id: string;
  readonly hint: ReactNode;
}

function Choices({ id, hint, option: { name, choices, standard }, value, onChange }: PartProps) {
  const chosen: readonly unknown[] = Array.isArray(value) ? value : Array.isArray(standard) ? standard : [];
  return (
    <fieldset className="option" aria-describedby={`${id}-hint`}>
      <legend>{name}</legend>
      {choices.map((choice) => (
        <label key={choice} className="check">
          <input
            type="checkbox"
            checked={chosen.includes(choice)}
            onChange={(event) => onChange(choices.filter((one) => (one === choice ? event.target.checked : chosen.includes(one))))}
          />{" "}
          {choice}
        </label>
      ))}
      {hint}
    </fieldset>
  );
}

/** Several references; a row is free as long as more may be named. */
function Secrets({ id, hint, option, value, onChange }: PartProps) {
  const given = Array.isArray(value) ? value.filter((one) => one !== "") : [];
  const rows = given.length < option.mostItems ? [...given, ""] : given;
  return (
    <>
      {rows.map((one, index) => (
        <Secret
          // Rows have no other name than their place.
          key={index}
          id={`${id}-${index}`}
          name={rows.length === 1 ? option.name : `${option.name} ${index + 1}`}
          value={one}
          hint={<span id={`${id}-${index}-hint`}>{index === 0 && hint}</span>}
          isNeeded={option.isNeeded && index === 0}
          onChange={(text) => onChange(rows.map((row, at) => (at === index ? text : row)).filter((row) => row !== ""))}
        />
      ))}
    </>
  );
}

function Control({
  id,
  option,
  text,
  usual,
  onChange,
}: {
  readonly id: string;
  readonly option: Option;
  readonly text: string;
  readonly usual: string | undefined;
  readonly onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  const { kind, choices } = option;
  const control = { id, "aria-describedby": `${id}-hint`, required: option.isNeeded, autoComplete: "off", spellCheck: false };
  if (kind === "choice")
    return (
      <select {...control} value={text} onChange={(event) => onChange(event.target.value)}>
        <option value="">{usual === undefined ? t("sources.form.none") : t("sources.form.usual", { value: usual })}</option>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    );
  if (kind === "list" || kind === "pairs")
    return (
      <textarea
        {...control}
        rows={3}
        value={text}
        placeholder={t(kind === "list" ? "sources.form.aLine" : "sources.form.pairs")}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  return (
    <input
      {...control}
      type={kind === "number" ? "number" : option.isAddress ? "url" : "text"}
      value={text}
      min={option.least}
      max={option.most}
      step={kind === "number" ? (option.isWhole ? 1 : "any") : undefined}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
