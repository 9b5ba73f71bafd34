import type { Http, HttpOptions } from "../core/http.ts";

/** Calls of one source. A failed one counts too; what the client tries again by itself is one call. */
export interface HttpCounts {
  requests: number;
  /** Answered "not modified": nothing had to be read again. */
  notModified: number;
  /** Names of the budgets that its calls draw on. */
  readonly budgets: Set<string>;
}

const mostBudgets = 50;

/** The same client, counting. */
export function countHttp(http: Http, counts: HttpCounts): Http {
  const count = (options: HttpOptions | undefined) => {
    counts.requests++;
    for (const { name } of options?.budgets ?? []) if (counts.budgets.size < mostBudgets) counts.budgets.add(name);
  };
  return {
    async request(url, options) {
      count(options);
      const answer = await http.request(url, options);
      if (answer.status === 304) counts.notModified++;
      return answer;
    },
    stream(url, options) {
      count(options);
      return http.stream(url, options);
    },
    webSocket(url, options) {
      counts.requests++;
      return http.webSocket(url, options);
    },
  };
}
