import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask, type PostView } from "../shell/api.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { postPath, type Reading } from "./post-api.ts";

const kindKeys = ["slang", "elongation", "hashtag", "emoji", "spelling", "invisible"] as const;

/** The text in plain words, and what was changed for it. */
export function PlainWords({ post }: { readonly post: PostView }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <h4>{t("postPage.reading.title")}</h4>
      <p className="quiet">{t("postPage.reading.about")}</p>
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {t("postPage.reading.open")}
      </button>
      {isOpen && <Read id={post.id} />}
    </>
  );
}

function Read({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const reading = useQuery({ queryKey: ["reading", id], queryFn: () => ask<Reading>(`${postPath(id)}/reading`) });
  if (reading.isError) return <Problem error={reading.error} onRetry={() => void reading.refetch()} />;
  if (reading.data === undefined) return <Loading />;
  const { normal, spans } = reading.data;
  return (
    <section aria-label={t("postPage.reading.title")} className="reveal">
      <p dir="auto" className="reading-text">
        {marked(reading.data)}
      </p>
      {spans.length === 0 ? (
        <p className="quiet">{t("postPage.reading.same")}</p>
      ) : (
        <div className="table-scroll" role="region" aria-label={t("postPage.reading.changes")} tabIndex={0}>
          <table>
            <caption className="unseen">{t("postPage.reading.changes")}</caption>
            <thead>
              <tr>
                {(["was", "reads", "why"] as const).map((name) => (
                  <th key={name} scope="col">
                    {t(`postPage.reading.column.${name}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {spans.map(({ start, original, normalStart, normalEnd, kinds }) => (
                <tr key={start}>
                  <th scope="row" dir="auto">
                    {/\P{Default_Ignorable_Code_Point}/u.test(original) ? original : t("postPage.reading.unseen")}
                  </th>
                  <td dir="auto">{normalStart === normalEnd ? t("postPage.reading.nothing") : normal.slice(normalStart, normalEnd).trim()}</td>
                  <td>{kinds.map((kind) => t(`postPage.reading.kind.${kindKeys.find((key) => key === kind) ?? "spelling"}`)).join(", ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** What changed stands underlined. */
function marked({ normal, spans }: Reading): readonly ReactNode[] {
  let at = 0;
  const parts = spans.flatMap(({ normalStart, normalEnd }) => {
    const before = normal.slice(at, normalStart);
    at = normalEnd;
    return [before, <ins key={normalStart}>{normal.slice(normalStart, normalEnd)}</ins>];
  });
  return [...parts, normal.slice(at)];
}
