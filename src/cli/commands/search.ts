import { createWriteStream } from "node:fs";
import { buildCommand, numberParser } from "@stricli/core";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { openClient } from "../client.ts";
import { bytesText, guarded, makeProgress, print, printJson } from "../output.ts";

const postSchema = z.looseObject({ id: z.string(), platform: z.string(), text: z.string(), createdAt: z.string(), language: z.string(), sentiment: z.string().nullable() });
const pageSchema = z.object({ items: z.array(postSchema), next: z.string().nullable() });

export const searchCommand = buildCommand({
  docs: { brief: "Search posts, newest first", fullDescription: 'Words, "phrases", prefix*, AND OR NOT, NEAR/n, field:value; as on the page.' },
  parameters: {
    flags: {
      limit: { kind: "parsed", parse: numberParser, brief: "At most so many", default: "20" },
      json: { kind: "boolean", brief: "One JSON object a line", default: false },
    },
    positional: { kind: "array", parameter: { parse: String, brief: "The query", placeholder: "query" } },
  },
  func: (flags: { limit: number; json: boolean }, ...words: string[]) =>
    guarded(async () => {
      await using client = await openClient();
      let cursor: string | undefined;
      let left = flags.limit;
      let shown = 0;
      while (left > 0) {
        const query = new URLSearchParams({ q: words.join(" "), limit: String(Math.min(left, 500)), ...(cursor !== undefined && { cursor }) });
        const page = pageSchema.parse(await client.get(`/api/v1/posts?${query.toString()}`));
        for (const post of page.items) {
          if (flags.json) printJson(post);
          else print(`${post.createdAt}  ${post.platform}  ${post.language}  ${post.sentiment ?? "not scored"}\n  ${post.text.replaceAll("\n", "\n  ")}`);
          shown++;
        }
        left -= page.items.length;
        if (page.next === null || page.items.length === 0) break;
        cursor = page.next;
      }
      if (shown === 0 && !flags.json) print("No post matches.");
    }),
});

export const exportCommand = buildCommand({
  docs: { brief: "Write all posts that match, as NDJSON" },
  parameters: {
    flags: { out: { kind: "parsed", parse: String, brief: "A file; absent: standard output", optional: true } },
    positional: { kind: "array", parameter: { parse: String, brief: "The query; absent: everything", placeholder: "query" } },
  },
  func: (flags: { out?: string }, ...words: string[]) =>
    guarded(async () => {
      await using client = await openClient();
      const progress = makeProgress();
      let bytes = 0;
      let posts = 0;
      const body = await client.download(`/api/v1/posts/export?${new URLSearchParams({ q: words.join(" ") }).toString()}`);
      const counted = async function* () {
        for await (const chunk of body) {
          bytes += chunk.length;
          for (const byte of chunk) if (byte === 10) posts++;
          progress.update(`${posts} posts, ${bytesText(bytes)}`);
          yield chunk;
        }
      };
      await pipeline(counted(), flags.out === undefined ? process.stdout : createWriteStream(flags.out, { mode: 0o600 }), { end: flags.out !== undefined });
      progress.done(`${posts} posts, ${bytesText(bytes)}${flags.out === undefined ? "" : ` in ${flags.out}`}`);
    }),
});
