import { type OAuthWorld, startOAuth } from "../world/servers/oauth.ts";
import { oauthStyles } from "../world/servers/oauth-styles.ts";
import { type RedditWorld, startReddit } from "../world/servers/reddit.ts";

export const appSecret = "secret-of-the-app-that-nothing-may-show";
const clientId = "web-app";

export interface RunningReddit extends AsyncDisposable {
  readonly reddit: RedditWorld;
  readonly platform: OAuthWorld;
  /** Where the platform may send browsers back to. */
  readonly redirectUris: string[];
  /** Options of a source that reads r/tea as the account that granted access. */
  optionsFor(account: string): Readonly<Record<string, unknown>>;
}

/** Reddit in the world, with an authorization server in front whose tokens it takes, and posts of the last hours in r/tea. */
export async function startGrantedReddit(posts = 60): Promise<RunningReddit> {
  const redirectUris: string[] = [];
  const nowMs = () => Date.now();
  const platform = await startOAuth({ nowMs, style: oauthStyles.reddit, clients: [{ id: clientId, secret: appSecret, redirectUris }] });
  let atMs = Date.now() - 3_600_000;
  const reddit = await startReddit({ seed: "setup", nowMs: () => Math.min(atMs, Date.now()), accepts: (token) => platform.isLive(token) });
  for (let made = 0; made < posts; made++) {
    reddit.post();
    atMs += 3_600_000 / posts;
  }
  atMs = Infinity;
  return {
    reddit,
    platform,
    redirectUris,
    optionsFor: (account) => ({
      app: "web",
      clientId,
      clientSecret: "env:REDDIT_APP_SECRET",
      account,
      contact: "ann_b",
      subreddits: ["tea"],
      comments: false,
      refreshMinutes: 0,
      startAt: "oldest",
      server: reddit.url,
      tokenServer: platform.url,
    }),
    async [Symbol.asyncDispose]() {
      await reddit[Symbol.asyncDispose]();
      await platform[Symbol.asyncDispose]();
    },
  };
}
