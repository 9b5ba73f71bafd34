import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import type { Post } from "../../core/event.ts";
import { type Filterable, isAllowed, postShown, termsShown } from "../../core/filter.ts";
import { viewerOf, watchViewer } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { problems, viewPost } from "../schemas.ts";

const tickMs = 1_000;
const longestMs = 15 * 60_000;
const samplePerTick = 20;
const mostListeners = 200;
const maxBufferedBytes = 1024 * 1024;

/** Server-sent events: every second the count of new posts, and a sample of them. A reader that does not keep up misses samples, never counts. */
export function addLiveRoutes({ app, engine }: ApiContext): void {
  let listeners = 0;
  app.get(
    "/api/v1/live",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "New posts as they become searchable (server-sent events `tick` and `post`)",
        description:
          "`post`: one of at most 20 a second, drawn by chance. `tick`, each second: `at`, `posts` (all new ones), `lagMs` (median of the drawn ones from their arrival until now).",
        querystring: Type.Object(
          {
            platform: Type.Optional(Type.String({ maxLength: 500, description: "Comma-separated names: one of them." })),
            term: Type.Optional(Type.String({ maxLength: 2_000, description: "Comma-separated ids of terms: one of them." })),
            language: Type.Optional(Type.String({ maxLength: 500, description: "Comma-separated tags: one of them." })),
          },
          { additionalProperties: false },
        ),
        response: { 200: { description: "A stream of events.", content: { "text/event-stream": { schema: Type.String() } } }, ...problems },
      },
    },
    (request, reply) => {
      const { filter } = viewerOf(request);
      if (listeners >= mostListeners) throw new EarshotError("LIMIT_REACHED", `live: ${mostListeners} readers are connected already`);
      listeners++;
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store", "x-accel-buffering": "no", "x-content-type-options": "nosniff" });
      raw.flushHeaders();
      const [platforms, terms, languages] = [listIn(request.query.platform), listIn(request.query.term), listIn(request.query.language)];
      const isWanted = (one: Filterable & { readonly language: string }) =>
        isAllowed(filter, one) &&
        (platforms?.includes(one.platform) ?? true) &&
        (languages?.includes(one.language) ?? true) &&
        (terms === undefined || termsShown(filter, one.terms).some((term) => terms.includes(term)));
      let count = 0;
      let seen = 0;
      let sample: Post[] = [];
      const stop = engine.onPosts(({ posts, counts }) => {
        for (const one of counts) if (isWanted(one)) count += one.posts;
        for (const post of posts) {
          if (!isWanted(post)) continue;
          seen++;
          // Reservoir sampling (Vitter 1985, algorithm R).
          const place = seen <= samplePerTick ? seen - 1 : Math.floor(Math.random() * seen);
          if (place < samplePerTick) sample[place] = post;
        }
      });
      const timer = setInterval(() => {
        if (raw.writableLength >= maxBufferedBytes) return;
        const now = Date.now();
        const lagMs = sample.map((post) => Math.max(0, now - post.receivedAt)).toSorted((a, b) => a - b)[sample.length >> 1];
        for (const post of sample) raw.write(`event: post\ndata: ${JSON.stringify(viewPost(postShown(filter, post)))}\n\n`);
        raw.write(`event: tick\ndata: ${JSON.stringify({ at: new Date(now).toISOString(), posts: count, ...(lagMs !== undefined && { lagMs }) })}\n\n`);
        count = 0;
        seen = 0;
        sample = [];
      }, tickMs);
      // A stream outlives neither its session by much nor its role: the reader connects again and is asked anew.
      const end = setTimeout(() => raw.end(), longestMs);
      const unwatch = watchViewer(request, () => raw.end());
      raw.once("close", () => {
        clearInterval(timer);
        clearTimeout(end);
        unwatch();
        stop();
        listeners--;
      });
    },
  );
}

function listIn(text: string | undefined): readonly string[] | undefined {
  const words = text?.split(",").filter((word) => word !== "");
  return words === undefined || words.length === 0 ? undefined : words;
}
