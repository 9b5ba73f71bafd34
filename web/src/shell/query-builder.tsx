import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { sources } from "./api.ts";
import { languageName } from "./format.ts";
import { EntryRow, PickRow } from "./query-builder-entries.tsx";
import { type Form, noRows, type QueryReading, type QueryUse, readForm, readText, useSettled } from "./query-builder-api.ts";
import "./query-builder.css";

const languages = [
  "ar",
  "cs",
  "da",
  "de",
  "el",
  "en",
  "es",
  "fi",
  "fr",
  "he",
  "hi",
  "hu",
  "id",
  "it",
  "ja",
  "ko",
  "nl",
  "no",
  "pl",
  "pt",
  "ro",
  "ru",
  "sv",
  "th",
  "tr",
  "uk",
  "vi",
  "zh",
];
const textAfterMs = 250;

/** How the server understands the text, once it has stood still. */
export function useReading(text: string, use: QueryUse) {
  const settled = useSettled(text, textAfterMs);
  const reading = useQuery({
    queryKey: ["query-reading", use, settled],
    queryFn: ({ signal }) => readText(settled, use, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    enabled: settled.trim() !== "",
  });
  const isCurrent = settled === text && !reading.isPlaceholderData && reading.data !== undefined;
  return {
    reading: isCurrent && text.trim() !== "" ? reading.data : undefined,
    error: reading.error,
    isValid: isCurrent && reading.data?.problems.length === 0 && text.trim() !== "",
  };
}

/**
 * A Boolean query in rows that need no syntax, and as text; both say the same at all times. The text is the value:
 * rows are read from it, and written into it.
 */
export function QueryBuilder({
  value,
  onChange,
  use,
  isReadOnly = false,
  onlyRows = false,
}: {
  readonly value: string;
  readonly onChange: (text: string) => void;
  /** A term cannot ask for authors. */
  readonly use: QueryUse;
  readonly isReadOnly?: boolean;
  /** The text stands elsewhere on the page. */
  readonly onlyRows?: boolean;
}) {
  const { t } = useTranslation();
  const id = useId();
  const [rows, setRows] = useState<{ readonly form: Form; readonly text: string | undefined }>({ form: noRows, text: "" });
  const [rowProblem, setRowProblem] = useState<string>();
  const edits = useRef(0);
  const { reading, error } = useReading(value, use);
  const known = useQuery({ queryKey: ["sources"], queryFn: sources, refetchInterval: 5_000 });
  const platforms = [...new Set(["bluesky", "mastodon", ...(known.data?.items ?? []).map((source) => source.platform), ...rows.form.platforms])].toSorted();

  useEffect(() => {
    // Rows that people are filling in stay as they are; a text from elsewhere gives new ones.
    if (value.trim() === "") setRows((before) => (before.text === undefined || before.text === value ? before : { form: noRows, text: value }));
    else if (reading?.form !== undefined && reading.q === value) {
      const { form } = reading;
      setRows((before) => (before.text === undefined || before.text === value ? before : { form, text: value }));
    }
  }, [reading, value]);

  const edit = (changes: Partial<Form>) => {
    const form = { ...rows.form, ...changes };
    const edition = ++edits.current;
    // No text says them until the answer comes.
    setRows({ form, text: undefined });
    setRowProblem(undefined);
    readForm(form, use).then(
      (answer: QueryReading) => {
        if (edition !== edits.current) return;
        setRows({ form, text: answer.q });
        onChange(answer.q);
      },
      (thrown: unknown) => edition === edits.current && setRowProblem(thrown instanceof Error ? thrown.message : String(thrown)),
    );
  };
  const row = (name: "all" | "phrases" | "any" | "none", split?: RegExp) => (
    <EntryRow
      label={t(`terms.builder.${name}`)}
      values={rows.form[name]}
      onChange={(values) => edit({ [name]: values })}
      isReadOnly={isReadOnly}
      {...(split !== undefined && { split })}
    />
  );
  const problems = value.trim() === "" ? [] : (reading?.problems ?? []);
  const shown = rowProblem ?? error?.message;
  return (
    <div className="builder">
      <fieldset className="builder-rows">
        <legend className="unseen">{t("terms.builder.rows")}</legend>
        {row("any")}
        {row("all", /[\s,]+/u)}
        {row("phrases")}
        {row("none")}
        <PickRow
          label={t("terms.builder.languages")}
          values={rows.form.languages}
          options={languages}
          nameOf={languageName}
          nothing={t("terms.builder.anyLanguage")}
          onChange={(values) => edit({ languages: [...values] })}
          isReadOnly={isReadOnly}
        />
        <PickRow
          label={t("terms.builder.platforms")}
          values={rows.form.platforms}
          options={platforms}
          nothing={t("terms.builder.anyPlatform")}
          onChange={(values) => edit({ platforms: [...values] })}
          isReadOnly={isReadOnly}
        />
        {use === "search" && (
          <EntryRow
            label={t("terms.builder.authors")}
            values={rows.form.authors}
            placeholder={t("terms.builder.account")}
            onChange={(values) => edit({ authors: [...values] })}
            isReadOnly={isReadOnly}
          />
        )}
        {rows.form.others.length > 0 && (
          <div className="builder-row">
            <span>{t("terms.builder.others")}</span>
            <div className="entries">
              {rows.form.others.map((other) => (
                <span key={other} className="chip">
                  <code>{other}</code>
                  {!isReadOnly && (
                    <button
                      type="button"
                      className="plain"
                      aria-label={t("terms.builder.remove", { what: other })}
                      onClick={() => edit({ others: rows.form.others.filter((known) => known !== other) })}
                    >
                      ×
                    </button>
                  )}
                </span>
              ))}
            </div>
          </div>
        )}
      </fieldset>
      {onlyRows && shown !== undefined && (
        <p className="trouble" role="alert">
          {shown}
        </p>
      )}
      <div className="builder-row" hidden={onlyRows}>
        <label htmlFor={id}>{t("terms.builder.text")}</label>
        <div>
          <textarea
            id={id}
            value={value}
            rows={2}
            maxLength={10_000}
            readOnly={isReadOnly}
            spellCheck={false}
            aria-invalid={problems.length > 0}
            aria-describedby={`${id}-hint`}
            onChange={(event) => {
              // What the rows still ask for is overtaken.
              edits.current++;
              setRows((before) => ({ ...before, text: before.text ?? "" }));
              onChange(event.target.value);
            }}
          />
          <div id={`${id}-hint`}>
            {problems.map(({ column, message }) => (
              <p key={message} className="trouble" role="alert">
                {column === undefined ? message : t("terms.builder.column", { column, message })}
              </p>
            ))}
            {shown !== undefined && (
              <p className="trouble" role="alert">
                {shown}
              </p>
            )}
            {problems.length === 0 && !isReadOnly && <small>{t("terms.builder.textHint")}</small>}
          </div>
        </div>
      </div>
    </div>
  );
}
