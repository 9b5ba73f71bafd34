import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Role, roles } from "../shell/me.ts";
import { Problem } from "../shell/states.tsx";
import { knownLimits, type Kept } from "./settings-api.ts";

export interface Rights extends Kept {
  readonly role: Role;
}

/** Role and limits of a user. */
export function RightsFields({ rights, onChange }: { readonly rights: Rights; readonly onChange: (rights: Rights) => void }) {
  const { t } = useTranslation();
  const known = useQuery({ queryKey: ["known-limits"], queryFn: knownLimits });
  const { role, platforms, terms } = rights;
  const platformNames = [...new Set([...(known.data?.platforms ?? []), ...(platforms ?? [])])].toSorted();
  const knownTerms = known.data?.terms ?? [];
  const gone = (terms ?? []).filter((id) => !knownTerms.some((term) => term.id === id)).map((id) => ({ id, name: id }));
  return (
    <>
      <fieldset className="choices">
        <legend>{t("settings.users.role")}</legend>
        {roles.map((each) => (
          <label key={each} className="check">
            <input
              type="radio"
              name="role"
              checked={role === each}
              onChange={() => onChange(each === "admin" ? { role: each, platforms: null, terms: null } : { ...rights, role: each })}
            />
            {t(`settings.account.role_${each}`)}
          </label>
        ))}
      </fieldset>
      {known.isError && <Problem error={known.error} onRetry={() => void known.refetch()} />}
      {role === "admin" ? (
        <p className="hint">{t("settings.users.adminSeesAll")}</p>
      ) : (
        <>
          <Limit
            legend={t("settings.users.terms")}
            options={[...knownTerms, ...gone]}
            none={t("settings.users.noTerms")}
            chosen={terms}
            onChange={(chosen) => onChange({ ...rights, terms: chosen })}
          />
          <Limit
            legend={t("settings.users.platforms")}
            options={platformNames.map((name) => ({ id: name, name }))}
            mayAdd
            chosen={platforms}
            onChange={(chosen) => onChange({ ...rights, platforms: chosen })}
          />
          <p className="hint">{t("settings.users.keptHint")}</p>
        </>
      )}
    </>
  );
}

interface Option {
  readonly id: string;
  readonly name: string;
}

function Limit({
  legend,
  options,
  none,
  mayAdd = false,
  chosen,
  onChange,
}: {
  readonly legend: string;
  readonly options: readonly Option[];
  readonly none?: string;
  /** What is not listed can be named. */
  readonly mayAdd?: boolean;
  /** null: all. */
  readonly chosen: readonly string[] | null;
  readonly onChange: (chosen: readonly string[] | null) => void;
}) {
  const { t } = useTranslation();
  const id = useId();
  const [added, setAdded] = useState("");
  const toggle = (option: string) => onChange(chosen?.includes(option) === true ? chosen.filter((each) => each !== option) : [...(chosen ?? []), option]);
  const add = () => {
    const name = added.trim().toLowerCase();
    if (name !== "" && chosen?.includes(name) === false) onChange([...chosen, name]);
    setAdded("");
  };
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      <div className="choices-line">
        <label className="check">
          <input type="radio" name={id} checked={chosen === null} onChange={() => onChange(null)} />
          {t("settings.users.everything")}
        </label>
        <label className="check">
          <input type="radio" name={id} checked={chosen !== null} onChange={() => onChange([])} />
          {t("settings.users.only")}
        </label>
      </div>
      {chosen !== null && (
        <div className="choices-of">
          {options.length === 0 && none !== undefined && <p className="hint">{none}</p>}
          {options.map((option) => (
            <label key={option.id} className="check">
              <input type="checkbox" checked={chosen.includes(option.id)} onChange={() => toggle(option.id)} />
              {option.name}
            </label>
          ))}
          {mayAdd && (
            <label className="field">
              {t("settings.users.morePlatforms")}
              <input
                value={added}
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => setAdded(event.target.value)}
                onBlur={add}
                onKeyDown={(event) => {
                  if (event.key !== "Enter") return;
                  event.preventDefault();
                  add();
                }}
              />
            </label>
          )}
        </div>
      )}
    </fieldset>
  );
}
