import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "../shell/api.ts";
import { formatDay, formatNumber } from "../shell/format.ts";
import { Loading, Problem } from "../shell/states.tsx";
import type { AuthorLikeness } from "./post-api.ts";

const nameKeys = ["rhythm", "minute", "night", "rate", "burst", "copies", "echoes", "reshares", "links", "hashtags", "spam", "lengths", "replies"] as const;
type Feature = AuthorLikeness["features"][number];

const signed = (value: number): string => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;

/** How the author of a post posts, with reasons; asked for on demand. */
export function AuthorHabits({ author }: { readonly author: string }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <h4>{t("postPage.author.title")}</h4>
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {t("postPage.author.open")}
      </button>
      {isOpen && <Habits author={author} />}
    </>
  );
}

function Habits({ author }: { readonly author: string }) {
  const { t } = useTranslation();
  const likeness = useQuery({ queryKey: ["likeness", author], queryFn: () => ask<AuthorLikeness>(`/api/v1/authors/${encodeURIComponent(author)}/likeness`) });
  if (likeness.isError) return <Problem error={likeness.error} onRetry={() => void likeness.refetch()} />;
  if (likeness.data === undefined) return <Loading />;
  const { score, posts, from, to, features, more } = likeness.data;
  const seen = t(more ? "postPage.author.newest" : "postPage.author.all", { posts: formatNumber(posts), from: formatDay(from), to: formatDay(to) });
  const reasons = features.filter(({ adds }) => Math.abs(adds) >= 0.05);
  return (
    <section aria-label={t("postPage.author.title")} className="reveal">
      <p>
        <strong>
          {score === null ? t("postPage.author.few") : t(score >= 0.75 ? "postPage.author.much" : score >= 0.3 ? "postPage.author.partly" : "postPage.author.little")}
        </strong>
        {score !== null && <small> {t("postPage.author.score", { score: score.toFixed(2) })}</small>}
      </p>
      <p className="quiet">{seen}</p>
      {reasons.length > 0 && (
        <ul className="plain-list">
          {reasons.map((feature) => (
            <li key={feature.name}>
              <small>{signed(feature.adds)}</small> <Reason feature={feature} />
            </li>
          ))}
        </ul>
      )}
      <p className="quiet">{t("postPage.author.unknown")}</p>
    </section>
  );
}

function Reason({ feature }: { readonly feature: Feature }) {
  const { t } = useTranslation();
  const { name, value, everySeconds, spreadSeconds } = feature;
  const key = nameKeys.find((one) => one === name);
  if (key === undefined) return name;
  return t(`postPage.author.reason.${key}`, {
    percent: Math.round(value * 100),
    number: formatNumber(Math.round(value * 10) / 10),
    every: everySeconds ?? 0,
    spread: spreadSeconds ?? 0,
  });
}
