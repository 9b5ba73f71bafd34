import { buildCommand, numberParser } from "@stricli/core";
import { z } from "zod";
import { openClient } from "../client.ts";
import { guarded, print, printJson } from "../output.ts";

const topicSchema = z.looseObject({
  language: z.string(),
  words: z.array(z.string()),
  posts: z.number(),
  sentiment: z.object({ negative: z.number(), neutral: z.number(), positive: z.number(), unscored: z.number() }),
  change: z.string().optional(),
});
const answerSchema = z.looseObject({ posts: z.number(), read: z.number(), none: z.number(), topics: z.array(topicSchema) });
const shownWords = 6;

export const topicsCommand = buildCommand({
  docs: { brief: "Tell what posts speak of", fullDescription: "Topics of the posts that a query finds, the largest first, with the words that tell each apart." },
  parameters: {
    flags: {
      hours: { kind: "parsed", parse: numberParser, brief: "Of the last so many hours", default: "24" },
      sample: { kind: "parsed", parse: numberParser, brief: "Posts that are read at most", default: "4000" },
      json: { kind: "boolean", brief: "The whole answer as JSON", default: false },
    },
    positional: { kind: "array", parameter: { parse: String, brief: "The query; absent: everything", placeholder: "query" } },
  },
  func: (flags: { hours: number; sample: number; json: boolean }, ...words: string[]) =>
    guarded(async () => {
      await using client = await openClient();
      const to = Date.now();
      const query = new URLSearchParams({
        q: words.join(" "),
        from: new Date(to - flags.hours * 3_600_000).toISOString(),
        to: new Date(to).toISOString(),
        sample: String(flags.sample),
        compare: "before",
      });
      const answer = answerSchema.parse(await client.get(`/api/v1/topics?${query.toString()}`));
      if (flags.json) return printJson(answer);
      if (answer.topics.length === 0) return print("No topic: too few posts that share words, or too few authors.");
      for (const { posts, language, words: named, sentiment, change } of answer.topics) {
        const scored = sentiment.negative + sentiment.neutral + sentiment.positive;
        const negative = scored === 0 ? "not scored" : `${Math.round((sentiment.negative / scored) * 100)}% negative`;
        print(`${String(posts).padStart(7)}  ${language}  ${named.slice(0, shownWords).join(", ")}  (${negative}${change === undefined ? "" : `, ${change}`})`);
      }
      print(`${answer.read} of ${answer.posts} posts were read; ${Math.round(answer.none * 100)}% are of no topic.`);
    }),
});
