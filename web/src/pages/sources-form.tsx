import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Advice } from "../shell/advice.tsx";
import { Link } from "../shell/link.tsx";
import { withQuery } from "../shell/place.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { checkWish, type Connector, connectors, putSource, type SourceAnswer, type Wish } from "./sources-api.ts";
import { type Drafts, draftsOf, type Option, optionsOf, valuesOf } from "./sources-schema.ts";

/** What can be connected, each with what it is. */
export function Catalogue() {
  const { t } = useTranslation();
  const known = useQuery({ queryKey: ["connectors"], queryFn: connectors, staleTime: Infinity });
  if (known.isError) return <Problem error={known.error} onRetry={() => void known.refetch()} />;
  if (known.data === undefined) return <Loading />;
  return (
    <>
      <p className="hint">{t("sources.catalogue.intro")}</p>
      <ul className="catalogue">
        {known.data.items.map(({ name, doc, keepDefault }) => (
          <li key={name}>
            <h3>{t(`sources.connectors.${name as "rss"}`, { defaultValue: name })}</h3>
            <p>{doc}</p>
            <p className="quiet">{t(keepDefault === "matching" ? "sources.catalogue.matching" : "sources.catalogue.everything")}</p>
            <Link
              className="button"
              to={withQuery({ add: name })}
              aria-label={t("sources.catalogue.addNamed", { name: t(`sources.connectors.${name as "rss"}`, { defaultValue: name }) })}
            >
              {t("sources.catalogue.add")}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Adds a source, or changes one: the form is made from what the connector asks for, and tried before it is saved. */
export function SourceForm({
  use,
  known,
  taken,
  onDone,
}: {
  readonly use: string;
  readonly known?: SourceAnswer | undefined;
  readonly taken: ReadonlySet<string>;
  readonly onDone: (text: string) => void;
}) {
  const { t } = useTranslation();
  const found = useQuery({ queryKey: ["connectors"], queryFn: connectors, staleTime: Infinity });
  if (found.isError) return <Problem error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Loading />;
  const connector = found.data.items.find((one) => one.name === use);
  if (connector === undefined) return <p role="alert">{t("sources.form.noConnector", { use })}</p>;
  return <Fields key={`${use} ${known?.id ?? ""}`} connector={connector} known={known} taken={taken} onDone={onDone} />;
}

function freeId(name: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const id = number === 1 ? name : `${name}-${number}`;
    if (!taken.has(id)) return id;
  }
}

function Fields({
  connector,
  known,
  taken,
  onDone,
}: {
  readonly connector: Connector;
  readonly known: SourceAnswer | undefined;
  readonly taken: ReadonlySet<string>;
  readonly onDone: (text: string) => void;
}) {
  const { t } = useTranslation();
  const options = optionsOf(connector.options);
  const [id, setId] = useState(known?.id ?? freeId(connector.name, taken));
  const [keep, setKeep] = useState(known?.keep ?? connector.keepDefault);
  const [drafts, setDrafts] = useState<Drafts>(draftsOf(options, known?.options ?? {}));
  const wish: Wish = { use: connector.name, keep, paused: known?.paused ?? false, egress: known?.egress, options: valuesOf(options, drafts) };
  const check = useMutation({ mutationFn: checkWish });
  const save = useMutation({ mutationFn: () => putSource(id, wish), onSuccess: () => onDone(t(known === undefined ? "sources.form.added" : "sources.form.changed", { id })) });
  const change = (name: string, value: string | boolean | readonly string[]) => {
    setDrafts({ ...drafts, [name]: value });
    check.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    check.mutate(wish, { onSuccess: (answer) => answer.ok && save.mutate() });
  };
  const refusal = check.data?.ok === false ? check.data : undefined;
  const needed = options.filter((option) => option.isNeeded);
  const rest = options.filter((option) => !option.isNeeded);
  const field = (option: Option) => <Field key={option.name} option={option} value={drafts[option.name]} onChange={(value) => change(option.name, value)} />;
  return (
    <form className="source-form" onSubmit={submit} aria-label={t("sources.form.label", { name: connector.name })}>
      <p className="hint">{connector.doc}</p>
      <label className="field">
        {t("sources.form.id")}
        <input
          value={id}
          required
          pattern="[a-z0-9][a-z0-9\-]{0,62}"
          readOnly={known !== undefined}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setId(event.target.value)}
          title={t("sources.form.idHint")}
        />
      </label>
      {known === undefined && taken.has(id) && (
        <p className="trouble" role="alert">
          {t("sources.form.taken", { id })}
        </p>
      )}
      {needed.map(field)}
      <fieldset>
        <legend>{t("sources.form.keep")}</legend>
        {(["matching", "everything"] as const).map((name) => (
          <label key={name} className="check">
            <input type="radio" name="keep" value={name} checked={keep === name} onChange={() => setKeep(name)} /> {t(`sources.form.keeps.${name}`)}
          </label>
        ))}
      </fieldset>
      {rest.some((option) => option.kind === "secret") && rest.filter((option) => option.kind === "secret").map(field)}
      {rest.some((option) => option.kind !== "secret") && (
        <details>
          <summary>{t("sources.form.more")}</summary>
          {rest.filter((option) => option.kind !== "secret").map(field)}
        </details>
      )}
      {check.isError && <Problem error={check.error} />}
      {save.isError && <Problem error={save.error} />}
      {refusal !== undefined && (
        <div className="problem" role="alert">
          <strong>{t("sources.form.refused")}</strong>
          <p>{refusal.message}</p>
          {refusal.code !== undefined && (
            <p>
              <code>{refusal.code}</code> <Advice code={refusal.code} />
            </p>
          )}
          <button type="button" disabled={save.isPending} onClick={() => save.mutate()}>
            {t("sources.form.saveAnyway")}
          </button>
        </div>
      )}
      <div className="actions">
        <Link className="button" to={withQuery({ add: undefined, edit: undefined })}>
          {t("sources.form.cancel")}
        </Link>
        <button type="submit" className="main" disabled={check.isPending || save.isPending || (known === undefined && taken.has(id))}>
          {check.isPending ? t("sources.form.trying") : t("sources.form.save")}
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  readonly option: Option;
  readonly value: Drafts[string] | undefined;
  readonly onChange: (value: string | boolean | readonly string[]) => void;
}

/** A label, what stands behind it, and the control that its kind asks for. */
function Field({ option, value, onChange }: FieldProps) {
  const { t } = useTranslation();
  const id = useId();
  const { name, kind, doc, isNeeded, standard, choices } = option;
  const text = typeof value === "string" ? value : "";
  const shown = Array.isArray(standard) ? standard.map(String).join(", ") : standard === undefined || typeof standard === "object" ? undefined : String(standard);
  const hint = (
    <span id={`${id}-hint`} className="quiet">
      {doc}
      {shown !== undefined && shown !== "" && ` ${t("sources.form.standard", { value: shown })}`}
    </span>
  );
  if (kind === "yes-no")
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
  if (kind === "choices") {
    const chosen = Array.isArray(value) ? value : Array.isArray(standard) ? standard : [];
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
  if (kind === "secret") return <Secret id={id} name={name} value={text} hint={hint} onChange={onChange} />;
  const control = { id, "aria-describedby": `${id}-hint`, required: isNeeded, autoComplete: "off", spellCheck: false };
  return (
    <div className="option">
      <label className="field" htmlFor={id}>
        {name}
      </label>
      {kind === "choice" ? (
        <select {...control} value={text} onChange={(event) => onChange(event.target.value)}>
          <option value="">{shown === undefined ? t("sources.form.none") : t("sources.form.usual", { value: shown })}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : kind === "list" || kind === "pairs" ? (
        <textarea
          {...control}
          rows={3}
          value={text}
          placeholder={t(kind === "list" ? "sources.form.aLine" : "sources.form.pairs")}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <input
          {...control}
          type={kind === "number" ? "number" : option.isAddress ? "url" : "text"}
          value={text}
          min={option.least}
          max={option.most}
          step={kind === "number" ? (option.isWhole ? 1 : "any") : undefined}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {hint}
    </div>
  );
}

/** Names where a secret lies; the secret itself is never asked for. */
function Secret({
  id,
  name,
  value,
  hint,
  onChange,
}: {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly hint: React.ReactNode;
  readonly onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  const [kind, setKind] = useState(value.startsWith("file:") ? "file" : "env");
  const place = value.replace(/^(?:env|file):/, "");
  const give = (as: string, text: string) => onChange(text.trim() === "" ? "" : `${as}:${text.trim()}`);
  return (
    <fieldset className="option" aria-describedby={`${id}-hint`}>
      <legend>{name}</legend>
      <div className="bar">
        <select
          aria-label={t("sources.form.secretKind")}
          value={kind}
          onChange={(event) => {
            setKind(event.target.value);
            give(event.target.value, place);
          }}
        >
          <option value="env">{t("sources.form.secretEnv")}</option>
          <option value="file">{t("sources.form.secretFile")}</option>
        </select>
        <input
          aria-label={t(kind === "env" ? "sources.form.secretEnv" : "sources.form.secretFile")}
          value={place}
          autoComplete="off"
          spellCheck={false}
          pattern={kind === "env" ? "[A-Za-z_][A-Za-z0-9_]{0,99}" : "/.+"}
          placeholder={kind === "env" ? "MASTODON_TOKEN" : "/run/secrets/token"}
          onChange={(event) => give(kind, event.target.value)}
        />
      </div>
      <p className="quiet">{t("sources.form.secretNever")}</p>
      {hint}
    </fieldset>
  );
}
