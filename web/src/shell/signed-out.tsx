import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { signIn as words } from "../words/sign-in.ts";
import { beginSignIn, ProblemError, waysToSignIn } from "./api.ts";

const parameter = "signIn";
type Failure = keyof typeof words.failed;

const keyOf = (code: string): Failure | undefined => Object.keys(words.failed).find((key): key is Failure => key === code);

/** The code of a failed sign-in by the provider stands in the address; only codes have words, so that no link puts others on this page. */
function failureIn(search: string): { readonly key: Failure; readonly code: string } | undefined {
  const code = new URLSearchParams(search).get(parameter);
  if (code === null || !/^[A-Z][A-Z_]{0,40}$/.test(code)) return undefined;
  return { key: keyOf(code) ?? "other", code };
}

/** Where the sign-in leads back to: this page, without an old failure. */
function placeNow(): string {
  const search = new URLSearchParams(location.search);
  search.delete(parameter);
  const text = search.toString();
  return `${location.pathname}${text === "" ? "" : `?${text}`}`;
}

export function SignedOut({ problem }: { readonly problem: string | undefined }) {
  const { t } = useTranslation();
  const ways = useQuery({ queryKey: ["sign-in"], queryFn: waysToSignIn, retry: 1 });
  const [isGoing, setGoing] = useState(false);
  const [fault, setFault] = useState<string>();
  const name = ways.data?.provider?.name;
  const failure = failureIn(location.search);
  const told = fault ?? problem ?? (failure === undefined ? undefined : t(`signIn.failed.${failure.key}`, { code: failure.code }));

  function begin() {
    setGoing(true);
    setFault(undefined);
    beginSignIn(placeNow()).then(
      ({ address }) => location.assign(address),
      (thrown: unknown) => {
        setGoing(false);
        const key = thrown instanceof ProblemError ? keyOf(thrown.code) : undefined;
        setFault(key === undefined ? (thrown instanceof Error ? thrown.message : String(thrown)) : t(`signIn.failed.${key}`));
      },
    );
  }

  return (
    <main className="center">
      <h1>Earshot</h1>
      {told !== undefined && (
        <p className="problem" role="alert">
          {told}
        </p>
      )}
      {name !== undefined && (
        <p>
          <button type="button" className="main" disabled={isGoing} onClick={begin}>
            {isGoing ? t("signIn.going", { name }) : t("signIn.with", { name })}
          </button>
        </p>
      )}
      {!ways.isPending && (
        <>
          <p className={name === undefined ? undefined : "quiet"}>{t(name === undefined ? "signIn.need" : "signIn.orLink")}</p>
          <p className={name === undefined ? undefined : "quiet"}>
            {t("signIn.again")} <code>npm run earshot -- link</code>
          </p>
        </>
      )}
    </main>
  );
}
