import { buildCommand } from "@stricli/core";
import { z } from "zod";
import { openClient } from "../client.ts";
import { guarded, print } from "../output.ts";

export const linkCommand = buildCommand({
  docs: { brief: "Print a new one-time sign-in link" },
  parameters: {},
  func: () =>
    guarded(async () => {
      await using client = await openClient();
      const { code } = z.object({ code: z.string() }).parse(await client.send("POST", "/api/v1/links"));
      print(`${client.address}/#code=${code}`);
    }),
});

export const configCommand = buildCommand({
  docs: { brief: "Print the whole running configuration as code" },
  parameters: {},
  func: () =>
    guarded(async () => {
      await using client = await openClient();
      for await (const chunk of await client.download("/api/v1/configuration")) process.stdout.write(chunk);
    }),
});
