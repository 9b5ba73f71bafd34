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
  const isEmpty = state !== undefined && (state.simulated === "shown" || state.posts === 0);
  const wants = isAsked && isAdmin && isEmpty;
  const terms = useQuery({ queryKey: ["terms"], queryFn: () => ask<Terms>("/api/v1/terms"), enabled: wants });
  const real = useQuery({ queryKey: ["sources"], queryFn: sources, enabled: wants });
  const isKnown = state !== undefined && (!wants || ((terms.isSuccess || terms.isError) && (real.isSuccess || real.isError)));
  const isNew = wants && terms.data?.items.length === 0 && real.data?.items.every((source) => source.simulated) === true;
  useEffect(() => {
    if (isAsked && isKnown) go(isNew ? "/welcome" : "/live", "replace");
  }, [isAsked, isKnown, isNew]);
}
