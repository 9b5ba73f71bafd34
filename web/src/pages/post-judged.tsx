import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PostView } from "../shell/api.ts";
import { Link } from "../shell/link.tsx";
import { Loading, Problem } from "../shell/states.tsx";
import { explanationOf } from "./post-api.ts";

type Judgement = NonNullable<PostView["judgements"]>[number];

const taskKeys = ["sentiment", "emotion", "irony", "offensive", "hate", "spam"] as const;
const percent = (share: number): string => `${Math.round(share * 100)}%`;
const signed = (value: number): string => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;

function useTaskName(): (task: string) => string {
  const { t } = useTranslation();
  return (task) => {
    const known = taskKeys.find((key) => key === task);
    return known === undefined ? task : t(`postPage.judged.task.${known}`);
  };
}

/** What language models say of the post, each with its reasons on demand. */
export function Judged({ post }: { readonly post: PostView }) {
  const { t } = useTranslation();
  const taskName = useTaskName();
  const [open, setOpen] = useState<string>();
  const { judgements = [], entities } = post;
  if (judgements.length === 0 && entities === undefined) return null;
  return (
    <>
      <h4>{t("postPage.judged.title")}</h4>
      <p className="quiet">{t("postPage.judged.about")}</p>
      {judgements.length > 0 && (
        <div className="table-scroll" role="region" aria-label={t("postPage.judged.title")} tabIndex={0}>
          <table>
            <caption className="unseen">{t("postPage.judged.title")}</caption>
            <thead>
              <tr>
                <th scope="col">{t("postPage.judged.column.task")}</th>
                <th scope="col">{t("postPage.judged.column.label")}</th>
                <th scope="col">{t("postPage.judged.column.probabilities")}</th>
                <th scope="col">{t("postPage.judged.column.model")}</th>
                <th scope="col">{t("postPage.judged.column.why")}</th>
              </tr>
            </thead>
            <tbody>
              {judgements.map((judgement) => (
                <tr key={judgement.task}>
                  <th scope="row">{taskName(judgement.task)}</th>
                  <td>{judgement.label ?? t("postPage.judged.unsure")}</td>
                  <td>{probabilitiesOf(judgement)}</td>
                  <td>
                    <code>{judgement.model}</code>
                    {judgement.stood !== undefined && <p className="quiet">{t(`postPage.judged.stood.${judgement.stood}`)}</p>}
                  </td>
                  <td>
                    <button
                      type="button"
                      aria-expanded={open === judgement.task}
                      aria-label={t("postPage.judged.whyOf", { task: taskName(judgement.task) })}
                      onClick={() => setOpen(open === judgement.task ? undefined : judgement.task)}
                    >
                      {t("postPage.judged.why")}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {open !== undefined && <Why key={open} id={post.id} task={open} />}
      {entities !== undefined && <Names post={post} entities={entities} />}
    </>
  );
}

/** Names in the text, what they mean by the register, and where places lie. */
function Names({ post, entities: { model, spans } }: { readonly post: PostView; readonly entities: NonNullable<PostView["entities"]> }) {
  const { t } = useTranslation();
  return (
    <>
      <h4>{t("postPage.judged.entitiesTitle")}</h4>
      <div className="table-scroll" role="region" aria-label={t("postPage.judged.entitiesTitle")} tabIndex={0}>
        <table>
          <caption className="unseen">{t("postPage.judged.entitiesTitle")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("postPage.judged.nameColumn")}</th>
              <th scope="col">{t("postPage.judged.kindColumn")}</th>
              <th scope="col">{t("postPage.judged.meansColumn")}</th>
              <th scope="col">{t("postPage.judged.placeColumn")}</th>
            </tr>
          </thead>
          <tbody>
            {spans.map((span) => (
              <tr key={span.start}>
                <th scope="row">{post.text.slice(span.start, span.end)}</th>
                <td>{t(`postPage.judged.kinds.${kindOf(span.kind)}`)}</td>
                <td>
                  <Means span={span} />
                </td>
                <td>{span.place === undefined ? "" : placeText(span.place)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="quiet">
        <code>{model}</code>
      </p>
    </>
  );
}

type Span = NonNullable<PostView["entities"]>["spans"][number];

function Means({ span: { link, candidates } }: { readonly span: Span }) {
  const { t } = useTranslation();
  if (link !== undefined)
    return (
      <>
        <Link className="tag" to={`/names?open=${encodeURIComponent(link.entity)}`}>
          {link.entity}
        </Link>{" "}
        {percent(link.probability)}
      </>
    );
  if (candidates === undefined) return <span className="quiet">{t("postPage.judged.noEntry")}</span>;
  return (
    <span className="quiet">{t("postPage.judged.notLinked", { candidates: candidates.map(({ entity, probability }) => `${entity} ${percent(probability)}`).join(", ") })}</span>
  );
}

const spanKinds = ["person", "organisation", "place", "product"] as const;
const kindOf = (text: string): (typeof spanKinds)[number] => spanKinds.find((kind) => kind === text) ?? "organisation";

function placeText({ name, region, country, latitude, longitude, probability }: NonNullable<Span["place"]>): string {
  const where = [name, region, country.toUpperCase()].filter((part) => part !== undefined).join(", ");
  const point = latitude === undefined || longitude === undefined ? "" : ` (${latitude.toFixed(2)}, ${longitude.toFixed(2)})`;
  return `${where}${point}, ${percent(probability)}`;
}

const probabilitiesOf = ({ probabilities }: Pick<Judgement, "probabilities">): string =>
  Object.entries(probabilities)
    .map(([name, share]) => `${name} ${percent(share)}`)
    .join(", ");

function Why({ id, task }: { readonly id: string; readonly task: string }) {
  const { t } = useTranslation();
  const taskName = useTaskName();
  const why = useQuery({ queryKey: ["judgement", id, task], queryFn: () => explanationOf(id, task) });
  if (why.isError) return <Problem error={why.error} onRetry={() => void why.refetch()} />;
  if (why.data === undefined) return <Loading />;
  const { noted, model, chosen, probabilities, words, counterfactual, faithfulness } = why.data;
  const title = t("postPage.judged.whyOf", { task: taskName(task) });
  return (
    <section aria-label={title} className="reveal">
      <strong>{title}</strong>
      <p>{t("postPage.judged.chosen", { chosen, probability: percent(probabilities[chosen] ?? 0) })}</p>
      {model !== noted.model && <p className="trouble">{t("postPage.judged.otherModel", { noted: noted.model, model })}</p>}
      <p className="quiet">{t("postPage.judged.adds")}</p>
      <ol className="plain-list judged-words" dir="auto">
        {words.map(({ word, start, adds }) => (
          <li key={start}>
            {word} <small>{signed(adds)}</small>
          </li>
        ))}
      </ol>
      <p>
        {counterfactual === undefined
          ? t("postPage.judged.noEdit")
          : t("postPage.judged.edit", { without: counterfactual.without.join(" "), chosen: counterfactual.chosen, text: counterfactual.text })}
      </p>
      <p className="quiet">{t("postPage.judged.faithfulness", { count: faithfulness.words, ranked: percent(faithfulness.ranked), random: percent(faithfulness.random) })}</p>
    </section>
  );
}
