import type { Random } from "../random.ts";
import { fullname, type RedditThing } from "../wire/reddit.ts";
import { writeStory } from "./story.ts";

export interface WriteOptions {
  readonly subreddit?: string;
  readonly author?: string;
  readonly title?: string;
  readonly body?: string;
  readonly reshared?: RedditThing;
}

/** What exists on the simulated Reddit, and the hands that change it. */
export interface RedditStore {
  readonly things: readonly RedditThing[];
  find(name: string): RedditThing | undefined;
  newest(kind: RedditThing["kind"] | undefined, matches: (thing: RedditThing) => boolean): readonly RedditThing[];
  subreddit(name: string): "public" | "private" | "banned" | undefined;
  account(name: string): true | undefined;
  post(options?: WriteOptions): RedditThing;
  comment(parent: RedditThing, options?: WriteOptions): RedditThing;
  edit(thing: RedditThing): void;
  remove(thing: RedditThing, by: "deleted" | "removed"): void;
  endAccount(name: string): void;
  setSubreddit(name: string, state: "public" | "private" | "banned"): void;
}

const authors = ["Ann_B", "Bob", "cid-9", "Dora", "Eve_77", "Fay"];

export function makeRedditStore(random: Random, nowMs: () => number): RedditStore {
  const things: RedditThing[] = [];
  const byName = new Map<string, RedditThing>();
  const subreddits = new Map<string, "public" | "private" | "banned">([
    ["tea", "public"],
    ["coffee", "public"],
  ]);
  const ended = new Set<string>();
  // Ids count up over all of Reddit: others take some between.
  const next = { t1: 1_000_000_000, t3: 40_000_000 };

  function write(kind: RedditThing["kind"], parent: RedditThing | undefined, options: WriteOptions): RedditThing {
    next[kind] += 1 + random.int(3);
    const story = writeStory(random);
    const link = kind === "t3" ? undefined : (parent?.link ?? parent);
    const living = authors.filter((name) => !ended.has(name));
    const thing: RedditThing = {
      kind,
      id: next[kind].toString(36),
      subreddit: options.subreddit ?? link?.subreddit ?? "tea",
      author: options.author ?? random.pick(living),
      createdMs: Math.floor(nowMs() / 1_000) * 1_000,
      title: options.title ?? (story.title || "Untitled"),
      body: options.body ?? `${story.text} Q&A <3`,
      editedMs: undefined,
      score: 1 + random.int(50),
      state: "there",
      orphaned: false,
      link,
      parent,
      replies: [],
      reshared: options.reshared,
      comments: 0,
    };
    things.push(thing);
    byName.set(fullname(thing), thing);
    parent?.replies.push(thing);
    if (link) link.comments += 1;
    return thing;
  }

  return {
    things,
    find: (name) => byName.get(name),
    newest: (kind, matches) => things.filter((thing) => (kind === undefined || thing.kind === kind) && matches(thing)).toReversed(),
    subreddit: (name) => subreddits.get(name),
    account: (name) => (authors.includes(name) && !ended.has(name) ? true : undefined),
    post: (options = {}) => write("t3", undefined, options),
    comment: (parent, options = {}) => write("t1", parent, options),
    edit(thing) {
      thing.editedMs = Math.floor(nowMs() / 1_000) * 1_000;
      thing.body += " (edited)";
    },
    remove(thing, by) {
      thing.state = by;
    },
    endAccount(name) {
      ended.add(name);
      for (const thing of things) if (thing.author === name) thing.orphaned = true;
    },
    setSubreddit(name, state) {
      subreddits.set(name, state);
    },
  };
}
