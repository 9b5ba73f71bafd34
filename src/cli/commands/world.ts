import { buildCommand } from "@stricli/core";
import { z } from "zod";
import { openClient } from "../client.ts";
import { guarded, print } from "../output.ts";

export const worldCommand = buildCommand({
  docs: { brief: "End the simulated world and delete it from every store" },
  parameters: { flags: { remove: { kind: "boolean", brief: "Do it; without it, only says what is there", default: false } } },
  func: (flags: { remove: boolean }) =>
    guarded(async () => {
      await using client = await openClient();
      const sources = z.object({ items: z.array(z.looseObject({ id: z.string(), simulated: z.boolean(), collected: z.number() })) }).parse(await client.get("/api/v1/sources"));
      const simulated = sources.items.filter((source) => source.simulated);
      if (!flags.remove) {
        print(
          simulated.length === 0
            ? "No simulated source is there."
            : `${simulated.map((source) => `${source.id}: ${source.collected} messages`).join("\n")}\n\`earshot world --remove\` deletes them from every store.`,
        );
        return;
      }
      const answer = z.object({ removedPosts: z.number() }).parse(await client.send("DELETE", "/api/v1/world"));
      print(`${answer.removedPosts} simulated posts deleted from every store.`);
    }),
});
