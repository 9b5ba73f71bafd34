import { useMemo, useSyncExternalStore } from "react";

/** Where the user is: all of it stands in the address. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const listeners = new Set<() => void>();
const told = () => {
  for (const listener of listeners) listener();
};
addEventListener("popstate", told);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Goes to a path of this product, as a step of its own in the history; `replace` leaves none. */
export function go(path: string, how: "push" | "replace" = "push"): void {
  if (path === location.pathname + location.search) return;
  if (how === "push") history.pushState(null, "", path);
  else history.replaceState(null, "", path);
  told();
}

/** Changes parts of the query and keeps the rest; undefined or "" removes one. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>, how: "push" | "replace" = "push"): void {
  go(withQuery(changes), how);
}

/** The address that `setQuery` goes to: for links. */
export function withQuery(changes: Readonly<Record<string, string | undefined>>, path = location.pathname): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

export function usePlace(): Place {
  const address = useSyncExternalStore(subscribe, () => location.pathname + location.search);
  return useMemo(() => {
    const url = new URL(address, location.origin);
    return { path: url.pathname, query: url.searchParams };
  }, [address]);
}

/** For links that stay on the page; with a modifier key the browser opens them as it does. */
export function follow(event: React.MouseEvent, path: string): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
  event.preventDefault();
  go(path);
}
