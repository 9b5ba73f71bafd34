import type { Post } from "../../core/event.ts";
import type { ReadFilter } from "../../core/filter.ts";
import type { AuthorId } from "../../core/ids.ts";
import { judgementsOf } from "../../core/judgement.ts";
import { type AuthorPost, likenessOf } from "../../models/likeness.ts";
import { redactPost } from "../../policies/redact.ts";
import type { Engine, SearchPage } from "../engine.ts";
import type { AuthorLikeness, LikenessReading } from "../likeness.ts";

/** Newest posts of an author that are looked at, and of a window to find who posts most. */
const mostPosts = 500;
const mostOfWindow = 5_000;
const pagePosts = 500;
/** Authors whose posts are read at once. */
const together = 4;
const hourMs = 3_600_000;

/** How authors post, worked out of the index when somebody asks; nothing of it is stored, and a viewer's filter holds as for the posts themselves. */
export function makeLikeness(reading: Pick<Engine, "search">): LikenessReading {
  async function newest(q: string, filter: ReadFilter, most: number): Promise<{ readonly pages: readonly SearchPage[]; readonly more: boolean }> {
    const pages: SearchPage[] = [];
    let count = 0;
    let cursor: string | undefined;
    do {
      const page: SearchPage = await reading.search({ q, filter, limit: Math.min(pagePosts, most - count), ...(cursor !== undefined && { cursor }) });
      pages.push(page);
      count += page.items.length;
      cursor = page.items.length === 0 ? undefined : page.next;
    } while (cursor !== undefined && count < most);
    return { pages, more: cursor !== undefined };
  }

  async function of(author: AuthorId, filter: ReadFilter): Promise<AuthorLikeness | undefined> {
    const { pages, more } = await newest(`author:${author}`, filter, mostPosts);
    const posts = pages.flatMap(({ items, copies }) => items.map((post, i) => authorPost(post, copies[i])));
    return posts.length === 0 ? undefined : { author, more, ...likenessOf(posts) };
  }

  return {
    of,
    async active({ hours, top, nowMs }, filter) {
      const from = new Date(nowMs - hours * hourMs).toISOString();
      const { pages, more } = await newest(`created:${from}..`, filter, mostOfWindow);
      const counts = new Map<AuthorId, number>();
      let posts = 0;
      for (const { items } of pages) {
        posts += items.length;
        for (const { author } of items) counts.set(author, (counts.get(author) ?? 0) + 1);
      }
      const most = [...counts].toSorted((a, b) => b[1] - a[1]).slice(0, top);
      const authors: AuthorLikeness[] = [];
      for (let at = 0; at < most.length; at += together) {
        const found = await Promise.all(most.slice(at, at + together).map(([author]) => of(author, filter)));
        authors.push(...found.filter((one) => one !== undefined));
      }
      return { posts, more, authors: authors.toSorted((a, b) => (b.score ?? -1) - (a.score ?? -1)) };
    },
  };
}

function authorPost(post: Post, copies: number | undefined): AuthorPost {
  const spam = judgementsOf(post.notes).find(({ task }) => task === "spam")?.probabilities["spam"];
  return {
    at: post.createdAt,
    text: redactPost(post).text,
    links: post.links.length,
    hashtags: post.hashtags.length,
    isReshare: post.reshareOf !== undefined,
    isReply: post.replyTo !== undefined,
    ...(spam !== undefined && { spam }),
    ...(copies !== undefined && { copies }),
  };
}
