import { useEffect, useState } from "react";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];
const name = "earshot.theme";

const kept = (): Theme => themes.find((theme) => theme === localStorage.getItem(name)) ?? "system";
function wear(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

/** Puts on what was chosen in this browser, before anything is drawn. */
export const wearKept = (): void => wear(kept());

/** The colours of the pages: the system's, or this browser's own choice. */
export function useTheme(): { readonly theme: Theme; readonly next: () => void } {
  const [theme, setTheme] = useState(kept);
  useEffect(() => {
    localStorage.setItem(name, theme);
    wear(theme);
  }, [theme]);
  return { theme, next: () => setTheme(themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system") };
}
