import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "./link.tsx";

export interface AboutData {
  readonly name: string;
  /** What is counted, in one or two sentences. */
  readonly definition: string;
  /** Id and version of the metric. */
  readonly metric?: string;
  readonly owner?: string;
  /** When the newest change that is counted came in, milliseconds UTC. */
  readonly freshAt?: number;
  /** What is missing: gaps, rejected, not scored, estimates. */
  readonly coverage: readonly string[];
  /** The way to the posts. */
  readonly postsPath?: string;
}

/** "About this data", beside every figure. */
export function About({ data, children }: { readonly data: AboutData; readonly children?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <details className="about">
      <summary aria-label={t("about.open", { name: data.name })}>ⓘ</summary>
      <div className="panel">
        <h3>{t("about.title", { name: data.name })}</h3>
        <p>{data.definition}</p>
        {data.metric !== undefined && <p>{t("about.metric", { metric: data.metric })}</p>}
        {data.freshAt !== undefined && <p>{t("about.fresh", { time: new Date(data.freshAt).toISOString() })}</p>}
        <ul>
          {data.coverage.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        {children}
        {data.postsPath !== undefined && <Link to={data.postsPath}>{t("about.posts")}</Link>}
      </div>
    </details>
  );
}
