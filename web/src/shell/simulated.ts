import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { sources } from "./api.ts";

/** Ids of the sources that are simulated: their posts are marked. */
export function useSimulatedSources(): ReadonlySet<string> {
  const known = useQuery({ queryKey: ["sources"], queryFn: sources, refetchInterval: 5_000 });
  const names = (known.data?.items ?? [])
    .filter((source) => source.simulated)
    .map((source) => source.id)
    .join(" ");
  return useMemo(() => new Set(names.split(" ")), [names]);
}
