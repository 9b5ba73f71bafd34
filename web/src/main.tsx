import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import i18next from "i18next";
import { StrictMode, useCallback, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { initReactI18next, useTranslation } from "react-i18next";
import { isSignedOut, ProblemError, signIn, whoAmI } from "./shell/api.ts";
import { MeContext } from "./shell/me.ts";
import { Shell } from "./shell/shell.tsx";
import { SignedOut } from "./shell/signed-out.tsx";
import { wearKept } from "./shell/theme.ts";
import "./style/tokens.css";
import "./style/base.css";
import "./style/shell.css";
import "./style/parts.css";
import "./style/posts.css";
import { en } from "./words.ts";

void i18next.use(initReactI18next).init({ lng: "en", resources: { en: { translation: en } }, interpolation: { escapeValue: false } });
const client = new QueryClient({
  defaultOptions: { queries: { retry: (count, error) => count < 2 && !(error instanceof ProblemError && error.status < 500), refetchOnWindowFocus: false } },
});

wearKept();

/** The code leaves the address bar and the history at once, and is used once. */
function takeCode(): string | undefined {
  if (!location.hash.startsWith("#code=")) return undefined;
  const code = location.hash.slice("#code=".length);
  history.replaceState(null, "", location.pathname + location.search);
  return code;
}
const code = takeCode();
const signingIn = code === undefined ? undefined : signIn(code);
signingIn?.catch(() => undefined);

function App() {
  const { t } = useTranslation();
  const [isWaiting, setWaiting] = useState(signingIn !== undefined);
  const [isOut, setOut] = useState(false);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    signingIn?.catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error))).finally(() => setWaiting(false));
  }, []);
  useEffect(() => {
    // A link that is pasted into a page that is open already.
    const onHash = () => {
      if (location.hash.startsWith("#code=")) location.reload();
    };
    addEventListener("hashchange", onHash);
    return () => removeEventListener("hashchange", onHash);
  }, []);
  const me = useQuery({ queryKey: ["me"], queryFn: whoAmI, enabled: !isWaiting, retry: (_count, error) => !(error instanceof ProblemError), retryDelay: 2_000 });
  const onSignedOut = useCallback(() => setOut(true), []);
  if (isOut || isSignedOut(me.error)) return <SignedOut problem={problem} />;
  if (me.data !== undefined)
    return (
      <MeContext value={me.data}>
        <Shell onSignedOut={onSignedOut} />
      </MeContext>
    );
  return (
    <main className="center">
      <h1>Earshot</h1>
      <p role="status">{me.error?.message ?? (me.failureCount > 0 ? t("signIn.unreachable") : t("signIn.working"))}</p>
    </main>
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
