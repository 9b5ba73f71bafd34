import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "../shell/link.tsx";
import { Loading, Problem } from "../shell/states.tsx";
import { idFor, termsOf } from "./terms-api.ts";
import { addSource, checkSource, connectorNames, type KnownSource, knownSources, needsToken, type SourceDraft } from "./welcome-api.ts";
import { DropFiles } from "./welcome-drop.tsx";

export const sourcesKey = ["sources-known"];

/** Adds a source; where it is to be checked first, only what works is saved. */
function useAdd(known: readonly KnownSource[]) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ name, draft, isChecked }: { readonly name: string; readonly draft: SourceDraft; readonly isChecked: boolean }) => {
      if (isChecked) {
        const answer = await checkSource(draft);
        if (!answer.ok) return answer;
      }
      await addSource(idFor(name, new Set(known.map((source) => source.id))), draft);
      return { ok: true };
    },
    onSuccess: () => Promise.all([sourcesKey, ["sources"], ["status"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

function Card({ title, doc, children }: { readonly title: string; readonly doc: string; readonly children: ReactNode }) {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      <p>{doc}</p>
      {children}
    </section>
  );
}

function Added({ sources }: { readonly sources: readonly KnownSource[] }) {
  const { t } = useTranslation();
  return (
    <ul className="added" aria-live="polite">
      {sources.map((source) => (
        <li key={source.id}>
          <span aria-hidden="true">✓</span> {t("welcome.sources.added", { id: source.id, state: source.state })}
          {source.lastError !== undefined && <span className="trouble"> {source.lastError.message}</span>}
        </li>
      ))}
    </ul>
  );
}

interface CardProps {
  readonly known: readonly KnownSource[];
  readonly mine: readonly KnownSource[];
}

/** Without a key and without a question. */
function OneClick({ known, mine, use, id }: CardProps & { readonly use: "bluesky" | "hackernews"; readonly id: string }) {
  const { t } = useTranslation();
  const add = useAdd(known);
  return (
    <Card title={t(`welcome.sources.${use}`)} doc={t(`welcome.sources.${use}Doc`)}>
      <Added sources={mine} />
      {add.isError && <Problem error={add.error} />}
      {mine.length === 0 && (
        <button
          type="button"
          className="main"
          disabled={add.isPending}
          aria-label={`${t("welcome.sources.add")} ${t(`welcome.sources.${use}`)}`}
          onClick={() => add.mutate({ name: id, draft: { use, keep: use === "bluesky" ? "matching" : "everything", options: {} }, isChecked: false })}
        >
          {add.isPending ? t("welcome.sources.adding") : t("welcome.sources.add")}
        </button>
      )}
    </Card>
  );
}

const addressOf = (text: string): string => (/^https?:\/\//u.test(text.trim()) ? text.trim() : `https://${text.trim()}`);
const hostOf = (address: string): string => (URL.canParse(address) ? new URL(address).host : address);

/** By an address that is tried before it is saved. */
function ByAddress({ known, mine, use }: CardProps & { readonly use: "rss" | "mastodon" }) {
  const { t } = useTranslation();
  const id = useId();
  const [address, setAddress] = useState("");
  const [token, setToken] = useState("");
  const add = useAdd(known);
  const refusal = add.data?.ok === false ? add.data : undefined;
  const wantsToken = use === "mastodon" && refusal !== undefined && needsToken(refusal);
  const draft = (): SourceDraft => {
    const full = addressOf(address);
    return use === "rss"
      ? { use, keep: "everything", options: { feeds: [full] } }
      : { use, keep: "matching", options: { server: full, timelines: ["public"], ...(token.trim() !== "" && { token: token.trim() }) } };
  };
  const run = (isChecked: boolean) =>
    add.mutate({ name: hostOf(addressOf(address)), draft: draft(), isChecked }, { onSuccess: (answer) => answer.ok && (setAddress(""), setToken("")) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run(true);
  };
  return (
    <Card title={t(`welcome.sources.${use}`)} doc={t(`welcome.sources.${use}Doc`)}>
      <Added sources={mine} />
      <form onSubmit={submit} className="card-form">
        <label htmlFor={id} className="field grow">
          {t(use === "rss" ? "welcome.sources.rssUrl" : "welcome.sources.mastodonServer")}
          <input
            id={id}
            value={address}
            required
            inputMode="url"
            autoComplete="off"
            spellCheck={false}
            maxLength={2_000}
            placeholder={use === "rss" ? "https://blog.example/feed.xml" : "mastodon.example"}
            onChange={(event) => {
              setAddress(event.target.value);
              add.reset();
            }}
          />
        </label>
        {(wantsToken || token !== "") && (
          <label htmlFor={`${id}-token`} className="field grow">
            {t("welcome.sources.tokenReference")}
            <input
              id={`${id}-token`}
              value={token}
              autoComplete="off"
              spellCheck={false}
              placeholder={t("welcome.sources.tokenExample")}
              onChange={(event) => setToken(event.target.value)}
            />
          </label>
        )}
        <button type="submit" disabled={add.isPending || address.trim() === ""}>
          {add.isPending ? t("welcome.sources.checking") : t("welcome.sources.check")}
        </button>
      </form>
      {add.isError && <Problem error={add.error} />}
      {refusal !== undefined && (
        <div className="problem" role="alert">
          <p>{refusal.message}</p>
          {refusal.code !== undefined && <code>{refusal.code}</code>}
          {wantsToken ? (
            <p>{t("welcome.sources.needsToken")}</p>
          ) : (
            <button type="button" onClick={() => run(false)}>
              {t("welcome.sources.addAnyway")}
            </button>
          )}
        </div>
      )}
    </Card>
  );
}

export function WelcomeSources() {
  const { t } = useTranslation();
  const connectors = useQuery({ queryKey: ["connector-names"], queryFn: connectorNames, staleTime: Infinity });
  const sources = useQuery({ queryKey: sourcesKey, queryFn: knownSources, refetchInterval: 2_000 });
  const terms = useQuery({ queryKey: ["terms"], queryFn: termsOf });
  if (connectors.isError) return <Problem error={connectors.error} onRetry={() => void connectors.refetch()} />;
  if (sources.isError) return <Problem error={sources.error} onRetry={() => void sources.refetch()} />;
  if (connectors.isPending || sources.isPending) return <Loading />;
  const known = sources.data.items;
  const real = (use: string) => known.filter((source) => source.connector === use && !source.simulated);
  const has = (use: string) => connectors.data.has(use);
  return (
    <>
      <p className="hint">
        {t("welcome.sources.intro")} <Link to="/sources">{t("welcome.sources.open")}</Link>
      </p>
      {terms.data?.items.length === 0 && <p className="notice">{t("welcome.sources.noTerms")}</p>}
      <div className="cards">
        {has("bluesky") && <OneClick use="bluesky" id="bluesky" known={known} mine={real("bluesky")} />}
        {has("hackernews") && <OneClick use="hackernews" id="hacker-news" known={known} mine={real("hackernews")} />}
        {has("rss") && <ByAddress use="rss" known={known} mine={real("rss")} />}
        {has("mastodon") && <ByAddress use="mastodon" known={known} mine={real("mastodon")} />}
        <Card title={t("welcome.sources.files")} doc={t("welcome.sources.filesDoc")}>
          <DropFiles />
        </Card>
      </div>
    </>
  );
}
