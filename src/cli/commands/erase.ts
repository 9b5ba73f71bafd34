import { buildCommand } from "@stricli/core";
import { z } from "zod";
import { openClient } from "../client.ts";
import { bytesText, exitCodes, guarded, makeProgress, print, printJson } from "../output.ts";

const author = z.object({ author: z.string(), platform: z.string(), handle: z.string().optional(), name: z.string().optional(), posts: z.number() });
const erasuresSchema = z.object({
  items: z.array(
    z.looseObject({
      id: z.string(),
      authors: z.array(z.string()),
      state: z.string(),
      posts: z.number(),
      dueAt: z.string(),
      proofs: z.array(z.object({ store: z.string(), removedPosts: z.number(), physical: z.boolean() })),
    }),
  ),
});
const findSchema = z.object({
  authors: z.array(author),
  total: z.number(),
  stores: z.array(z.object({ store: z.string(), files: z.number(), bytesScanned: z.number(), hits: z.number(), places: z.array(z.string()) })),
});

export const eraseCommand = buildCommand({
  docs: { brief: "Erase an author from every store", fullDescription: "Hidden at once, gone within the promised hours; --now waits until no byte is left." },
  parameters: {
    flags: {
      author: { kind: "parsed", parse: String, brief: "AuthorId, native id, or handle (also platform:handle)" },
      now: { kind: "boolean", brief: "Wait until no byte is left", default: false },
      objection: { kind: "boolean", brief: "Refuse later posts too", default: false },
      yes: { kind: "boolean", brief: "Do not ask", default: false },
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
  },
  func: (flags: { author: string; now: boolean; objection: boolean; yes: boolean; json: boolean }) =>
    guarded(async () => {
      await using client = await openClient();
      const known = z.object({ items: z.array(author) }).parse(await client.get(`/api/v1/authors?${new URLSearchParams({ q: flags.author }).toString()}`)).items;
      if (!flags.yes && process.stdin.isTTY) {
        for (const row of known) print(`${row.platform}  ${row.handle ?? row.author}  ${row.posts} posts`);
        const { text, isCancel } = await import("@clack/prompts");
        const answer = await text({ message: `This deletes all of it from every store for good. Type ${flags.author} to go on.` });
        if (isCancel(answer) || answer !== flags.author) {
          print("Nothing was erased.");
          return exitCodes.failed;
        }
      }
      const progress = makeProgress();
      progress.update(flags.now ? "erasing, until no byte is left …" : "erasing …");
      const answer = erasuresSchema.parse(await client.send("POST", "/api/v1/erasures", { author: flags.author, now: flags.now, objection: flags.objection }));
      progress.done();
      if (flags.json) printJson(answer);
      else
        for (const erasure of answer.items) {
          print(`${erasure.id}: ${erasure.posts} posts, ${erasure.state}${erasure.state === "gone" ? "" : `; no byte is left by ${erasure.dueAt}`}`);
          for (const proof of erasure.proofs) print(`  ${proof.store}: ${proof.removedPosts} removed${proof.physical ? ", bytes gone" : ""}`);
        }
      return exitCodes.ok;
    }),
});

export const findCommand = buildCommand({
  docs: { brief: "Scan the raw bytes of every store for an author", fullDescription: "Ends with 0 when the author is met nowhere, with 1 when anywhere." },
  parameters: {
    flags: {
      author: { kind: "parsed", parse: String, brief: "AuthorId, native id, or handle (also platform:handle)" },
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
  },
  func: (flags: { author: string; json: boolean }) =>
    guarded(async () => {
      await using client = await openClient();
      const progress = makeProgress();
      progress.update("scanning every store …");
      const answer = findSchema.parse(await client.send("POST", "/api/v1/find", { author: flags.author }));
      progress.done();
      if (flags.json) printJson(answer);
      else {
        for (const row of answer.authors) print(`${row.author}  ${row.platform}  ${row.handle ?? ""}  ${row.posts} posts`);
        for (const row of answer.stores) {
          print(`${row.store.padEnd(12)} ${String(row.hits).padStart(8)} hits in ${row.files} files, ${bytesText(row.bytesScanned)} scanned`);
          for (const place of row.places) print(`  ${place}`);
        }
        print(answer.total === 0 ? "Met nowhere." : `Met ${answer.total} times.`);
      }
      return answer.total === 0 ? exitCodes.ok : exitCodes.failed;
    }),
});
