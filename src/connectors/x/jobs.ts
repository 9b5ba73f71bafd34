import type { SourceContext } from "../../core/component.ts";
import { toEarshotError } from "../../core/errors.ts";
import type { Raw } from "../../core/source.ts";
import { type Json, decodeJson, isJson } from "../json/decode.ts";
import type { Api } from "./api.ts";
import { isJobLine } from "./compliance.ts";
import { idOf } from "./ids.ts";
import { rawsOf } from "./parse.ts";

/**
 * Asks X from time to time which of the posts that came are to be forgotten: a job takes a file of ids, and gives one with those that are gone
 * (docs.x.com/x-api/compliance/batch-compliance, 2026-11). It costs no posts. One job of a kind may run at a time in an app.
 */
export interface Jobs {
  seen(id: string): void;
  /** The next step of a job where one is due, a call or two at most; deletions when one is over. Failures are reported, and the job begun again later. */
  due(signal: AbortSignal): Promise<readonly Raw[]>;
}

/** Oldest first out: what is over the limit is not asked about. */
const mostHeld = 100_000;
const pollMs = 60_000;
/** The upload's address lives for 15 minutes, a job is done within hours. */
const longestJobMs = 12 * 3_600_000;
const pauseMs = 3_600_000;

export function makeJobs(everyHours: number, api: Api, context: SourceContext): Jobs {
  const { clock } = context;
  const everyMs = everyHours * 3_600_000;
  const held = new Set<string>();
  let job: { readonly id: string; readonly downloadUrl: string; readonly startedMs: number } | undefined;
  let nextMs = clock.monotonicMs() + everyMs;
  if (everyHours <= 0) return { seen() {}, due: async () => [] };

  async function start(signal: AbortSignal): Promise<void> {
    const body = await api.post("compliance-jobs", { type: "tweets", name: `earshot-${context.id}`.slice(0, 64) }, signal);
    const made = isJson(body["data"]) ? body["data"] : {};
    const id = idOf(made["id"]);
    const { upload_url: uploadUrl, download_url: downloadUrl } = made;
    if (id === undefined || typeof uploadUrl !== "string" || typeof downloadUrl !== "string")
      throw toEarshotError(new Error("expected a job with its addresses"), "UPSTREAM_UNAVAILABLE", "x");
    await api.file("PUT", uploadUrl, signal, `${[...held].join("\n")}\n`);
    job = { id, downloadUrl, startedMs: clock.monotonicMs() };
    nextMs = clock.monotonicMs() + pollMs;
  }

  async function look(running: NonNullable<typeof job>, signal: AbortSignal): Promise<readonly Raw[]> {
    const body = await api.get("compliance-job", {}, signal, running.id);
    const status = isJson(body["data"]) ? body["data"]["status"] : undefined;
    nextMs = clock.monotonicMs() + pollMs;
    if (status === "complete") {
      const bytes = await api.file("GET", running.downloadUrl, signal);
      job = undefined;
      nextMs = clock.monotonicMs() + everyMs;
      return rawsOf(linesOf(bytes), clock.now());
    }
    if (status === "failed" || status === "expired" || clock.monotonicMs() - running.startedMs > longestJobMs) {
      job = undefined;
      nextMs = clock.monotonicMs() + pauseMs;
      context.report("warn", "a compliance job came to nothing, another is begun later", { source: context.id, status: String(status) });
    }
    return [];
  }

  function linesOf(bytes: Uint8Array): Json[] {
    const lines: Json[] = [];
    for (const line of Buffer.from(bytes).toString("utf8").split("\n")) {
      if (line.trim() === "") continue;
      let value: unknown;
      try {
        value = decodeJson(Buffer.from(line), "line");
      } catch {
        context.report("warn", "a line of a compliance job cannot be read", { source: context.id });
        continue;
      }
      if (!isJson(value) || !isJobLine(value)) continue;
      held.delete(String(value["id"]));
      lines.push({ ...value, job: "tweets" });
    }
    return lines;
  }

  return {
    seen(id) {
      held.delete(id);
      held.add(id);
      if (held.size > mostHeld) held.delete(held.values().next().value ?? "");
    },
    async due(signal) {
      if (clock.monotonicMs() < nextMs || (job === undefined && held.size === 0)) return [];
      try {
        if (job !== undefined) return await look(job, signal);
        await start(signal);
      } catch (thrown) {
        if (signal.aborted) return [];
        const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", "x");
        const waitMs = Math.max(job === undefined ? pauseMs : pollMs, (error.retryAt ?? 0) - clock.now());
        nextMs = clock.monotonicMs() + waitMs;
        context.report("warn", "what X wants forgotten is asked for later", { source: context.id, code: error.code });
      }
      return [];
    },
  };
}
