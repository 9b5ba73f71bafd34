import type { OAuthToken, OAuthTokens, StoredToken } from "../core/oauth-token.ts";

/** Tokens kept as long as the process lives: for checks and tools that have no catalog. */
export function makeMemoryTokens(): OAuthTokens {
  const kept = new Map<string, StoredToken>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    get: async (name) => kept.get(name),
    renew(name, work) {
      const run = async () => {
        const stored = kept.get(name);
        const token: OAuthToken | undefined = await work(stored);
        if (token !== undefined) kept.set(name, { token, version: (stored?.version ?? 0) + 1 });
        return kept.get(name);
      };
      const renewed = last.then(run);
      last = renewed.catch(() => undefined);
      return renewed;
    },
  };
}
