import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { ask, sources, type Status } from "./api.ts";
import { mayAct, useMe } from "./me.ts";
import { go } from "./place.ts";

interface Terms {
  readonly items: readonly unknown[];
}

/** Where an address without a page leads: an admin who has set nothing up yet is asked what to hear, everybody else sees Live. */
export function useFirstPage(isAsked: boolean, state: Status | undefined): void {
  const isAdmin = mayAct(useMe(), "admin");
  const wants = isAsked && isAdmin && state !== undefined && state.simulated !== "hidden";
  // The status is some seconds old: what was imported just now counts too.
  const posts = useQuery({ queryKey: ["first-count"], queryFn: () => ask<{ readonly posts: number }>("/api/v1/posts/count"), enabled: wants });
  const terms = useQuery({ queryKey: ["terms"], queryFn: () => ask<Terms>("/api/v1/terms"), enabled: wants });
  const real = useQuery({ queryKey: ["sources"], queryFn: sources, enabled: wants });
  const isKnown = state !== undefined && (!wants || [terms, real, posts].every((one) => one.isSuccess || one.isError));
  const isEmpty = state?.simulated === "shown" || posts.data?.posts === 0;
  const isNew = wants && isEmpty && terms.data?.items.length === 0 && real.data?.items.every((source) => source.simulated) === true;
  useEffect(() => {
    if (isAsked && isKnown) go(isNew ? "/welcome" : "/live", "replace");
  }, [isAsked, isKnown, isNew]);
}
