import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { formatNumber, languageName } from "../shell/format.ts";
import { Link } from "../shell/link.tsx";
import { PostRow } from "../shell/post-row.tsx";
import { searchPath } from "../shell/query.ts";
import { useSimulatedSources } from "../shell/simulated.ts";
import { Loading, Problem } from "../shell/states.tsx";
import { postsOf, searchOf, type TopicView } from "./topics-api.ts";

const percent = (share: number): string => `${Math.round(share * 100)}%`;
const [width, height] = [96, 22];

/** Posts by part of the time, from zero. */
export function Course({ name, series }: { readonly name: string; readonly series: readonly number[] }) {
  const { t } = useTranslation();
  const most = Math.max(1, ...series);
  const step = width / Math.max(1, series.length);
  const points = series.map((value, i) => `${((i + 0.5) * step).toFixed(1)},${(height - 1 - (value / most) * (height - 3)).toFixed(1)}`).join(" ");
  return (
    <svg className="course" viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={t("topics.courseOf", { name, values: series.join(", ") })}>
      <line x1="0" y1={height - 1} x2={width} y2={height - 1} />
      <polyline points={points} />
    </svg>
  );
}

/** Negative and positive as shares of what is scored. */
export function Mood({ sentiment: { negative, neutral, positive } }: Pick<TopicView, "sentiment">) {
  const { t } = useTranslation();
  const scored = negative + neutral + positive;
  if (scored === 0) return <span className="quiet">{t("topics.notScored")}</span>;
  const [low, high] = [(negative / scored) * width, (positive / scored) * width];
  const label = t("topics.sentimentMix", { negative: percent(negative / scored), neutral: percent(neutral / scored), positive: percent(positive / scored) });
  return (
    <span className="mood">
      <svg viewBox={`0 0 ${width} 10`} width={width} height="10" role="img" aria-label={label}>
        <rect className="mood-neutral" width={width} height="10" />
        <rect className="mood-negative" width={low} height="10" />
        <rect className="mood-positive" x={width - high} width={high} height="10" />
      </svg>
      <small className="quiet">
        ▼ {percent(negative / scored)} ▲ {percent(positive / scored)}
      </small>
    </span>
  );
}

/** What a topic is made of: words, posts that stand for it, the way to the others. */
export function TopicDetail({
  topic,
  fromMs,
  toMs,
}: {
  readonly topic: Pick<TopicView, "words" | "language" | "middle"> & { readonly authors?: number };
  readonly fromMs: number;
  readonly toMs: number;
}) {
  const { t } = useTranslation();
  const simulated = useSimulatedSources();
  const posts = useQuery({ queryKey: ["topic-posts", ...topic.middle], queryFn: () => postsOf(topic.middle) });
  return (
    <>
      <p className="quiet">
        {languageName(topic.language)}
        {topic.authors !== undefined && ` · ${t("topics.authors", { count: topic.authors, formatted: formatNumber(topic.authors) })}`}
      </p>
      <h3>{t("topics.words")}</h3>
      <p className="topic-words">
        {topic.words.map((word) => (
          <Link key={word} className="tag" to={searchPath(`"${word}"`)}>
            {word}
          </Link>
        ))}
      </p>
      <p>
        <Link to={searchPath(searchOf(topic, fromMs, toMs))}>{t("topics.openPosts")}</Link> <small className="quiet">{t("topics.openHint")}</small>
      </p>
      <h3>{t("topics.middle")}</h3>
      {posts.isError && <Problem error={posts.error} onRetry={() => void posts.refetch()} />}
      {posts.isPending && <Loading />}
      {posts.data?.length === 0 && <p className="quiet">{t("topics.noMiddle")}</p>}
      {(posts.data ?? []).map((post) => (
        <PostRow key={post.id} post={post} simulated={simulated.has(post.source)} />
      ))}
    </>
  );
}
