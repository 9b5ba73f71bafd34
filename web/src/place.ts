import { useCallback, useEffect, useState } from "react";

export interface Place {
  readonly page: "live" | "search";
  readonly q: string;
  /** Pages of hits that are shown. */
  readonly shown: number;
}

const mostShown = 20;

function readPlace(): Place {
  const query = new URLSearchParams(location.search);
  const shown = Number(query.get("shown") ?? 1);
  return { page: location.pathname === "/search" ? "search" : "live", q: query.get("q") ?? "", shown: Number.isInteger(shown) && shown > 0 ? Math.min(shown, mostShown) : 1 };
}

/** Where the user is: all of it stands in the address. */
export function usePlace(): { readonly place: Place; readonly go: (path: string) => void; readonly show: (pages: number) => void } {
  const [place, setPlace] = useState(readPlace);
  useEffect(() => {
    const onPop = () => setPlace(readPlace());
    addEventListener("popstate", onPop);
    return () => removeEventListener("popstate", onPop);
  }, []);
  const go = useCallback((path: string) => {
    if (path !== location.pathname + location.search) history.pushState(null, "", path);
    setPlace(readPlace());
  }, []);
  const show = useCallback((pages: number) => {
    const query = new URLSearchParams(location.search);
    query.set("shown", String(pages));
    history.replaceState(null, "", `${location.pathname}?${query.toString()}`);
    setPlace(readPlace());
  }, []);
  return { place, go, show };
}

/** For links that stay on the page; with a modifier key the browser opens them as it does. */
export function followHere(event: React.MouseEvent, go: (path: string) => void, path: string): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(path);
}
