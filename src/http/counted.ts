import { EarshotError } from "../core/errors.ts";
import type { Caller, Http, HttpOptions } from "../core/http.ts";

/** Calls of one source. A failed one counts too; what the client tries again by itself is one call. */
export interface HttpCounts {
  requests: number;
  /** Nothing had to come again: kept, not modified, or come with another call. */
  notModified: number;
  /** Names of the budgets that its calls draw on. */
  readonly budgets: Set<string>;
}

/** What was asked, and the headers that came. */
export interface SeenAnswer {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

const mostBudgets = 50;

/** The same client, on behalf of a source. */
export function callFor(http: Http, caller: Caller): Http {
  return {
    request: (url, options) => http.request(url, { ...options, caller }),
    stream: (url, options) => http.stream(url, { ...options, caller }),
    webSocket: (url, options) => http.webSocket(url, { ...options, caller }),
    charge: (use) => http.charge(use),
  };
}

/** The same client, counting. `onFailure` is told of each call that failed for good, `onAnswer` of each that went well. */
export function countHttp(
  http: Http,
  counts: HttpCounts,
  onFailure: (error: EarshotError) => void = () => undefined,
  onAnswer: (answer?: SeenAnswer) => void = () => undefined,
): Http {
  const watched = async <T>(call: Promise<T>, seen: (answer: T) => SeenAnswer | undefined): Promise<T> => {
    try {
      const answer = await call;
      onAnswer(seen(answer));
      return answer;
    } catch (thrown) {
      if (thrown instanceof EarshotError) onFailure(thrown);
      throw thrown;
    }
  };
  const count = (options: HttpOptions | undefined) => {
    counts.requests++;
    for (const { name } of options?.budgets ?? []) if (counts.budgets.size < mostBudgets) counts.budgets.add(name);
  };
  return {
    async request(url, options) {
      count(options);
      const answer = await watched(http.request(url, options), ({ headers }) => ({ method: options?.method ?? "GET", url, headers }));
      if (answer.status === 304 || answer.reused !== undefined) counts.notModified++;
      if (answer.reused === "fresh" || answer.reused === "shared") counts.requests--;
      return answer;
    },
    stream(url, options) {
      count(options);
      return watched(http.stream(url, options), ({ headers }) => ({ method: options?.method ?? "GET", url, headers }));
    },
    webSocket(url, options) {
      counts.requests++;
      return watched(http.webSocket(url, options), () => undefined);
    },
    charge(use) {
      if (counts.budgets.size < mostBudgets) counts.budgets.add(use.name);
      return http.charge(use);
    },
  };
}
