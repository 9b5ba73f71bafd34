import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "./api.ts";

/** What went wrong, with its stable code, and a way to try again. */
export function Problem({ error, title, onRetry }: { readonly error: unknown; readonly title?: string; readonly onRetry?: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="problem" role="alert">
      <strong>{title ?? t("shell.failed")}</strong>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {error instanceof ProblemError && <code>{error.code}</code>}
      {onRetry !== undefined && !(error instanceof ProblemError && error.status === 400) && (
        <button type="button" onClick={onRetry}>
          {t("shell.retry")}
        </button>
      )}
    </div>
  );
}

export function Loading({ what }: { readonly what?: string }) {
  const { t } = useTranslation();
  return (
    <p className="loading" role="status">
      {what ?? t("shell.loading")}
    </p>
  );
}

/** An empty place that teaches the next step. */
export function Empty({ children, action }: { readonly children: ReactNode; readonly action?: ReactNode }) {
  return (
    <div className="empty">
      <p>{children}</p>
      {action}
    </div>
  );
}
