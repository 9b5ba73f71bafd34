import { startGraph } from "../world/servers/graph.ts";
import { type OAuthWorld, type OAuthWorldOptions, startOAuth } from "../world/servers/oauth.ts";
import { oauthStyles } from "../world/servers/oauth-styles.ts";
import { startX } from "../world/servers/x.ts";
import { startYouTube } from "../world/servers/youtube.ts";
import { startWorld } from "../world/start.ts";

/** Every app's secret in these worlds. */
export const appSecret = "secret-of-the-app-that-nothing-may-show";
/** Under which the secret lies for the program. */
export const secretName = "GRANT_APP_SECRET";
const clientSecret = `env:${secretName}`;
const hourMs = 3_600_000;

/** One platform on loopback: where people say yes, what gives out tokens, and the API that takes them, under one address. */
export interface GrantWorld extends AsyncDisposable {
  readonly use: string;
  readonly platform: OAuthWorld;
  /** Where it may send browsers back to; unused where apps are registered on the way. */
  readonly redirectUris: string[];
  /** The connector's options but for what is chosen from the account's offers. */
  optionsFor(account: string): Readonly<Record<string, unknown>>;
  /** What is chosen. */
  readonly chosen: Readonly<Record<string, unknown>>;
  /** Posts that a source with both has in the end. */
  readonly posts: number;
}

type Style = OAuthWorldOptions["style"];
const nowMs = () => Date.now();

async function joined(
  use: string,
  style: Style,
  api: AsyncDisposable,
  more: Pick<OAuthWorldOptions, "behind" | "resource" | "clients">,
  rest: (platform: OAuthWorld) => Pick<GrantWorld, "optionsFor" | "chosen" | "posts">,
  redirectUris: string[],
): Promise<GrantWorld> {
  const platform = await startOAuth({ nowMs, style, ...more });
  return {
    use,
    platform,
    redirectUris,
    ...rest(platform),
    async [Symbol.asyncDispose]() {
      await platform[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

/** @param isPublic a client without a secret. */
export async function startGrantedX(isPublic = false, style: Style = oauthStyles.x): Promise<GrantWorld> {
  const redirectUris: string[] = [];
  const world = await startX({ seed: "grants", nowMs });
  const answer = await fetch(`${world.url}/oauth2/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${world.clientId}:${world.clientSecret}`).toString("base64")}` },
  });
  const body: unknown = await answer.json();
  const token = typeof body === "object" && body !== null && "access_token" in body ? String(body.access_token) : "";
  for (let minutes = 20; minutes > 0; minutes--) world.publish(`okapi ${minutes} in the garden`, { atMs: Date.now() - minutes * 60_000 });
  return joined(
    "x",
    style,
    world,
    {
      clients: [{ id: "client-of-x", name: "Earshot", redirectUris, ...(!isPublic && { secret: appSecret }) }],
      behind: { url: world.url, headers: () => ({ authorization: `Bearer ${token}` }) },
      // An account's own address, which apps do not have.
      resource: (path) => (path === "/2/users/me" ? { data: { id: "7000", username: "ann0", name: "Ann 0" } } : undefined),
    },
    ({ url: server }) => ({
      optionsFor: (account) => ({
        server,
        clientId: "client-of-x",
        ...(!isPublic && { clientSecret }),
        account,
        queries: ["okapi"],
        startAt: "oldest",
        pollSeconds: 1,
        complianceHours: 0,
        simulated: true,
      }),
      chosen: {},
      posts: 20,
    }),
    redirectUris,
  );
}

export async function startGrantedYouTube(): Promise<GrantWorld> {
  const redirectUris: string[] = [];
  const world = await startYouTube({ seed: "grants", nowMs, channels: 1, videosEach: 3, threadsEach: 2, unitsPerDay: 1_000_000 });
  const everything = world.videos.reduce((sum, video) => sum + 1 + video.threads.reduce((threads, { replies }) => threads + 1 + replies.length, 0), 0);
  return joined(
    "youtube",
    oauthStyles.google,
    world,
    {
      clients: [{ id: "client-of-google", name: "Earshot", secret: appSecret, redirectUris }],
      behind: { url: world.url, headers: () => ({ "x-goog-api-key": "world-key" }) },
      resource: () => undefined,
    },
    ({ url }) => ({
      optionsFor: (account) => ({
        oauth: { clientId: "client-of-google", clientSecret, account, tokenServer: url },
        address: url,
        channels: world.channelIds,
        pollMinutes: 1,
        simulated: true,
      }),
      chosen: {},
      posts: everything,
    }),
    redirectUris,
  );
}

/** All that the public timeline shows, page by page. */
async function countStatuses(server: string, token: string): Promise<number> {
  let count = 0;
  for (let last: string | undefined; ;) {
    const older = last === undefined ? "" : `&max_id=${last}`;
    const page: unknown = await (await fetch(`${server}/api/v1/timelines/public?limit=40${older}`, { headers: { authorization: `Bearer ${token}` } })).json();
    if (!Array.isArray(page) || page.length === 0) return count;
    count += page.length;
    const end: unknown = page.at(-1);
    last = typeof end === "object" && end !== null && "id" in end ? String(end.id) : undefined;
  }
}

export async function startGrantedMastodon(): Promise<GrantWorld> {
  const world = await startWorld({ seed: "grants", historyPosts: 150, historyHours: 3, faults: "off", tokenForTimelines: true, accounts: 50, mix: { edits: 0, deletes: 0 } });
  const statuses = await countStatuses(world.mastodonUrl, world.token);
  return joined(
    "mastodon",
    oauthStyles.mastodon,
    world,
    {
      clients: [],
      behind: { url: world.mastodonUrl, headers: () => ({ authorization: `Bearer ${world.token}` }) },
      resource: (path) => (path === "/api/v1/apps/verify_credentials" ? { name: "Earshot" } : undefined),
    },
    ({ url: server }) => ({
      // Without a client: the app is registered on the way.
      optionsFor: (account) => ({ server, oauth: { account }, transport: "polling", pollSeconds: 1, refreshMinutes: 0, startAt: "oldest", simulated: true }),
      chosen: {},
      posts: statuses,
    }),
    [],
  );
}

/** @param use facebook or instagram. */
export async function startGrantedGraph(use: "facebook" | "instagram" = "facebook", style: Style = oauthStyles.facebook): Promise<GrantWorld> {
  const redirectUris: string[] = [];
  let live: (token: string) => boolean = () => false;
  const world = await startGraph({ seed: "grants", nowMs, accepts: (token) => live(token), appSecret });
  for (let left = 8; left > 0; left--) for (const owner of [...world.pages, world.account]) world.content.publish(owner, Date.now() - left * hourMs);
  const started = await joined(
    use,
    style,
    world,
    { clients: [{ id: world.appId, name: "Earshot", secret: appSecret, redirectUris }], behind: { url: world.url }, resource: () => undefined },
    ({ url: server }) => ({
      optionsFor: (account) => ({ grant: account, appId: world.appId, appSecret: clientSecret, server, pollSeconds: 10, simulated: true }),
      chosen: use === "facebook" ? { pages: [world.pages[1] ?? ""] } : { account: world.account },
      posts: 8,
    }),
    redirectUris,
  );
  live = (token) => started.platform.isLive(token);
  return started;
}
