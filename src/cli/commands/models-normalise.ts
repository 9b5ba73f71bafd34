import { buildCommand } from "@stricli/core";
import { openLibrary } from "../../models/library.ts";
import { makeNormaliser } from "../../models/normal.ts";
import { guarded, print, printJson } from "../output.ts";

export const normaliseCommand = buildCommand({
  docs: {
    brief: "A text as plain words: short forms said in full, hashtags parted, emoji named, hidden spellings undone",
    fullDescription: "With --json, each changed span with its place in the text and in the normal form (half open, UTF-16 units), what stood there and why it changed.",
  },
  parameters: {
    flags: {
      text: { kind: "parsed", parse: String, brief: "The text" },
      language: { kind: "parsed", parse: String, brief: "Its language: en, es, fr, de, pt, it, hi (in Latin letters) have short forms", default: "en" },
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
  },
  func: (flags: { text: string; language: string; json: boolean }) =>
    guarded(async () => {
      const form = makeNormaliser(openLibrary().vocabulary()).normalise(flags.text, flags.language);
      if (flags.json) {
        printJson({
          normal: form.text,
          spans: form.spans.map(({ start, end, toStart, toEnd, original, kinds }) => ({ start, end, normalStart: toStart, normalEnd: toEnd, original, kinds })),
        });
        return;
      }
      print(form.text);
      for (const { original, toStart, toEnd, kinds } of form.spans)
        print(`  ${JSON.stringify(original)} → ${JSON.stringify(form.text.slice(toStart, toEnd))}  ${kinds.join(", ")}`);
    }),
});
