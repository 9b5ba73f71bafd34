import { buildCommand, buildRouteMap, numberParser } from "@stricli/core";
import { z } from "zod";
import { EarshotError } from "../../core/errors.ts";
import { openClient } from "../client.ts";
import { guarded, print, printJson } from "../output.ts";

const likenessSchema = z.object({
  author: z.string(),
  posts: z.number(),
  more: z.boolean(),
  from: z.string(),
  to: z.string(),
  score: z.number().nullable(),
  features: z.array(z.object({ name: z.string(), value: z.number(), adds: z.number(), everySeconds: z.number().optional(), spreadSeconds: z.number().optional() })),
});
type Likeness = z.output<typeof likenessSchema>;

function show({ author, posts, score, features }: Likeness): void {
  print(`${author}  ${score === null ? "too few posts to tell" : `${Math.round(score * 100)}% like a program`}  (${posts} posts)`);
  for (const { name, value, adds, everySeconds, spreadSeconds } of features) {
    if (Math.abs(adds) < 0.05) continue;
    const period = everySeconds === undefined ? "" : `, every ${everySeconds} s ± ${spreadSeconds ?? 0}`;
    print(`  ${adds >= 0 ? "+" : "-"}${Math.abs(adds).toFixed(2)}  ${name} ${Math.round(value * 100) / 100}${period}`);
  }
}

const likenessCommand = buildCommand({
  docs: {
    brief: "How much authors post like programs, with the reasons",
    fullDescription:
      "Of one author, named by its pseudonym (a1_…), or of the most active ones of the last hours. It tells how somebody posts, never who they are: people plan posts, programs can write as people do.",
  },
  parameters: {
    flags: {
      hours: { kind: "parsed", parse: numberParser, brief: "Without an author: the most active of so many last hours", default: "24" },
      top: { kind: "parsed", parse: numberParser, brief: "Without an author: so many of them", default: "20" },
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
    positional: { kind: "array", maximum: 1, parameter: { parse: String, brief: "The author's pseudonym", placeholder: "author" } },
  },
  func: (flags: { hours: number; top: number; json: boolean }, ...words: string[]) =>
    guarded(async () => {
      const [author] = words;
      if (author !== undefined && !/^a\d+_/.test(author)) throw new EarshotError("USAGE", `author: expected a pseudonym such as a1_…, came ${author.slice(0, 60)}`);
      await using client = await openClient();
      if (author !== undefined) {
        const one = likenessSchema.parse(await client.get(`/api/v1/authors/${encodeURIComponent(author)}/likeness`));
        if (flags.json) printJson(one);
        else show(one);
        return;
      }
      const query = new URLSearchParams({ hours: String(flags.hours), top: String(flags.top) });
      const { items, posts } = z.object({ posts: z.number(), items: z.array(likenessSchema) }).parse(await client.get(`/api/v1/authors/likeness?${query.toString()}`));
      if (flags.json) {
        printJson({ posts, items });
        return;
      }
      for (const one of items) show(one);
      if (items.length === 0) print("No post was made in that time.");
    }),
});

export const authorsCommand = buildRouteMap({ routes: { likeness: likenessCommand }, docs: { brief: "Authors, by their pseudonyms" } });
