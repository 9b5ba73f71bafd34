import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PostView } from "../shell/api.ts";
import { Link } from "../shell/link.tsx";
import { Loading, Problem } from "../shell/states.tsx";
import { towardsOf } from "./post-api.ts";

type Towards = NonNullable<PostView["towards"]>;
type Target = Towards["targets"][number];

const signed = (value: number): string => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;
const marks = { negative: "▼", neutral: "●", positive: "▲" } as const;

/** What the post says of each brand, person and thing that it names, and which words say it. */
export function SaidOfEach({ post }: { readonly post: PostView }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const { towards } = post;
  if (towards === undefined) return null;
  return (
    <>
      <h4>{t("postPage.towards.title")}</h4>
      <p className="quiet">{t("postPage.towards.about")}</p>
      <div className="table-scroll" role="region" aria-label={t("postPage.towards.title")} tabIndex={0}>
        <table>
          <caption className="unseen">{t("postPage.towards.title")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("postPage.towards.target")}</th>
              <th scope="col">{t("postPage.fact.sentiment")}</th>
              <th scope="col">{t("postPage.towards.parts")}</th>
            </tr>
          </thead>
          <tbody>
            {towards.targets.map((target) => (
              <tr key={`${target.kind} ${target.id}`} data-target={target.id}>
                <th scope="row">
                  <TargetLink target={target} />
                </th>
                <td>
                  <Said target={target} />
                </td>
                <td dir="auto">{partsOf(post.text, target)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="quiet">
        <code>{towards.by}</code>
      </p>
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {t("postPage.towards.why")}
      </button>
      {isOpen && <Words post={post} by={towards.by} />}
    </>
  );
}

const partsOf = (text: string, { places }: Target): string => places.map(({ start, end }) => `“${text.slice(start, end)}”`).join(" ");

function TargetLink({ target: { kind, id } }: { readonly target: Target }) {
  return (
    <Link className="tag" to={kind === "term" ? `/terms?open=${encodeURIComponent(id)}` : `/names?open=${encodeURIComponent(id)}`}>
      {id}
    </Link>
  );
}

function Said({ target: { sentiment, score } }: { readonly target: Pick<Target, "sentiment" | "score"> }) {
  const { t } = useTranslation();
  if (sentiment === null) return <span className="quiet">{t("postPage.judged.unsure")}</span>;
  return (
    <span className={`sentiment-${sentiment}`}>
      <span aria-hidden="true">{marks[sentiment]}</span> {t(`sentiment.${sentiment}`)}, {t("postPage.fact.score", { score: score.toFixed(2) })}
    </span>
  );
}

function Words({ post, by }: { readonly post: PostView; readonly by: string }) {
  const { t } = useTranslation();
  const answer = useQuery({ queryKey: ["towards", post.id], queryFn: () => towardsOf(post.id) });
  if (answer.isError) return <Problem error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <Loading />;
  const title = t("postPage.towards.why");
  return (
    <section aria-label={title} className="reveal">
      <strong>{title}</strong>
      <p className="quiet">{t("postPage.towards.adds", { by })}</p>
      <dl className="facts">
        {answer.data.now.map((target) => (
          <div key={`${target.kind} ${target.id}`} data-words={target.id}>
            <dt>
              {target.id} <Said target={target} />
            </dt>
            <dd>
              {target.words.length === 0 ? (
                t("postPage.towards.noWords")
              ) : (
                <ol className="plain-list judged-words" dir="auto">
                  {target.words.map(({ start, end, adds }) => (
                    <li key={start}>
                      {post.text.slice(start, end)} <small>{signed(adds)}</small>
                    </li>
                  ))}
                </ol>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
