import { isDeepStrictEqual } from "node:util";
import { type Change, type Contribution, contributionOf, type Post } from "../../src/core/event.ts";
import type { PostId } from "../../src/core/ids.ts";
import type { Store, StorePosition, StorePositions } from "../../src/core/store.ts";

interface Image {
  readonly posts: ReadonlyMap<PostId, Post>;
  readonly positions: ReadonlyMap<number, StorePosition>;
}
export const emptyImage: Image = { posts: new Map(), positions: new Map() };

export interface Violations {
  /** A change that speaks of a post which was never handed over. */
  lost: number;
  /** A post that came as new and was there. */
  duplicated: number;
  /** A change whose `was` is not what is there. */
  reordered: number;
  readonly examples: string[];
}

export interface RecordingStore extends Store {
  readonly posts: ReadonlyMap<PostId, Post>;
  /** What is left after the power goes. */
  durable(): Image;
}

/**
 * Holds in memory what it is told and believes nothing: each change must speak of exactly what the changes before it left.
 * @param isTime drawn at each batch: makes what was applied durable
 */
export function makeRecordingStore(image: Image, violations: Violations, isTime: () => boolean): RecordingStore {
  let kept = image;
  const posts = new Map(image.posts);
  let positions = new Map(image.positions);

  const blame = (what: "lost" | "duplicated" | "reordered", change: Change, detail: string) => {
    violations[what]++;
    if (violations.examples.length < 10) violations.examples.push(`${what}: ${change.kind} of ${change.id} from ${change.from.offset}.${change.from.index}: ${detail}`);
  };
  const checkWas = (change: Change, there: Post | undefined) => {
    const { was } = change;
    if (was === undefined && there !== undefined) blame("duplicated", change, "comes as new, and is there");
    else if (was !== undefined && there === undefined) blame("lost", change, "was told before, and is not there");
    else if (was !== undefined && there !== undefined && !isDeepStrictEqual(plain(was), plain(contributionOf(there)))) {
      blame("reordered", change, `was ${JSON.stringify(was)}, there is ${JSON.stringify(contributionOf(there))}`);
    }
  };
  const take = (change: Change) => {
    const there = posts.get(change.id);
    if (change.was === undefined && change.is === undefined && change.post === undefined) return;
    checkWas(change, there);
    const { post, is } = change;
    if (post !== undefined) posts.set(change.id, post);
    else if (is !== undefined && there !== undefined) posts.set(change.id, withContribution(there, is));
    else if (is === undefined) posts.delete(change.id);
  };
  const keep = () => {
    kept = { posts: new Map(posts), positions: new Map(positions) };
  };

  return {
    name: "recording",
    posts,
    durable: () => kept,
    positions: () => Promise.resolve(kept.positions),
    apply(changes, upTo: StorePositions) {
      for (const change of changes) take(change);
      positions = new Map([...positions, ...upTo]);
      if (isTime()) keep();
      return Promise.resolve();
    },
    flush: () => Promise.resolve(keep()),
    maintain: () => Promise.resolve({ owed: 0 }),
    erase: () => Promise.resolve({ store: "recording", removedPosts: 0, physical: true }),
    find: () => Promise.resolve({ store: "recording", posts: [] }),
    size: () => Promise.resolve({ store: "recording", sizeBytes: 0, posts: posts.size }),
    removeSource: () => Promise.resolve({ removedPosts: 0 }),
    expire: () => Promise.resolve({ removedPosts: 0 }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function withContribution(post: Post, { counts, terms }: Contribution): Post {
  return { ...post, counts, terms };
}

/** As JSON writes it: absent and undefined are one. */
function plain(contribution: Contribution): unknown {
  return JSON.parse(JSON.stringify(contribution));
}
