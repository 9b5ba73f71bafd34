import { type ReactNode, useId } from "react";
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

const gapPx = 8;

/** Puts the opened panel under its button, inside the window. */
function place(panel: HTMLElement): void {
  const button = document.querySelector(`[popovertarget="${CSS.escape(panel.id)}"]`);
  if (button === null) return;
  const at = button.getBoundingClientRect();
  const { width, height } = panel.getBoundingClientRect();
  panel.style.left = `${Math.max(gapPx, Math.min(at.left, innerWidth - width - gapPx))}px`;
  panel.style.top = `${at.bottom + height + gapPx < innerHeight ? at.bottom + 4 : Math.max(gapPx, at.top - height - 4)}px`;
}

/** "About this data", beside every figure. */
export function About({ data, children }: { readonly data: AboutData; readonly children?: ReactNode }) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <span className="about">
      <button type="button" className="about-open" popoverTarget={id} aria-label={t("about.open", { name: data.name })}>
        <span aria-hidden="true">i</span>
      </button>
      <div id={id} popover="auto" className="about-panel" role="dialog" aria-label={t("about.title", { name: data.name })} onToggle={(event) => place(event.currentTarget)}>
        <strong>{data.name}</strong>
        <p>{data.definition}</p>
        <dl>
          {data.metric !== undefined && (
            <div>
              <dt>{t("about.metric")}</dt>
              <dd>{data.metric}</dd>
            </div>
          )}
          {data.owner !== undefined && (
            <div>
              <dt>{t("about.owner")}</dt>
              <dd>{data.owner}</dd>
            </div>
          )}
          {data.freshAt !== undefined && (
            <div>
              <dt>{t("about.fresh")}</dt>
              <dd>{new Date(data.freshAt).toISOString()}</dd>
            </div>
          )}
        </dl>
        {data.coverage.length > 0 && (
          <>
            <strong>{t("about.coverage")}</strong>
            <ul>
              {data.coverage.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          </>
        )}
        {children}
        {data.postsPath !== undefined && <Link to={data.postsPath}>{t("about.posts")}</Link>}
      </div>
    </span>
  );
}
