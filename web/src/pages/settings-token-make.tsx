import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/dialog.tsx";
import { mayAct, type Role, roles, useMe } from "../shell/me.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { makeToken, scopeAreas, type ScopeArea, tokensKey } from "./settings-api.ts";
import { Secret } from "./settings-parts.tsx";

const dayMs = 86_400_000;
/** 0: never. */
const expiryDays = [7, 30, 90, 365, 0] as const;

/** Asks what the token is for and what it may; then shows its secret once. */
export function MakeToken({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const client = useQueryClient();
  const id = useId();
  const areas = useQuery({ queryKey: ["scopes"], queryFn: scopeAreas });
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState<(typeof expiryDays)[number]>(90);
  /** null: all that the role may. */
  const [scopes, setScopes] = useState<readonly string[] | null>([]);
  const make = useMutation({
    mutationFn: () => makeToken({ name, role, scopes: scopes ?? [], ...(days > 0 && { expiresAt: new Date(Date.now() + days * dayMs).toISOString() }) }),
    onSuccess: () => client.invalidateQueries({ queryKey: tokensKey }),
  });
  if (make.data !== undefined)
    return (
      <Dialog title={t("settings.tokens.madeTitle", { name })} onClose={onClose}>
        <Secret label={t("settings.tokens.secret")} value={make.data.secret} hint={t("settings.tokens.secretHint")} />
      </Dialog>
    );
  const isScopeless = scopes?.length === 0;
  return (
    <Dialog title={t("settings.tokens.make")} onClose={onClose}>
      <form
        className="settings-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isScopeless) make.mutate();
        }}
      >
        <label className="field">
          {t("settings.tokens.name")}
          <input value={name} required maxLength={100} pattern="[^\/]+" autoComplete="off" onChange={(event) => setName(event.target.value)} />
        </label>
        <div className="choices-line">
          <label className="field">
            {t("settings.tokens.role")}
            <select value={role} onChange={(event) => setRole(roles.find((each) => each === event.target.value) ?? "viewer")}>
              {roles
                .filter((each) => mayAct(me, each))
                .map((each) => (
                  <option key={each} value={each}>
                    {t(`role.${each}`)}
                  </option>
                ))}
            </select>
          </label>
          <label className="field">
            {t("settings.tokens.expiry")}
            <select value={days} onChange={(event) => setDays(expiryDays.find((each) => String(each) === event.target.value) ?? 90)}>
              {expiryDays.map((each) => (
                <option key={each} value={each}>
                  {t(`settings.tokens.days_${each}`)}
                </option>
              ))}
            </select>
          </label>
        </div>
        <fieldset className="choices">
          <legend>{t("settings.tokens.scope")}</legend>
          <div className="choices-line">
            <label className="check">
              <input type="radio" name={id} checked={scopes !== null} onChange={() => setScopes([])} />
              {t("settings.tokens.scopeOnly")}
            </label>
            <label className="check">
              <input type="radio" name={id} checked={scopes === null} onChange={() => setScopes(null)} />
              {t("settings.tokens.scopeAll")}
            </label>
          </div>
          {areas.isPending && <Loading />}
          {areas.isError && <Problem error={areas.error} onRetry={() => void areas.refetch()} />}
          {scopes !== null && areas.data !== undefined && <ScopeGrid areas={areas.data.items} scopes={scopes} onChange={setScopes} />}
          {isScopeless && <p className="hint">{t("settings.tokens.chooseScopes")}</p>}
        </fieldset>
        {make.isError && <Problem error={make.error} />}
        <div className="actions">
          <button type="submit" className="main" disabled={make.isPending || isScopeless}>
            {t("settings.tokens.create")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function ScopeGrid({
  areas,
  scopes,
  onChange,
}: {
  readonly areas: readonly ScopeArea[];
  readonly scopes: readonly string[];
  readonly onChange: (scopes: readonly string[]) => void;
}) {
  const { t } = useTranslation();
  const set = (tag: string, kind: "read" | "write", isOn: boolean) => {
    const others = scopes.filter((scope) => scope !== `${tag}:${kind}`);
    onChange(isOn ? [...others, `${tag}:${kind}`] : others);
  };
  return (
    <div className="table-scroll" role="region" aria-label={t("settings.tokens.scope")} tabIndex={0}>
      <table className="scopes">
        <thead>
          <tr>
            <th scope="col">{t("settings.tokens.area")}</th>
            <th scope="col">{t("settings.tokens.read")}</th>
            <th scope="col">{t("settings.tokens.write")}</th>
            <th scope="col">{t("settings.tokens.opens")}</th>
          </tr>
        </thead>
        <tbody>
          {areas.map(({ tag, read, write }) => {
            const writes = scopes.includes(`${tag}:write`);
            return (
              <tr key={tag}>
                <th scope="row">{tag}</th>
                <td>
                  {read.length === 0 ? (
                    t("settings.tokens.nothing")
                  ) : (
                    <input
                      type="checkbox"
                      aria-label={t("settings.tokens.readOf", { tag })}
                      // Changing includes reading.
                      checked={writes || scopes.includes(`${tag}:read`)}
                      disabled={writes}
                      onChange={(event) => set(tag, "read", event.target.checked)}
                    />
                  )}
                </td>
                <td>
                  {write.length === 0 ? (
                    t("settings.tokens.nothing")
                  ) : (
                    <input type="checkbox" aria-label={t("settings.tokens.writeOf", { tag })} checked={writes} onChange={(event) => set(tag, "write", event.target.checked)} />
                  )}
                </td>
                <td>
                  <Opens title={t("settings.tokens.read")} summaries={read} />
                  <Opens title={t("settings.tokens.write")} summaries={write} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Opens({ title, summaries }: { readonly title: string; readonly summaries: readonly string[] }) {
  if (summaries.length === 0) return null;
  return (
    <details>
      <summary>
        {title} ({summaries.length})
      </summary>
      <ul>
        {summaries.map((summary) => (
          <li key={summary}>{summary}</li>
        ))}
      </ul>
    </details>
  );
}
