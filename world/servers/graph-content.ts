import type { Random } from "../random.ts";
import type { GraphComment, GraphPost } from "../wire/graph.ts";
import { writeStory } from "./story.ts";

/** What stands on the simulated pages and accounts: the oracle of what a reader must have. */
export interface GraphContent {
  /** Of a page (`PAGE_POST`) or an account (a number), newest last. */
  readonly posts: Map<string, GraphPost>;
  publish(owner: string, atMs?: number, hashtag?: string): GraphPost;
  comment(post: GraphPost, atMs?: number): GraphComment;
  edit(post: GraphPost): void;
  remove(post: GraphPost): void;
  editComment(comment: GraphComment): void;
  removeComment(comment: GraphComment): void;
  /** Posts of one owner, newest first. */
  of(owner: string): readonly GraphPost[];
  tagged(hashtag: string): readonly GraphPost[];
  find(id: string): GraphPost | GraphComment | undefined;
}

export function makeGraphContent(random: Random, nowMs: () => number, names: ReadonlyMap<string, string>, pages: ReadonlySet<string>, driftShare: number): GraphContent {
  const posts = new Map<string, GraphPost>();
  const comments = new Map<string, GraphComment>();
  const hashtags = new Map<string, GraphPost[]>();
  let next = 100_000_000_000_001;
  const wholeSecond = (ms: number): number => Math.floor(ms / 1_000) * 1_000;

  return {
    posts,
    publish(owner, atMs = nowMs(), hashtag) {
      const number = String(next);
      next += 1 + random.int(50);
      const { title, text } = writeStory(random);
      const createdMs = wholeSecond(atMs);
      const post: GraphPost = {
        id: pages.has(owner) ? `${owner}_${number}` : number,
        owner,
        ownerName: names.get(owner) ?? owner,
        createdMs,
        updatedMs: createdMs,
        text: `${title}\n${text}${hashtag === undefined ? "" : ` #${hashtag}`}`.toWellFormed(),
        likes: random.int(500),
        shares: random.int(40),
        comments: [],
        deleted: false,
        drifted: random.chance(driftShare),
      };
      posts.set(post.id, post);
      if (hashtag !== undefined) hashtags.set(hashtag, [...(hashtags.get(hashtag) ?? []), post]);
      return post;
    },
    comment(post, atMs = nowMs()) {
      const number = String(next);
      next += 1 + random.int(50);
      const parent = post.comments.length > 0 && random.chance(0.3) ? random.pick(post.comments) : undefined;
      const from = random.int(300);
      const comment: GraphComment = {
        id: pages.has(post.owner) ? `${post.id.split("_")[1] ?? ""}_${number}` : number,
        holder: post.id,
        ...(parent !== undefined && { parent: parent.parent ?? parent.id }),
        from: { id: `9${String(from).padStart(6, "0")}`, name: `sim_${from}` },
        createdMs: Math.max(wholeSecond(atMs), post.createdMs),
        text: writeStory(random).title.toWellFormed(),
        likes: random.int(9),
      };
      post.comments.push(comment);
      comments.set(comment.id, comment);
      post.updatedMs = Math.max(post.updatedMs, comment.createdMs);
      return comment;
    },
    edit(post) {
      post.text += " (edited)";
      post.updatedMs = wholeSecond(nowMs());
    },
    remove(post) {
      post.deleted = true;
    },
    editComment(comment) {
      comment.text += " (edited)";
    },
    removeComment(comment) {
      const holder = posts.get(comment.holder);
      holder?.comments.splice(holder.comments.indexOf(comment), 1);
      comments.delete(comment.id);
    },
    of: (owner) => newestFirst([...posts.values()].filter((post) => post.owner === owner && !post.deleted)),
    tagged: (hashtag) => newestFirst((hashtags.get(hashtag) ?? []).filter((post) => !post.deleted)),
    find(id) {
      const post = posts.get(id);
      return post === undefined ? comments.get(id) : post.deleted ? undefined : post;
    },
  };
}

export function newestFirst<T extends { readonly createdMs: number; readonly id: string }>(rows: readonly T[]): readonly T[] {
  return rows.toSorted((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? 1 : -1));
}
