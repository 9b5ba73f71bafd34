/** Which post of which platform an address is, with the native id that the platform's own connector gives it. */
export interface PostIdentity {
  readonly platform: string;
  readonly id: string;
}

interface Rule {
  readonly hosts: RegExp;
  readonly read: (url: URL) => PostIdentity | undefined;
}

const found = (platform: string, id: string | null | undefined): PostIdentity | undefined => (id === undefined || id === null || id === "" ? undefined : { platform, id });
const part = (url: URL, pattern: RegExp): RegExpExecArray | undefined => pattern.exec(url.pathname) ?? undefined;

/** The forms of addresses as the platforms give them today and gave them before (twitter.com, youtu.be, old.reddit.com). */
const rules: readonly Rule[] = [
  { hosts: /(?:^|\.)(?:x|twitter)\.com$/, read: (url) => found("x", part(url, /^\/[^/]+(?:\/web)?\/status(?:es)?\/(\d{1,25})/)?.[1]) },
  {
    hosts: /(?:^|\.)reddit\.com$/,
    read(url) {
      const [, post, comment] = part(url, /^(?:\/(?:r|user)\/[^/]+)?\/comments\/([a-z0-9]{1,13})(?:\/[^/]*(?:\/([a-z0-9]{1,13}))?)?/i) ?? [];
      return found("reddit", comment !== undefined ? `t1_${comment.toLowerCase()}` : post && `t3_${post.toLowerCase()}`);
    },
  },
  { hosts: /^redd\.it$/, read: (url) => found("reddit", prefixed("t3_", part(url, /^\/([a-z0-9]{1,13})\/?$/i)?.[1]?.toLowerCase())) },
  {
    hosts: /(?:^|\.)youtube(?:-nocookie)?\.com$/,
    read: (url) => found("youtube", url.searchParams.get("lc") ?? videoId(url.searchParams.get("v")) ?? videoId(part(url, /^\/(?:shorts|live|embed|v)\/([^/]+)/)?.[1])),
  },
  { hosts: /^youtu\.be$/, read: (url) => found("youtube", videoId(part(url, /^\/([^/]+)/)?.[1])) },
  { hosts: /^news\.ycombinator\.com$/, read: (url) => found("hackernews", /^\d{1,12}$/.exec(url.searchParams.get("id") ?? "")?.[0]) },
  {
    hosts: /^bsky\.app$/,
    read(url) {
      const [, did, rkey] = part(url, /^\/profile\/(did:[a-z]+:[A-Za-z0-9._:%-]+)\/post\/([A-Za-z0-9._:~-]+)/) ?? [];
      return found("bluesky", did && rkey && `at://${did}/app.bsky.feed.post/${rkey}`);
    },
  },
  {
    hosts: /(?:^|\.)facebook\.com$/,
    read(url) {
      const [, page, post] = part(url, /^\/(\d{5,25})\/posts\/(\d{5,25})/) ?? [];
      return found("facebook", page && post && `${page}_${post}`);
    },
  },
  // Of accounts of the server itself alone: another server's status has another id there than the address tells.
  { hosts: /./, read: (url) => found("mastodon", prefixed(`${url.host}/`, part(url, /^\/@[A-Za-z0-9_.]{1,100}\/(\d{15,20})\/?$/)?.[1])) },
];

function prefixed(prefix: string, id: string | undefined): string | undefined {
  return id === undefined ? undefined : prefix + id;
}

function videoId(id: string | null | undefined): string | undefined {
  return id !== null && id !== undefined && /^[A-Za-z0-9_-]{11}$/.test(id) ? id : undefined;
}

export function postIdentityOf(address: string): PostIdentity | undefined {
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  for (const { hosts, read } of rules) {
    const identity = hosts.test(url.hostname) ? read(url) : undefined;
    if (identity !== undefined) return identity;
  }
  return undefined;
}

const platforms: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\.)(?:x|twitter)\.com$/, "x"],
  [/(?:^|\.)(?:facebook|fb)\.com$/, "facebook"],
  [/(?:^|\.)instagram\.com$/, "instagram"],
  [/(?:^|\.)reddit\.com$/, "reddit"],
  [/(?:^|\.)(?:youtube\.com|youtu\.be)$/, "youtube"],
  [/^bsky\.app$/, "bluesky"],
  [/(?:^|\.)tiktok\.com$/, "tiktok"],
  [/(?:^|\.)linkedin\.com$/, "linkedin"],
  [/(?:^|\.)threads\.(?:net|com)$/, "threads"],
];

/** The platform that an address lies on; "web": none of those that are known by name. */
export function platformOf(address: string): string {
  const host = URL.canParse(address) ? new URL(address).hostname : "";
  return platforms.find(([pattern]) => pattern.test(host))?.[1] ?? "web";
}
