import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ItemView, SetView } from "./labels-api.ts";

/** One class a text: number keys, or arrows and Enter. */
export function Classes({ set, item, onSay }: { readonly set: SetView; readonly item: ItemView; readonly onSay: (label: string) => void }) {
  const { t } = useTranslation();
  const said = item.mine?.label;
  const [chosen, setChosen] = useState(said === undefined ? -1 : set.classes.indexOf(said));
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented || event.target instanceof HTMLInputElement || document.querySelector("dialog[open]") !== null)
        return;
      const count = set.classes.length;
      const numbered = /^[1-9]$/.test(event.key) ? set.classes[Number(event.key) - 1] : undefined;
      const taken = event.key === "Enter" && !(event.target instanceof HTMLButtonElement) ? set.classes[chosen] : undefined;
      if (numbered !== undefined || taken !== undefined) {
        event.preventDefault();
        onSay(numbered ?? taken ?? "");
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        setChosen((before) => (event.key === "ArrowDown" ? (before + 1) % count : (Math.max(before, 0) - 1 + count) % count));
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [set.classes, chosen, onSay]);
  return (
    <>
      <p className="label-text" aria-live="polite" role="region" aria-label={t("labels.work.text")}>
        {item.text}
      </p>
      {said !== undefined && <p className="hint">{t("labels.work.again", { label: said })}</p>}
      <fieldset className="label-classes">
        <legend>{t("labels.work.classes")}</legend>
        {set.classes.map((name, i) => (
          <button key={name} type="button" aria-pressed={name === said} className={i === chosen ? "label-class label-class-chosen" : "label-class"} onClick={() => onSay(name)}>
            {i < 9 && <kbd>{i + 1}</kbd>} {name}
          </button>
        ))}
      </fieldset>
    </>
  );
}
