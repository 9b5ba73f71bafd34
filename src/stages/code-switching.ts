import type { ModelsUse } from "../core/config.ts";
import type { LanguageSpans } from "../core/language-spans.ts";
import type { Draft, Stage } from "../core/stage.ts";

export interface CodeSwitchingOptions {
  readonly models: LanguageSpans;
  readonly use: ModelsUse["languages"];
}

/** UTF-16 units of a text that are looked at. */
const mostUnits = 4_000;

/** Notes the stretches of a text that is not in its post's one language alone. The post's own language stays as it is. */
export function makeCodeSwitching({ models, ...options }: CodeSwitchingOptions): Stage & { setUse(use: ModelsUse["languages"]): void } {
  let { use } = options;
  const isAsked = ({ source, language }: Draft): boolean =>
    typeof use === "boolean" ? use : (use.sources === undefined || use.sources.includes(source)) && (use.languages === undefined || use.languages.includes(language));
  return {
    name: "code-switching",
    run: (batch) =>
      batch.map((draft) => {
        if (!isAsked(draft)) return { keep: draft };
        const languages = models.languages(draft.text.length > mostUnits ? draft.text.slice(0, mostUnits) : draft.text, draft.language);
        if (languages.spans.length > 0) draft.notes = { ...draft.notes, languages };
        return { keep: draft };
      }),
    /** Takes effect with the next batch, whole. */
    setUse(next) {
      use = next;
    },
    [Symbol.dispose]() {},
  };
}
