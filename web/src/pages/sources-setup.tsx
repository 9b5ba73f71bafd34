import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "../shell/link.tsx";
import { go, setQuery, usePlace, withQuery } from "../shell/place.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { checkWish, type Connector, connectors, type Grant, putSource, type SourceAnswer, type Wish } from "./sources-api.ts";
import { useConnectorName } from "./sources-catalogue.tsx";
import { Field } from "./sources-fields.tsx";
import { ForecastPart } from "./sources-forecast.tsx";
import { GrantChoice, RevokeGrant } from "./sources-grant.tsx";
import { Offers } from "./sources-offers.tsx";
import { Receiving } from "./sources-receive.tsx";
import { type Drafts, draftsOf, type Option, optionsOf, valuesOf } from "./sources-schema.ts";
import { Summary, TryPart } from "./sources-try.tsx";

const steps = ["what", "access", "cost", "try", "save"] as const;
type Step = (typeof steps)[number];
/** What a way to a platform and back left in the address. */
const unsaid = { grant: undefined, grantError: undefined, grantReason: undefined };

interface SetupProps {
  readonly known?: SourceAnswer | undefined;
  readonly taken: ReadonlySet<string>;
  readonly onDone: (text: string) => void;
}

/** Adds a source, or changes one, step by step; the fields are made from what the connector asks for. */
export function Setup({ use, ...rest }: SetupProps & { readonly use: string }) {
  const { t } = useTranslation();
  const found = useQuery({ queryKey: ["connectors"], queryFn: connectors, staleTime: Infinity });
  if (found.isError) return <Problem error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Loading />;
  const connector = found.data.items.find((one) => one.name === use);
  if (connector === undefined) return <p role="alert">{t("sources.form.noConnector", { use })}</p>;
  return <Steps key={`${use} ${rest.known?.id ?? ""}`} connector={connector} {...rest} />;
}

function freeId(name: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const id = number === 1 ? name : `${name}-${number}`;
    if (!taken.has(id)) return id;
  }
}

interface Draft {
  readonly id: string;
  readonly keep: string;
  readonly drafts: Drafts;
}

/** What is typed is kept in this tab, so that it is there when the platform sends the browser back. It holds references, never a secret. */
function useDraft(key: string, first: () => Draft, arrive: (draft: Draft) => Draft) {
  const [draft, setDraft] = useState<Draft>(() => {
    const kept = sessionStorage.getItem(key);
    const begun = arrive(kept === null ? first() : { ...first(), ...JSON.parse(kept) });
    if (kept !== null) sessionStorage.setItem(key, JSON.stringify(begun));
    return begun;
  });
  return {
    draft,
    change(next: Partial<Draft>) {
      setDraft((now) => {
        const whole = { ...now, ...next };
        sessionStorage.setItem(key, JSON.stringify(whole));
        return whole;
      });
    },
    forget: () => sessionStorage.removeItem(key),
  };
}

function Steps({ connector, known, taken, onDone }: SetupProps & { readonly connector: Connector }) {
  const { t } = useTranslation();
  const name = useConnectorName()(connector.name);
  const { query } = usePlace();
  const options = optionsOf(connector.options);
  const grantOption = options.find((option) => option.isGrant);
  const [back] = useState({ account: query.get("grant") ?? undefined, failed: query.get("grantError") ?? undefined, reason: query.get("grantReason") ?? undefined });
  // What is chosen from an account can be asked for once there is access.
  const offered = options.filter(({ name: one }) => connector.offers.includes(one));
  const order: readonly Step[] = offered.length > 0 ? ["access", ...steps.filter((one) => one !== "access")] : steps;
  const key = `earshot.setup.${connector.name}.${known?.id ?? ""}`;
  const withAccount = (now: Drafts, account: string): Drafts =>
    grantOption === undefined ? now : { ...now, [grantOption.name]: account, ...(account !== "" && grantOption.grantWith) };
  const { draft, change, forget } = useDraft(
    key,
    () => ({
      id: known?.id ?? freeId(connector.name, taken),
      keep: known?.keep ?? connector.keepDefault,
      drafts: draftsOf(options, known?.options ?? {}),
    }),
    (now) => (back.account === undefined ? now : { ...now, drafts: withAccount(now.drafts, back.account) }),
  );
  const { drafts } = draft;
  const wishOf = (given: Drafts): Wish => ({ use: connector.name, keep: draft.keep, paused: known?.paused ?? false, egress: known?.egress, options: valuesOf(options, given) });
  const wish = wishOf(drafts);
  const [over, setOver] = useState<Grant>();
  const check = useMutation({ mutationFn: checkWish });
  const save = useMutation({
    mutationFn: () => putSource(draft.id, wish),
    onSuccess: () => {
      forget();
      onDone(t(known === undefined ? "sources.form.added" : "sources.form.changed", { id: draft.id }));
    },
  });
  const step: Step = order.find((one) => one === query.get("step")) ?? order[0] ?? "what";
  const at = order.indexOf(step);
  const set = (next: Drafts) => {
    change({ drafts: next });
    check.reset();
  };
  const isTaken = known === undefined && taken.has(draft.id);
  const toStep = (to: Step) => withQuery({ step: to, ...unsaid });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isTaken) return;
    const next = order[at + 1];
    if (next === undefined) save.mutate();
    else go(toStep(next));
  };
  const field = (option: Option) => <Field key={option.name} option={option} value={drafts[option.name]} onChange={(value) => set({ ...drafts, [option.name]: value })} />;
  const ofStep = (of: Option["step"]) => options.filter((option) => option.step === of && !option.isGrant);
  return (
    <>
      <form className="source-form" onSubmit={submit} aria-label={t("sources.form.label", { name })}>
        <nav aria-label={t("setup.steps.label")}>
          <ol className="steps">
            {order.map((one, index) => (
              <li key={one}>
                <Link to={toStep(one)} aria-current={one === step ? "step" : undefined}>
                  {index + 1}. {t(`setup.steps.${one}`)}
                </Link>
              </li>
            ))}
          </ol>
        </nav>
        <h3>{t("setup.steps.title", { name, step: t(`setup.steps.${step}`) })}</h3>
        {step === "what" && (
          <>
            <p className="hint">{connector.doc}</p>
            <label className="field">
              {t("sources.form.id")}
              <input
                value={draft.id}
                required
                pattern="[a-z0-9][a-z0-9\-]{0,62}"
                readOnly={known !== undefined}
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => change({ id: event.target.value })}
                title={t("sources.form.idHint")}
              />
            </label>
            {isTaken && (
              <p className="trouble" role="alert">
                {t("sources.form.taken", { id: draft.id })}
              </p>
            )}
            {ofStep("what").filter(isFirst).map(field)}
            <More options={ofStep("what").filter((option) => !isFirst(option))} field={field} />
            {connector.receives && <Receiving id={draft.id} use={connector.name} options={wish.options} />}
          </>
        )}
        {step === "access" && (
          <>
            <p>
              {t(`setup.access.${connector.access}`)} {connector.grants && t("setup.access.grant")}
            </p>
            {connector.access !== "none" && <p className="hint">{t("setup.secret.about")}</p>}
            {ofStep("access").map(field)}
            {grantOption !== undefined && (
              <GrantChoice
                wish={wish}
                account={textOf(drafts[grantOption.name])}
                failed={back.failed}
                reason={back.reason}
                isNew={back.account !== undefined}
                wishWith={(account) => wishOf(withAccount(drafts, account))}
                onChoose={(account) => set(withAccount(drafts, account))}
                onRevoke={setOver}
              />
            )}
            {grantOption !== undefined && offered.length > 0 && textOf(drafts[grantOption.name]) !== "" && (
              <Offers wish={wish} account={textOf(drafts[grantOption.name])} options={offered} drafts={drafts} onChange={(option, value) => set({ ...drafts, [option]: value })} />
            )}
          </>
        )}
        {step === "cost" && (
          <>
            <fieldset>
              <legend>{t("sources.form.keep")}</legend>
              {(["matching", "everything"] as const).map((one) => (
                <label key={one} className="check">
                  <input type="radio" name="keep" value={one} checked={draft.keep === one} onChange={() => change({ keep: one })} /> {t(`sources.form.keeps.${one}`)}
                </label>
              ))}
            </fieldset>
            {ofStep("limits").map(field)}
            <ForecastPart wish={wish} canTell={connector.forecasts} />
          </>
        )}
        {step === "try" && <TryPart check={check} wish={wish} />}
        {step === "save" && <Summary id={draft.id} wish={wish} tried={check.data?.ok} />}
        {step === "save" && connector.receives && <Receiving id={draft.id} use={connector.name} options={wish.options} />}
        {save.isError && <Problem error={save.error} />}
        <div className="actions">
          <Link
            className="button"
            to={withQuery({ add: undefined, edit: undefined, step: undefined, ...unsaid })}
            onClickCapture={() => {
              forget();
            }}
          >
            {t("sources.form.cancel")}
          </Link>
          {at > 0 && (
            <button type="button" onClick={() => setQuery({ step: order[at - 1], ...unsaid })}>
              {t("setup.steps.back")}
            </button>
          )}
          <button type="submit" className="main" disabled={save.isPending || isTaken}>
            {t(step !== "save" ? "setup.steps.next" : check.data?.ok === true ? "setup.steps.saveNow" : "sources.form.saveAnyway")}
          </button>
        </div>
      </form>
      {over !== undefined && (
        <RevokeGrant
          grant={over}
          onClose={() => setOver(undefined)}
          onDone={() => {
            if (grantOption !== undefined && over.account === drafts[grantOption.name]) set(withAccount(drafts, ""));
          }}
        />
      )}
    </>
  );
}

const textOf = (value: Drafts[string] | undefined): string => (typeof value === "string" ? value : "");
/** Asked for at once; the rest stands behind "more". */
const isFirst = ({ isNeeded, kind, isAddress }: Option): boolean => isNeeded || (kind === "list" && !isAddress) || kind === "choices";

function More({ options, field }: { readonly options: readonly Option[]; readonly field: (option: Option) => React.ReactNode }) {
  const { t } = useTranslation();
  if (options.length === 0) return null;
  return (
    <details>
      <summary>{t("sources.form.more")}</summary>
      {options.map(field)}
    </details>
  );
}
