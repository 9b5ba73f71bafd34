import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildCommand } from "@stricli/core";
import { EarshotError } from "../../core/errors.ts";
import { readTsv } from "../../models/corpus.ts";
import { falselyMixed, lengthFigures, mixedTexts, setFigures, spanFigures } from "../../models/language-figures.ts";
import { languagePosts } from "../../models/language-words-train.ts";
import { openLibrary } from "../../models/library.ts";
import { guarded, print, printJson } from "../output.ts";

const mixed = 1_000;

/** Figures on posts that the weights were not trained on. */
function figuresOn(folder: string) {
  const parts = openLibrary().languageParts();
  const { keptBack } = languagePosts(folder);
  const { texts, labels } = readTsv(join(folder, "language", "tweetlid.tsv"));
  return {
    constructed: spanFigures(parts, mixedTexts(keptBack, mixed)),
    falselyMixed: falselyMixed(parts, keptBack),
    labelledMixed: setFigures(parts, texts, labels),
    byLength: lengthFigures(
      parts,
      keptBack.filter(({ language }) => language !== "hi-Latn"),
    ),
  };
}

const optional = (brief: string) => ({ kind: "parsed", parse: String, brief, optional: true }) as const;

export const languagesCommand = buildCommand({
  docs: {
    brief: "Which stretches of a text are in which language, or how well that is told",
    fullDescription:
      "With --text, the stretches of a text that holds more than one language (half open, UTF-16 units), and the one language of the whole where it is sure enough, else und. With --data, figures on the posts of that folder that were kept back from training: texts put together of two languages, posts of one that are said to hold more, TweetLID's mixed posts, and how many short texts are told at all and how often rightly.",
  },
  parameters: {
    flags: {
      text: optional("The text"),
      language: optional("The language that the post was given, BCP 47; absent: und"),
      data: optional("The folder that holds tweeteval, multilingual and language"),
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
  },
  func: (flags: { text?: string; language?: string; data?: string; json: boolean }) =>
    guarded(async () => {
      if (flags.data !== undefined) {
        if (!existsSync(flags.data)) throw new EarshotError("USAGE", `--data: there is no folder ${flags.data}`);
        const figures = figuresOn(flags.data);
        if (flags.json) printJson(figures);
        else print(JSON.stringify(figures, undefined, 2));
        return;
      }
      const { text } = flags;
      if (text === undefined) throw new EarshotError("USAGE", "--text or --data: expected one of them, came neither");
      const parts = openLibrary().languageParts();
      const spans = parts.spans(text, flags.language ?? "und");
      const whole = parts.whole(text);
      if (flags.json) printJson({ whole, spans });
      else {
        print(`${whole.language} ${whole.confidence.toFixed(2)}`);
        for (const { start, end, language, confidence } of spans) print(`  ${language.padEnd(8)} ${confidence.toFixed(2)}  ${text.slice(start, end)}`);
      }
    }),
});
