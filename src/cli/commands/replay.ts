import { buildCommand } from "@stricli/core";
import { openClient } from "../client.ts";
import { guarded, makeProgress, print, printJson } from "../output.ts";
import { z } from "zod";

const answerSchema = z.object({ read: z.number(), kept: z.number(), unchanged: z.number(), rejected: z.number() });

export const replayCommand = buildCommand({
  docs: { brief: "Read kept raw again with today's parsers" },
  parameters: {
    flags: {
      quarantine: { kind: "boolean", brief: "Only what was rejected", default: false },
      code: { kind: "parsed", parse: String, brief: "Only what was rejected with this code", optional: true },
      source: { kind: "parsed", parse: String, brief: "Only this source", optional: true },
      from: { kind: "parsed", parse: String, brief: "ISO 8601; absent: the oldest kept", optional: true },
      to: { kind: "parsed", parse: String, brief: "ISO 8601; absent: now", optional: true },
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
  },
  func: (flags: { quarantine: boolean; code?: string; source?: string; from?: string; to?: string; json: boolean }) =>
    guarded(async () => {
      await using client = await openClient();
      const progress = makeProgress();
      progress.update("reading again …");
      const { code, source, from, to } = flags;
      const only = { ...(source !== undefined && { source }) };
      const answer = answerSchema.parse(
        flags.quarantine || code !== undefined
          ? await client.send("POST", "/api/v1/quarantine/replay", { ...only, ...(code !== undefined && { code }) })
          : await client.send("POST", "/api/v1/replay", { ...only, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }),
      );
      progress.done();
      if (flags.json) printJson(answer);
      else print(`${answer.read} read again: ${answer.kept} changed or new, ${answer.unchanged} as before, ${answer.rejected} rejected`);
    }),
});
