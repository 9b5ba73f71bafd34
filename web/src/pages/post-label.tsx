import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PostView } from "../shell/api.ts";
import { formatClock, formatDay, languageName } from "../shell/format.ts";
import { mayAct, useMe } from "../shell/me.ts";
import { Problem } from "../shell/states.tsx";
import { type Label, labelsOf, putLabel, type Sentiment, withdrawLabel } from "./post-api.ts";

const sentiments: readonly Sentiment[] = ["negative", "neutral", "positive"];
const languages = "en de fr es it pt nl pl sv da no fi cs hu ro el tr ru uk ar he fa hi ja ko zh id ms th vi".split(" ");

/** What people say that the post's sentiment or language is; no figure changes by it. */
export function Corrections({ post }: { readonly post: PostView }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const me = useMe();
  const [open, setOpen] = useState<Label["what"]>();
  const labels = useQuery({ queryKey: ["labels", post.id], queryFn: () => labelsOf(post.id) });
  const changed = () => client.invalidateQueries({ queryKey: ["labels", post.id] });
  const withdraw = useMutation({ mutationFn: withdrawLabel, onSuccess: changed });
  const valueName = (what: Label["what"], value: string): string =>
    what === "language" ? (value === "und" ? t("post.languageUnknown") : languageName(value)) : value === "none" ? t("post.notScored") : t(`sentiment.${value as Sentiment}`);
  return (
    <div className="corrections">
      {labels.isError && <Problem error={labels.error} />}
      {labels.data?.items.map((label) => (
        <div key={label.id} className="corrected">
          {t("postPage.label.is", {
            what: t(`postPage.fact.${label.what}`),
            from: valueName(label.what, label.from),
            to: valueName(label.what, label.to),
            actor: label.actor,
            at: `${formatDay(label.at)} ${formatClock(label.at)} UTC`,
          })}{" "}
          <span className="quiet">{t("postPage.label.kept")}</span>{" "}
          {mayAct(me, "analyst") && (me.role === "admin" || me.name === label.actor) && (
            <button type="button" className="plain" disabled={withdraw.isPending} onClick={() => withdraw.mutate(label.id)}>
              {t("postPage.label.withdraw")}
            </button>
          )}
          {label.reasons !== undefined && <Reasons reasons={label.reasons} text={post.text} />}
        </div>
      ))}
      {withdraw.isError && <Problem error={withdraw.error} />}
      {mayAct(me, "analyst") && (
        <div className="bar">
          {(["sentiment", "language"] as const).map((what) => (
            <button key={what} type="button" aria-expanded={open === what} onClick={() => setOpen(open === what ? undefined : what)}>
              {t(what === "sentiment" ? "postPage.label.sentiment" : "postPage.label.language")}
            </button>
          ))}
        </div>
      )}
      {open !== undefined && <Correct key={open} post={post} what={open} onDone={() => (setOpen(undefined), void changed())} valueName={valueName} />}
    </div>
  );
}

const percent = (share: number): string => `${Math.round(share * 100)}%`;

/** What spoke for the model's word when a person decided otherwise. */
function Reasons({ reasons, text }: { readonly reasons: NonNullable<Label["reasons"]>; readonly text: string }) {
  const { t } = useTranslation();
  const { model, chosen, probability, words, counterfactual, faithfulness } = reasons;
  return (
    <details>
      <summary>{t("postPage.label.reasons", { model, chosen, probability: percent(probability) })}</summary>
      <ol className="plain-list judged-words" dir="auto">
        {words.map(({ start, end, adds }) => (
          <li key={start}>
            {text.slice(start, end)} <small>{adds.toFixed(2)}</small>
          </li>
        ))}
      </ol>
      {counterfactual !== undefined && (
        <p>{t("postPage.label.flip", { without: counterfactual.without.map(({ start, end }) => text.slice(start, end)).join(" "), chosen: counterfactual.chosen })}</p>
      )}
      <p className="quiet">{t("postPage.label.faithful", { ranked: percent(faithfulness.ranked), random: percent(faithfulness.random) })}</p>
    </details>
  );
}

function Correct({
  post,
  what,
  onDone,
  valueName,
}: {
  readonly post: PostView;
  readonly what: Label["what"];
  readonly onDone: () => void;
  readonly valueName: (what: Label["what"], value: string) => string;
}) {
  const { t } = useTranslation();
  const now = what === "language" ? post.language : (post.sentiment ?? "none");
  const choices = (what === "language" ? [...languages, "und"] : sentiments).filter((value) => value !== now);
  const [to, setTo] = useState("");
  const put = useMutation({ mutationFn: () => putLabel(post.id, what, to), onSuccess: onDone });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate();
  };
  return (
    <form className="bar" onSubmit={submit}>
      <label className="field">
        {t("postPage.label.should", { what: t(`postPage.fact.${what}`), now: valueName(what, now) })}
        <select value={to} required onChange={(event) => setTo(event.target.value)}>
          <option value="">{t("postPage.label.choose")}</option>
          {choices.map((value) => (
            <option key={value} value={value}>
              {valueName(what, value)}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" className="main" disabled={put.isPending || to === ""}>
        {t("postPage.label.save")}
      </button>
      <span className="quiet">{t("postPage.label.about")}</span>
      {put.isError && <Problem error={put.error} />}
    </form>
  );
}
