import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "../shell/link.tsx";
import { setQuery, usePlace } from "../shell/place.ts";
import { QueryBuilder, useReading } from "../shell/query-builder.tsx";
import { EntryRow } from "../shell/query-builder-entries.tsx";
import { QueryPreview } from "../shell/query-builder-preview.tsx";
import { Problem } from "../shell/states.tsx";
import { idFor, type Kind, kindOf, putTerm, removedTerms, type TermAnswer, termsOf } from "./terms-api.ts";

const kinds: readonly Kind[] = ["brand", "competitor", "topic", "campaign"];

/** Any of the names: plain words as they are, the rest in quotes. */
function queryFor(names: readonly string[]): string {
  const texts = names.map((name) => name.replaceAll('"', " ").trim()).filter((name) => name !== "");
  return texts.map((name) => (/^[\p{L}\p{N}_]+$/u.test(name) && !/^(?:AND|OR|NOT|NEAR)$/.test(name) ? name : `"${name}"`)).join(" OR ");
}

/** What was begun stands in the address, so that it can be left and taken up again. */
export function Hear() {
  const { t } = useTranslation();
  const id = useId();
  const client = useQueryClient();
  const { query } = usePlace();
  const kind = kindOf(query.get("kind"));
  const [name, setName] = useState(query.get("name") ?? "");
  const [handles, setHandles] = useState<readonly string[]>((query.get("accounts") ?? "").split(",").filter((handle) => handle !== ""));
  const [own, setOwn] = useState<string | undefined>(query.get("q") ?? undefined);
  const nameField = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => setQuery({ name, accounts: handles.join(","), q: own }, "replace"), 300);
    return () => clearTimeout(timer);
  }, [name, handles, own]);
  const terms = useQuery({ queryKey: ["terms"], queryFn: termsOf });
  const removed = useQuery({ queryKey: ["terms-removed"], queryFn: removedTerms });
  const text = own ?? queryFor([name, ...(kind === "brand" || kind === "competitor" ? handles : [])]);
  const { isValid } = useReading(text, "term");
  const items = terms.data?.items ?? [];
  const taken = new Set([...items, ...(removed.data?.items ?? [])].map((term) => term.id));
  const add = useMutation({
    mutationFn: () => putTerm(idFor(name, taken), { name: name.trim(), kind, query: text, handles: kind === "brand" || kind === "competitor" ? handles : [] }),
    onSuccess: () => {
      setName("");
      setHandles([]);
      setOwn(undefined);
      void client.invalidateQueries({ queryKey: ["terms"] });
      nameField.current?.focus();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isValid && !add.isPending) add.mutate();
  };
  return (
    <div className="welcome-halves">
      <form onSubmit={submit} className="term-form">
        <p className="hint">{t("welcome.hear.intro")}</p>
        <fieldset className="segments">
          <legend className="unseen">{t("welcome.hear.kind")}</legend>
          {kinds.map((each) => (
            <label key={each}>
              <input type="radio" name={`${id}-kind`} value={each} checked={kind === each} onChange={() => setQuery({ kind: each }, "replace")} />
              <span>{t(`welcome.hear.kind_${each}`)}</span>
            </label>
          ))}
        </fieldset>
        <div className="builder-row">
          <label htmlFor={`${id}-name`}>{t("welcome.hear.name")}</label>
          <input
            id={`${id}-name`}
            ref={nameField}
            value={name}
            required
            maxLength={200}
            autoComplete="off"
            placeholder={t(`welcome.hear.placeholder_${kind}`)}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        {(kind === "brand" || kind === "competitor") && (
          <EntryRow
            label={t("welcome.hear.handles")}
            values={handles}
            hint={t("welcome.hear.handlesHint")}
            onChange={(values) => setHandles(values.map((handle) => handle.replace(/^@/u, "")))}
          />
        )}
        <details open={query.get("refine") !== null} onToggle={(event) => setQuery({ refine: event.currentTarget.open ? "1" : undefined }, "replace")}>
          <summary>
            {t("welcome.hear.refine")} {text !== "" && <code>{text}</code>}
          </summary>
          <QueryBuilder value={text} onChange={setOwn} use="term" />
          <p className="hint">
            {own === undefined ? (
              t("welcome.hear.follows")
            ) : (
              <button type="button" className="plain" onClick={() => setOwn(undefined)}>
                {t("welcome.hear.reset")}
              </button>
            )}
          </p>
        </details>
        {add.isError && <Problem error={add.error} />}
        <div className="actions">
          <button type="submit" className="main" disabled={!isValid || name.trim() === "" || add.isPending}>
            {add.isPending ? t("welcome.hear.adding") : t("welcome.hear.add")}
          </button>
        </div>
        <TermList items={items} />
      </form>
      <QueryPreview query={text} use="term" />
    </div>
  );
}

function TermList({ items }: { readonly items: readonly TermAnswer[] }) {
  const { t } = useTranslation();
  return (
    <section aria-label={t("welcome.hear.list")} className="heard-list">
      <h3>{t("welcome.hear.list")}</h3>
      {items.length === 0 && <p className="quiet">{t("welcome.hear.none")}</p>}
      <ul>
        {items.map((term) => (
          <li key={term.id}>
            <Link to={`/terms?open=${term.id}`} aria-label={t("welcome.hear.edit", { name: term.name })}>
              {term.name}
            </Link>{" "}
            <span className="quiet">{t(`terms.kind_${kindOf(term.kind)}`)}</span> <code className="term-query">{term.query}</code>{" "}
            {term.origin === "configuration" && <span className="quiet">{t("welcome.hear.fixed")}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
