/** What the simulated X knows of a post; ids are snowflakes of its time. */
export interface XPost {
  readonly id: string;
  /** The first id, then one for each edit. */
  readonly history: string[];
  readonly author: XUser;
  readonly createdMs: number;
  text: string;
  readonly kind: "post" | "reply" | "quote" | "retweet";
  readonly about?: XPost;
  readonly likes: number;
  state: "live" | "deleted";
}

export interface XUser {
  readonly id: string;
  readonly username: string;
  readonly name: string;
}

/** Ids tell milliseconds since 2010-11-04T01:42:54.657Z in their upper bits. */
export function snowflake(ms: number, sequence: number): string {
  return String((BigInt(Math.floor(ms) - 1_288_834_974_657) << 22n) + BigInt(sequence));
}

const iso = (ms: number) => new Date(ms).toISOString();
const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The text as X sends it: escaped, and of a retweet cut off. */
export function sentText(post: XPost): string {
  if (post.kind !== "retweet" || post.about === undefined) return escape(post.text);
  const whole = Array.from(escape(`RT @${post.about.author.username}: ${post.about.text}`));
  return whole.length <= 140 ? whole.join("") : `${whole.slice(0, 139).join("")}…`;
}

export function renderPost(post: XPost, drift: boolean): Record<string, unknown> {
  const own = post.history.at(-1) ?? post.id;
  const text = sentText(post);
  return {
    id: own,
    text,
    author_id: post.author.id,
    created_at: iso(post.createdMs),
    conversation_id: post.kind === "reply" && post.about ? post.about.id : post.id,
    edit_history_tweet_ids: post.history,
    lang: "en",
    public_metrics: { retweet_count: 0, reply_count: 1, like_count: post.likes, quote_count: 0, bookmark_count: 0, impression_count: post.likes * 9 },
    possibly_sensitive: false,
    reply_settings: "everyone",
    entities: entitiesOf(text),
    ...(post.about && { referenced_tweets: [{ type: { reply: "replied_to", quote: "quoted", retweet: "retweeted", post: "" }[post.kind], id: post.about.history.at(-1) }] }),
    ...(drift && { a_field_of_tomorrow: { rank: post.likes } }),
  };
}

/** Places are counted in code points. */
function entitiesOf(text: string): Record<string, unknown> {
  const found = (pattern: RegExp, make: (word: string) => Record<string, unknown>) =>
    [...text.matchAll(pattern)].map((match) => {
      const start = Array.from(text.slice(0, match.index)).length;
      return { start, end: start + Array.from(match[0]).length, ...make(match[0]) };
    });
  return {
    hashtags: found(/#\w+/gu, (word) => ({ tag: word.slice(1) })),
    urls: found(/https:\/\/t\.co\/\w+/gu, (word) => ({ url: word, expanded_url: `https://news.simulated.example/${word.slice(-6)}`, display_url: "news.simulated.example" })),
  };
}

export function renderUser(user: XUser): Record<string, unknown> {
  return {
    id: user.id,
    username: user.username,
    name: user.name,
    verified: false,
    protected: false,
    public_metrics: { followers_count: 5, following_count: 1, tweet_count: 9, listed_count: 0 },
  };
}

/** Posts with those and the accounts that they speak of; what is gone is told as an error. */
export function renderAnswer(posts: readonly XPost[], drift: boolean): Record<string, unknown> {
  const about = posts.flatMap((post) => (post.about ? [post.about] : []));
  const live = new Set(about.filter((post) => post.state === "live"));
  const gone = new Set(about.filter((post) => post.state !== "live"));
  const users = new Map([...posts, ...live].map((post) => [post.author.id, renderUser(post.author)]));
  return {
    ...(posts.length > 0 && {
      data: posts.map((post) => renderPost(post, drift)),
      includes: { users: [...users.values()], ...(live.size > 0 && { tweets: [...live].map((post) => renderPost(post, drift)) }) },
    }),
    ...(gone.size > 0 && {
      errors: [...gone].map((post) => ({
        value: post.id,
        detail: `Could not find tweet with referenced_tweets.id: [${post.id}].`,
        title: "Not Found Error",
        resource_type: "tweet",
        parameter: "referenced_tweets.id",
        resource_id: post.id,
        type: "https://api.twitter.com/2/problems/resource-not-found",
      })),
    }),
  };
}

/** A few of the platform's operators: words, "phrases", OR, -, #, lang:, is:, from:, parentheses around alternatives left out. */
export function matchesQuery(post: XPost, query: string): boolean {
  return query
    .replaceAll(/[()]/g, " ")
    .split(/\sOR\s/)
    .some((alternative) => (alternative.match(/-?(?:\w+:\S+|"[^"]*"|\S+)/g) ?? []).every((term) => holds(post, term)));
}

function holds(post: XPost, term: string): boolean {
  if (term.startsWith("-")) return !holds(post, term.slice(1));
  if (term.startsWith("lang:")) return term === "lang:en";
  if (term.startsWith("is:")) return term.slice(3) === post.kind;
  if (term.startsWith("from:")) return term.slice(5) === post.author.username;
  const text = (post.kind === "retweet" && post.about ? post.about.text : post.text).toLowerCase();
  return text.includes(term.replaceAll('"', "").toLowerCase());
}

/** Posts of the last seven days by span. */
export function renderCounts(posts: readonly XPost[], nowMs: number, stepMs: number): Record<string, unknown> {
  const data = Array.from({ length: (7 * 86_400_000) / stepMs }, (_, index) => {
    const start = nowMs - 7 * 86_400_000 + index * stepMs;
    const count = posts.filter((post) => post.state === "live" && post.createdMs >= start && post.createdMs < start + stepMs).length;
    return { start: new Date(start).toISOString(), end: new Date(start + stepMs).toISOString(), tweet_count: count };
  });
  return { data, meta: { total_tweet_count: data.reduce((sum, one) => sum + one.tweet_count, 0) } };
}

export function newestOf(post: XPost): bigint {
  return BigInt(post.history.at(-1) ?? post.id);
}

export function timeOf(id: string): number {
  return Number(BigInt(id) >> 22n) + 1_288_834_974_657;
}
