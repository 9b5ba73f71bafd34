import { type KeyboardEvent, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

interface RowProps {
  readonly label: string;
  readonly values: readonly string[];
  readonly onChange: (values: readonly string[]) => void;
  readonly isReadOnly?: boolean | undefined;
}

function Chips({ values, onChange, nameOf, isReadOnly }: Omit<RowProps, "label"> & { readonly nameOf: (value: string) => string }) {
  const { t } = useTranslation();
  return values.map((value) => (
    <span key={value} className="chip">
      <span>{nameOf(value)}</span>
      {isReadOnly !== true && (
        <button type="button" className="plain" aria-label={t("terms.builder.remove", { what: nameOf(value) })} onClick={() => onChange(values.filter((other) => other !== value))}>
          ×
        </button>
      )}
    </span>
  ));
}

const itself = (value: string): string => value;

/** Entries that people type one after another; Enter, a comma or leaving the field adds one. */
export function EntryRow({
  label,
  values,
  onChange,
  split = /,/u,
  placeholder,
  hint,
  isReadOnly,
}: RowProps & { readonly split?: RegExp; readonly placeholder?: string; readonly hint?: string }) {
  const id = useId();
  const { t } = useTranslation();
  const [draft, setDraft] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const add = (text: string) => {
    const fresh = text
      .split(split)
      .map((entry) => entry.trim())
      .filter((entry) => entry !== "");
    setDraft("");
    if (fresh.some((entry) => !values.includes(entry))) onChange([...new Set([...values, ...fresh])]);
  };
  const onKey = (event: KeyboardEvent) => {
    // Enter that ends a composition (Japanese, say) is no entry yet.
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && draft.trim() !== "") {
      event.preventDefault();
      add(draft);
    } else if (event.key === "Enter") event.preventDefault();
    else if (event.key === "Backspace" && draft === "" && values.length > 0) onChange(values.slice(0, -1));
  };
  return (
    <div className="builder-row">
      <label htmlFor={id}>{label}</label>
      <div className="entries">
        <Chips values={values} onChange={onChange} nameOf={itself} isReadOnly={isReadOnly} />
        {isReadOnly !== true && (
          <input
            id={id}
            ref={field}
            value={draft}
            maxLength={300}
            placeholder={placeholder ?? (values.length === 0 ? t("terms.builder.entryHint") : "")}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => (event.target.value.includes(",") ? add(event.target.value) : setDraft(event.target.value))}
            onKeyDown={onKey}
            onBlur={() => add(draft)}
          />
        )}
        {hint !== undefined && <small>{hint}</small>}
      </div>
    </div>
  );
}

/** Values of a known list. */
export function PickRow({
  label,
  values,
  onChange,
  options,
  nameOf = itself,
  nothing,
  isReadOnly,
}: RowProps & { readonly options: readonly string[]; readonly nameOf?: (value: string) => string; readonly nothing: string }) {
  const id = useId();
  return (
    <div className="builder-row">
      <label htmlFor={id}>{label}</label>
      <div className="entries">
        <Chips values={values} onChange={onChange} nameOf={nameOf} isReadOnly={isReadOnly} />
        {isReadOnly !== true && (
          <select id={id} value="" onChange={(event) => event.target.value !== "" && onChange([...values, event.target.value])}>
            <option value="">{values.length === 0 ? nothing : "+"}</option>
            {options
              .filter((option) => !values.includes(option))
              .map((option) => (
                <option key={option} value={option}>
                  {nameOf(option)}
                </option>
              ))}
          </select>
        )}
      </div>
    </div>
  );
}
