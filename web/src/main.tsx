import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import i18next from "i18next";
import { StrictMode, useCallback, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { initReactI18next, useTranslation } from "react-i18next";
import { ProblemError, signIn, sources, status, whoAmI } from "./api.ts";
import { Live } from "./live.tsx";
import { Search } from "./search.tsx";
import "./style.css";
import { en } from "./words.ts";

void i18next.use(initReactI18next).init({ lng: "en", resources: { en: { translation: en } }, interpolation: { escapeValue: false } });
const client = new QueryClient({ defaultOptions: { queries: { retry: (count, error) => count < 2 && !(error instanceof ProblemError && error.status < 500), refetchOnWindowFocus: false } } });
const number = new Intl.NumberFormat();

function App() {
  const [signingIn, setSigningIn] = useState(() => location.hash.startsWith("#code="));
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    if (!location.hash.startsWith("#code=")) return;
    const code = decodeURIComponent(location.hash.slice("#code=".length));
    // The code leaves the address bar and the history at once.
    history.replaceState(null, "", location.pathname + location.search);
    signIn(code)
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => setSigningIn(false));
  }, []);
  const me = useQuery({ queryKey: ["me"], queryFn: whoAmI, enabled: !signingIn, retry: false });
  const { t } = useTranslation();
  if (signingIn || me.isPending) return <main className="center">{t("signIn.working")}</main>;
  if (me.isError) return <SignedOut problem={problem} />;
  return <Product />;
}

function SignedOut({ problem }: { readonly problem: string | undefined }) {
  const { t } = useTranslation();
  return (
    <main className="center">
      <h1>Earshot</h1>
      {problem !== undefined && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <p>{t("signIn.need")}</p>
      <p>
        {t("signIn.again")} <code>npm run earshot -- link</code>
      </p>
    </main>
  );
}

function readPlace() {
  return { page: location.pathname === "/search" ? ("search" as const) : ("live" as const), q: new URLSearchParams(location.search).get("q") ?? "" };
}

function Product() {
  const { t } = useTranslation();
  const [place, setPlace] = useState(readPlace);
  useEffect(() => {
    const onPop = () => setPlace(readPlace());
    addEventListener("popstate", onPop);
    return () => removeEventListener("popstate", onPop);
  }, []);
  const go = useCallback((path: string) => {
    history.pushState(null, "", path);
    setPlace(readPlace());
  }, []);
  const state = useQuery({ queryKey: ["status"], queryFn: status, refetchInterval: 2_000 });
  const known = useQuery({ queryKey: ["sources"], queryFn: sources, refetchInterval: 10_000 });
  const items = known.data?.items ?? [];
  const simulated = new Set(items.filter((source) => source.simulated).map((source) => source.id));
  const lag = state.data === undefined ? 0 : state.data.lag.refine + Math.max(0, ...Object.values(state.data.lag.stores));
  const link = (page: "live" | "search", path: string) => (
    <a
      href={path}
      aria-current={place.page === page ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(path);
      }}
    >
      {t(`area.${page}`)}
    </a>
  );
  return (
    <>
      <header className="top">
        <h1>Earshot</h1>
        <nav aria-label="Listen">
          {link("live", "/live")}
          {link("search", "/search")}
        </nav>
        <span className="status">
          {state.data === undefined
            ? t("status.unknown")
            : t("status.line", {
                posts: number.format(state.data.posts),
                rate: number.format(Math.round(state.data.collectedPerSecond)),
                lag: number.format(lag),
                rejected: number.format(state.data.rejected),
              })}
        </span>
      </header>
      {simulated.size > 0 && simulated.size === items.length && <p className="banner">{t("banner.simulated")}</p>}
      <main>
        {place.page === "live" ? (
          <Live simulatedSources={simulated} />
        ) : (
          <Search q={place.q} simulatedSources={simulated} onSearch={(q) => go(q === "" ? "/search" : `/search?${new URLSearchParams({ q }).toString()}`)} />
        )}
      </main>
    </>
  );
}

const root = document.getElementById("app");
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
