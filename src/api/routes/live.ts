import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import type { Post } from "../../core/event.ts";
import { isAllowed, termsShown } from "../../core/filter.ts";
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
      let count = 0;
      let sample: Post[] = [];
      const stop = engine.onPosts((posts) => {
        for (const post of posts) {
          if (!isAllowed(filter, post)) continue;
          count++;
          // Reservoir sampling (Vitter 1985, algorithm R): each post of the second has the same chance.
          if (sample.length < samplePerTick) sample.push(post);
          else {
            const place = Math.floor(Math.random() * count);
            if (place < samplePerTick) sample[place] = post;
          }
        }
      });
      const timer = setInterval(() => {
        if (raw.writableLength >= maxBufferedBytes) return;
        for (const post of sample) raw.write(`event: post\ndata: ${JSON.stringify(viewPost({ ...post, terms: termsShown(filter, post.terms) }))}\n\n`);
        raw.write(`event: tick\ndata: ${JSON.stringify({ at: new Date().toISOString(), posts: count })}\n\n`);
        count = 0;
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
