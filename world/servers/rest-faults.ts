import type { IncomingMessage, ServerResponse } from "node:http";
import type { Random } from "../random.ts";
import type { Faults } from "./faults.ts";
import { iso } from "../wire/mastodon.ts";
import type { Waits } from "./waits.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, status: number, body: unknown, headers?: Record<string, string>) => void;

/** Serves a request, or lets it fail as the faults say; while a 429 lasts, every request gets it. `waits` hears of each. `told`: by X-RateLimit-Reset as Mastodon does, or by Retry-After. */
export function makeRestFaults(faults: () => Faults, random: Random, nowMs: () => number, waits: Waits, told: "reset" | "retry-after") {
  let limitedUntilMs = 0;
  return (request: IncomingMessage, response: ServerResponse, headers: Record<string, string>, answer: Answer, serve: () => void): void => {
    const now = faults();
    const roll = random.next();
    const limited = (): void =>
      answer(
        request,
        response,
        429,
        { error: "Too many requests" },
        {
          ...headers,
          ...(told === "reset"
            ? { "x-ratelimit-remaining": "0", "x-ratelimit-reset": iso(limitedUntilMs).replace("Z", "000Z") }
            : { "retry-after": String(Math.ceil((limitedUntilMs - nowMs()) / 1_000)) }),
        },
      );
    if (!waits.comes() || nowMs() < limitedUntilMs) {
      limited();
      return;
    }
    let edge = now.serverErrors;
    if (roll < edge) {
      answer(request, response, [500, 502, 503][Math.floor((roll / edge) * 3)] ?? 503, "<html><body><h1>We're sorry, but something went wrong</h1></body></html>", {
        "content-type": "text/html",
      });
      return;
    }
    if (roll < (edge += now.tooManyRequests)) {
      limitedUntilMs = nowMs() + now.limitedMs;
      waits.hold(limitedUntilMs);
      limited();
      return;
    }
    if (roll < (edge += now.resets)) {
      request.socket.destroy();
      return;
    }
    if (roll < (edge += now.garbage)) {
      answer(request, response, 200, `[{"id":"1","content":`, headers);
      return;
    }
    if (roll < edge + now.slow) {
      setTimeout(serve, now.slowMs).unref();
      return;
    }
    serve();
  };
}
