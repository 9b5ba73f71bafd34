import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "./api.ts";
import { useMe } from "./me.ts";
import { go } from "./place.ts";
import { searchPath } from "./query.ts";
import { mayOpen, pages } from "./registry.ts";

interface Terms {
  readonly items: readonly { readonly id: string; readonly name: string }[];
}
interface Way {
  readonly to: string;
  readonly name: string;
  readonly kind: string;
}
const mostShown = 12;

/** Goes anywhere by a few letters: pages, brands and queries, or a search for what is typed. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const terms = useQuery({ queryKey: ["terms"], queryFn: () => ask<Terms>("/api/v1/terms"), staleTime: 10_000 });
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  const wanted = typed.trim().toLowerCase();
  const ways: readonly Way[] = [
    ...pages
      .filter((page) => page.isHidden !== true && mayOpen(me, page))
      .map((page): Way => ({ to: `/${page.id}`, name: t(`page.${page.id}` as "page.live"), kind: t("palette.page") })),
    ...(terms.data?.items ?? []).map((term): Way => ({ to: `/explore?term=${encodeURIComponent(term.id)}`, name: term.name, kind: t("palette.term") })),
  ].filter((way) => way.name.toLowerCase().includes(wanted));
  const shown: readonly Way[] = [
    ...ways.slice(0, mostShown),
    ...(wanted === "" ? [] : [{ to: searchPath(typed.trim()), name: t("palette.searchFor", { text: typed.trim() }), kind: t("palette.search") }]),
  ];
  const chosen = Math.min(at, shown.length - 1);
  const take = (way: Way | undefined) => {
    if (way === undefined) return;
    dialog.current?.close();
    go(way.to);
  };
  const onKey = (event: KeyboardEvent) => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by !== 0) setAt((chosen + by + shown.length) % Math.max(1, shown.length));
    else if (event.key === "Enter") take(shown[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} className="palette" aria-label={t("palette.title")} onClose={onClose}>
      <input
        role="combobox"
        aria-label={t("palette.title")}
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={shown[chosen] === undefined ? undefined : `${id}-${chosen}`}
        placeholder={t("palette.hint")}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
        autoComplete="off"
        spellCheck={false}
        maxLength={300}
      />
      <ul role="listbox" id={id} aria-label={t("palette.title")}>
        {shown.map((way, i) => (
          <li key={way.to} id={`${id}-${i}`} role="option" aria-selected={i === chosen} onPointerMove={() => setAt(i)} onClick={() => take(way)}>
            {way.name} <span className="quiet">{way.kind}</span>
          </li>
        ))}
      </ul>
    </dialog>
  );
}
