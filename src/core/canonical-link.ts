/** Parameters that follow people around and change nothing of what is shown. */
export const trackingParameter =
  /^(?:utm_[a-z_]+|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|twclid|ttclid|yclid|igshid|igsh|mc_cid|mc_eid|mkt_tok|_hsenc|_hsmi|vero_id|oly_anon_id|oly_enc_id|ref_src|ref_url|s_cid|cmpid|at_medium|at_campaign|guccounter|guce_referrer|guce_referrer_sig|wt_mc|_ga|_gl|srsltid)=/i;

const longestLink = 2_048;
const ampParameter = /^(?:amp(?:=(?:1|true)?)?|outputtype=amp|output=amp)$/i;

interface Address {
  /** With a port that does not go without saying. */
  readonly host: string;
  readonly path: string;
  /** In order. */
  readonly parameters: readonly string[];
  readonly fragment: string;
}

/** Pages that lead on to an address that they bear as a parameter. */
const wrappers: readonly { readonly host: RegExp; readonly path: RegExp; readonly parameter: RegExp }[] = [
  { host: /^google\.[a-z.]{2,6}$/, path: /^\/url$/, parameter: /^(?:q|url)=/ },
  { host: /^lm?\.(?:facebook\.com|instagram\.com|threads\.(?:com|net))$/, path: /^\/(?:l\.php)?$/, parameter: /^u=/ },
  { host: /^youtube\.com$/, path: /^\/redirect$/, parameter: /^q=/ },
  { host: /^out\.reddit\.com$/, path: /./, parameter: /^url=/ },
  { host: /^t\.umblr\.com$/, path: /^\/redirect$/, parameter: /^z=/ },
  { host: /^vk\.com$/, path: /^\/away(?:\.php)?$/, parameter: /^to=/ },
  { host: /^steamcommunity\.com$/, path: /^\/linkfilter$/, parameter: /^(?:url|u)=/ },
  { host: /^linkedin\.com$/, path: /^\/(?:safety\/go|redir\/redirect)$/, parameter: /^url=/ },
];

/** Without slashes and "/amp" at the end. Not by a pattern, which would try every slash of a path that is made of them. */
function withoutEnd(path: string): string {
  let end = path.length;
  for (;;) {
    if (path[end - 1] === "/") end--;
    else if (path.endsWith("/amp", end)) end -= 4;
    else return path.slice(0, end);
  }
}

function read(link: string): Address | undefined {
  if (link.length > longestLink || !/^https?:\/\//i.test(link) || !URL.canParse(link)) return undefined;
  const url = new URL(link);
  const host = url.hostname
    .replace(/\.$/, "")
    .replace(/^(?:(?:www\d?|m|mobile|amp)\.)+(?=[^.]+\.)/, "")
    .replace(/^(?:old|new|np|sh)\.(?=reddit\.com$)/, "")
    .replace(/\.m\.(?=wik[a-z]+\.org$)/, ".");
  const port = url.port === "" || url.port === "80" || url.port === "443" ? "" : `:${url.port}`;
  const path = withoutEnd(url.pathname);
  const parameters = url.search
    .slice(1)
    .split("&")
    .filter((parameter) => parameter !== "" && !trackingParameter.test(parameter) && !ampParameter.test(parameter));
  return {
    host: host + port,
    path: path === "" ? "/" : path.replace(/%[0-9a-f]{2}/gi, (escape) => escape.toUpperCase()),
    parameters: parameters.sort(),
    // Pages that are made in the browser keep their place behind these.
    fragment: /^#[/!]/.test(url.hash) ? url.hash : "",
  };
}

/** What an address wraps: the target of a redirecting page, the page behind an AMP cache; undefined: nothing that is known. */
function unwrapped({ host, path, parameters }: Address): Address | undefined {
  for (const wrapper of wrappers) {
    if (!wrapper.host.test(host) || !wrapper.path.test(path)) continue;
    for (const parameter of parameters) {
      const target = wrapper.parameter.test(parameter) ? (new URLSearchParams(parameter).values().next().value ?? "") : "";
      const inner = read(target);
      if (inner !== undefined) return inner;
    }
  }
  // AMP caches name the page in their path: /c/ documents, /v/ the viewer, s/ of https (the format of AMP cache addresses, amp.dev).
  const cached = host.endsWith(".cdn.ampproject.org") ? /^\/[cv]\/(?:s\/)?(.+)$/.exec(path) : /^google\.[a-z.]{2,6}$/.test(host) ? /^\/amp\/(?:s\/)?(.+\..+)$/.exec(path) : null;
  return cached?.[1] === undefined ? undefined : read(`https://${cached[1]}${parameters.length === 0 ? "" : `?${parameters.join("&")}`}`);
}

/** Names of one platform, and what its short addresses stand for. */
function onPlatform(address: Address): Address {
  const { host, path, parameters } = address;
  const whole = (to: string, at: string, kept: readonly string[] = []): Address => ({ host: to, path: at, parameters: kept, fragment: "" });
  if (host === "twitter.com" || host === "x.com") {
    const status = /^\/[^/]+(?:\/web)?\/status(?:es)?\/(\d{1,25})/.exec(path)?.[1];
    return status === undefined ? { ...address, host: "x.com" } : whole("x.com", `/i/status/${status}`);
  }
  if (/^(?:(?:music\.)?youtube\.com|youtube-nocookie\.com|youtu\.be)$/.test(host)) {
    const short = (host === "youtu.be" ? /^\/([\w-]{11})$/ : /^\/(?:shorts|live|embed|v)\/([\w-]{11})$/).exec(path)?.[1];
    const watched = path === "/watch" ? parameters.find((parameter) => /^v=[\w-]{11}$/.test(parameter)) : undefined;
    return short !== undefined ? whole("youtube.com", "/watch", [`v=${short}`]) : watched === undefined ? address : whole("youtube.com", "/watch", [watched]);
  }
  if (host === "reddit.com" || host === "redd.it") {
    const pattern = host === "redd.it" ? /^\/([a-z0-9]{1,13})$/i : /^(?:\/(?:r|user)\/[^/]+)?\/comments\/([a-z0-9]{1,13})(?:\/[^/]*(?:\/([a-z0-9]{1,13}))?)?$/i;
    const [, post, comment] = pattern.exec(path) ?? [];
    return post === undefined ? address : whole("reddit.com", `/comments/${post}${comment === undefined ? "" : `/_/${comment}`}`.toLowerCase());
  }
  return host === "threads.net" ? { ...address, host: "threads.com" } : address;
}

/**
 * One form for all addresses of a page: https, the host without www., m., mobile. and amp., no port that goes without saying, no fragment, no tracking,
 * the parameters in order, no slash at the end; redirecting pages and AMP caches that bear their target are followed, short hosts of a platform
 * (youtu.be, redd.it) are written out. Nothing is asked of the network: a shortener that hides its target (bit.ly, t.co) stays what it is.
 * A canonical link's own canonical link is itself. Of a host alone the path is a slash. Undefined: no http(s) address, or one of more than 2,048 characters.
 */
export function canonicalLink(link: string): string | undefined {
  let address = read(link);
  if (address === undefined) return undefined;
  // What is wrapped is shorter than what wraps it: this ends.
  for (let inner = unwrapped(address); inner !== undefined; inner = unwrapped(address)) address = inner;
  const { host, path, parameters, fragment } = onPlatform(address);
  const canonical = `https://${host}${path}${parameters.length === 0 ? "" : `?${parameters.join("&")}`}${fragment}`;
  return canonical.length > longestLink ? undefined : canonical;
}

/** A page of its own, and not only a host: what two posts that link it have in common. */
export function namesPage(canonical: string): boolean {
  return !/^https:\/\/[^/]+\/$/.test(canonical);
}

/** The canonical links of a post, each once. */
export function canonicalLinksOf(links: readonly string[]): readonly string[] {
  if (links.length === 0) return links;
  return [...new Set(links.map(canonicalLink).filter((link) => link !== undefined))];
}
