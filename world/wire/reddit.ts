/** A post (t3) or comment (t1) of the simulated Reddit. Times are milliseconds UTC, whole seconds. */
export interface RedditThing {
  readonly kind: "t1" | "t3";
  readonly id: string;
  readonly subreddit: string;
  author: string;
  readonly createdMs: number;
  readonly title: string;
  body: string;
  editedMs: number | undefined;
  score: number;
  state: "there" | "deleted" | "removed";
  /** The account ended; the content stays. */
  orphaned: boolean;
  readonly link: RedditThing | undefined;
  readonly parent: RedditThing | undefined;
  readonly replies: RedditThing[];
  readonly reshared: RedditThing | undefined;
  comments: number;
}

export const fullname = (thing: RedditThing): string => `${thing.kind}_${thing.id}`;

/** A thing as the API gives it with raw_json=1 (reddit.com/dev/api and the JSON wiki of reddit-archive/reddit). */
export function renderThing(thing: RedditThing, replies?: unknown): { readonly kind: string; readonly data: Record<string, unknown> } {
  const { kind, id, subreddit, state, editedMs, createdMs, score } = thing;
  const mark = state === "deleted" ? "[deleted]" : "[removed]";
  const author = state !== "there" || thing.orphaned ? "[deleted]" : thing.author;
  const shared = {
    id,
    name: fullname(thing),
    author,
    ...(author !== "[deleted]" && { author_fullname: `t2_${author.toLowerCase()}` }),
    subreddit,
    subreddit_id: `t5_${subreddit}`,
    subreddit_type: "public",
    created_utc: createdMs / 1_000,
    created: createdMs / 1_000,
    edited: editedMs === undefined ? false : editedMs / 1_000,
    score,
    ups: score,
    downs: 0,
    likes: null,
    saved: false,
    gilded: 0,
    all_awardings: [],
    stickied: false,
    distinguished: null,
    locked: false,
    archived: false,
    a_field_of_tomorrow: { since: 1 },
  };
  if (kind === "t1") {
    const link = thing.link ? fullname(thing.link) : "";
    const body = state === "there" ? thing.body : mark;
    return {
      kind,
      data: {
        ...shared,
        body,
        body_html: `<div class="md"><p>${escapeOnce(body)}</p></div>`,
        link_id: link,
        parent_id: thing.parent ? fullname(thing.parent) : link,
        permalink: `/r/${subreddit}/comments/${link.slice(3)}/_/${id}/`,
        replies: replies ?? "",
        controversiality: 0,
      },
    };
  }
  const selftext = state === "there" ? thing.body : mark;
  return {
    kind,
    data: {
      ...shared,
      title: thing.title,
      selftext,
      selftext_html: selftext === "" ? null : `<div class="md"><p>${escapeOnce(selftext)}</p></div>`,
      removed_by_category: state === "removed" ? "moderator" : state === "deleted" ? "deleted" : null,
      is_self: true,
      domain: `self.${subreddit}`,
      url: `https://www.reddit.com/r/${subreddit}/comments/${id}/_/`,
      permalink: `/r/${subreddit}/comments/${id}/_/`,
      num_comments: thing.comments,
      num_crossposts: 0,
      upvote_ratio: 0.9,
      over_18: false,
      ...(thing.reshared && { crosspost_parent: fullname(thing.reshared), crosspost_parent_list: [renderThing(thing.reshared).data] }),
    },
  };
}

function escapeOnce(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Without raw_json=1 every text is escaped. */
export function escapeTexts(value: unknown): unknown {
  if (typeof value === "string") return escapeOnce(value);
  if (Array.isArray(value)) return value.map(escapeTexts);
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, escapeTexts(inner)])) : value;
}
