import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask, type Status } from "./api.ts";
import { formatNumber } from "./format.ts";
import { mayAct, useMe } from "./me.ts";
import "./world-banner.css";
import { Problem } from "./states.tsx";

const ConfirmByName = lazy(() => import("./dialog.tsx").then((dialog) => ({ default: dialog.ConfirmByName })));

/** What is to be known of the simulated world on every page: how far it is, and the way to be rid of it. */
export function WorldBanner({ state }: { readonly state: Status }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const isAdmin = mayAct(useMe(), "admin");
  const [isAsking, setAsking] = useState(false);
  const [removed, setRemoved] = useState<number>();
  const remove = useMutation({
    mutationFn: () => ask<{ readonly removedPosts: number }>("/api/v1/world", { method: "DELETE" }),
    onMutate: () => setAsking(false),
    onSuccess: ({ removedPosts }) => {
      setRemoved(removedPosts);
      void client.invalidateQueries();
    },
  });
  const { world } = state;
  const isRemoving = remove.isPending || world?.state === "removing";
  if (removed !== undefined)
    return (
      <p className="banner" role="status">
        {t("world.removed", { posts: formatNumber(removed) })}{" "}
        <button type="button" className="plain" onClick={() => setRemoved(undefined)}>
          {t("shell.close")}
        </button>
      </p>
    );
  if (state.simulated === "none") return null;
  return (
    <div className="banner world-banner">
      {isRemoving ? (
        <Progress name={t("world.removing")} posts={world?.state === "removing" ? world.posts : 0} of={world?.of ?? 0} />
      ) : (
        <>
          <span>{t(state.simulated === "hidden" ? "banner.hidden" : "banner.shown")}</span>
          {world?.state === "preparing" && <span role="status">{t("world.preparing")}</span>}
          {world?.state === "failed" && <span role="alert">{t("world.failed")}</span>}
          {world?.state === "loading" && <Progress name={t("world.loading")} posts={world.posts} of={world.of} secondsLeft={world.secondsLeft} />}
          {isAdmin && world !== undefined && (
            <button type="button" className="plain" onClick={() => setAsking(true)}>
              {t("world.remove")}
            </button>
          )}
        </>
      )}
      <Suspense>
        {remove.isError && <Problem error={remove.error} onRetry={() => remove.mutate()} />}
        {isAsking && (
          <ConfirmByName title={t("world.title")} name="world" action={t("world.action")} onConfirm={() => remove.mutate()} onClose={() => setAsking(false)}>
            <p>{t("world.what", { posts: formatNumber(world?.stored ?? 0) })}</p>
            <p>{t("world.stays")}</p>
          </ConfirmByName>
        )}
      </Suspense>
    </div>
  );
}

function Progress({ name, posts, of, secondsLeft }: { readonly name: string; readonly posts: number; readonly of: number; readonly secondsLeft?: number | undefined }) {
  const { t } = useTranslation();
  const percent = of === 0 ? 0 : Math.floor((posts / of) * 100);
  const said = t("world.progress", { percent, posts: formatNumber(posts), of: formatNumber(of) });
  return (
    <span className="world-progress">
      <span>{name}</span>
      <span role="progressbar" aria-label={name} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent} aria-valuetext={said}>
        <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
          <rect width={percent} height={6} />
        </svg>
      </span>
      <span className="figure">
        {said}
        {secondsLeft !== undefined && ` · ${t("world.left", { seconds: formatNumber(secondsLeft) })}`}
      </span>
    </span>
  );
}
