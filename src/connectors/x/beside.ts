import type { SourceContext } from "../../core/component.ts";
import { toEarshotError } from "../../core/errors.ts";
import type { SourcePage } from "../../core/source.ts";
import { makeQueue } from "../json/queue.ts";
import type { Api } from "./api.ts";
import { complianceNames, type CompliancePlaces, readCompliance } from "./compliance-stream.ts";
import { parseCompliance } from "./cursor.ts";

/**
 * Posts, and beside them what is to be forgotten. Each page bears where both stand: of the other one, what was given last, since what it has read and
 * not given yet must not be passed by. Where the month's posts are used up, only what costs none goes on.
 */
export async function* withCompliance(
  main: () => AsyncGenerator<SourcePage>,
  saved: string | undefined,
  first: string,
  api: Api,
  context: SourceContext,
  signal: AbortSignal,
): AsyncGenerator<SourcePage> {
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  const queue = makeQueue<{ readonly page: SourcePage; readonly held?: CompliancePlaces } | undefined>(1);
  // A stream that was never read begins now, also for who goes on from the first page.
  let given: CompliancePlaces = { ...Object.fromEntries(complianceNames.map((name) => [name, api.now()])), ...parseCompliance(saved, complianceNames) };
  let posts = first;
  const onAbort = () => void queue.put(undefined);
  both.addEventListener("abort", onAbort, { once: true });
  readPosts().then(onAbort, (thrown: unknown) => queue.fail(thrown));
  readForgotten().catch((thrown: unknown) => queue.fail(thrown));
  try {
    while (!both.aborted) {
      const taken = await queue.take();
      if (taken === undefined) return;
      const { page, held } = taken;
      if (held === undefined) posts = page.cursor;
      else given = held;
      yield { ...page, cursor: joined() };
    }
  } finally {
    own.abort();
  }

  function joined(): string {
    return `${posts.slice(0, -1)},"compliance":${JSON.stringify(given)}}`;
  }

  async function readPosts(): Promise<void> {
    while (!both.aborted) {
      try {
        for await (const page of main()) {
          await queue.put({ page });
          if (both.aborted) return;
        }
        return;
      } catch (thrown) {
        const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", "x");
        if (error.code !== "UPSTREAM_QUOTA" || error.retryAt === undefined || both.aborted) throw thrown;
        context.failed(error);
        context.status({ state: "waiting", detail: `${error.code}: what is to be forgotten is read on`, retryAt: error.retryAt });
        await context.clock.sleep(Math.max(1_000, error.retryAt - context.clock.now()), both).catch(() => undefined);
      }
    }
  }

  async function readForgotten(): Promise<void> {
    for await (const { held, ...page } of readCompliance({ ...given }, api, context, both)) await queue.put({ page: { ...page, cursor: "" }, held });
  }
}
