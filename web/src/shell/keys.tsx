import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { go } from "./place.ts";

export const searchFieldId = "search-field";
let wantsField = false;
/** Whether the page of search was opened to write a query; asked once. */
export function takeFocusWish(): boolean {
  const wish = wantsField;
  wantsField = false;
  return wish;
}

const list = [
  ["Ctrl K", "palette"],
  ["/", "search"],
  ["l", "live"],
  ["j k", "move"],
  ["p", "pause"],
  ["?", "list"],
  ["Esc", "escape"],
] as const;

/** In a choice, letters go to the option that begins so. */
const isWriting = (): boolean => [HTMLInputElement, HTMLTextAreaElement, HTMLSelectElement].some((kind) => document.activeElement instanceof kind);

function move(by: 1 | -1): void {
  const posts = [...document.querySelectorAll<HTMLElement>("article.post")];
  const at = posts.findIndex((post) => post.contains(document.activeElement));
  posts[Math.min(posts.length - 1, Math.max(0, at + by))]?.focus();
}

/** The keys of the whole page, and the list of them. */
export function Keys({ isSearch }: { readonly isSearch: boolean }) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
      if (event.key === "Escape" && isWriting() && document.activeElement instanceof HTMLElement) document.activeElement.blur();
      if (isWriting() || dialog.current?.open === true) return;
      if (event.key === "/") {
        event.preventDefault();
        if (isSearch) document.getElementById(searchFieldId)?.focus();
        else {
          wantsField = true;
          go("/search");
        }
      } else if (event.key === "?") dialog.current?.showModal();
      else if (event.key === "l") go("/live");
      else if (event.key === "j") move(1);
      else if (event.key === "k") move(-1);
      else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && document.activeElement?.closest("article.post")) {
        event.preventDefault();
        move(event.key === "ArrowDown" ? 1 : -1);
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [isSearch]);
  return (
    <>
      <button type="button" className="plain" onClick={() => dialog.current?.showModal()}>
        {t("keys.open")}
      </button>
      <dialog ref={dialog} aria-labelledby="keys-title">
        <h2 id="keys-title">{t("keys.title")}</h2>
        <dl>
          {list.map(([key, name]) => (
            <div key={name}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{t(`keys.${name}`)}</dd>
            </div>
          ))}
        </dl>
        <button type="button" onClick={() => dialog.current?.close()}>
          {t("keys.close")}
        </button>
      </dialog>
    </>
  );
}
