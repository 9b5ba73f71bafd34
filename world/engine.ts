import type { Audience } from "./audience.ts";
import { type Author, makePopulation, type Platform, type Population } from "./authors.ts";
import { crisisStrength } from "./brands.ts";
import { edited } from "./compose.ts";
import type { Delivery, DeliveryKind } from "./delivery.ts";
import { type Driven, makeDriven, type OwnPost } from "./driven.ts";
import { type Agenda, makeAgenda } from "./heap.ts";
import { makePostMaker } from "./make-post.ts";
import type { EngineOptions } from "./options.ts";
import type { LivePost } from "./post.ts";
import { makeRandom, type Random } from "./random.ts";
import { makeSender, type Sender } from "./sender.ts";
import { makeWindow, type PostWindow } from "./window.ts";
import { tidOf } from "./wire/bluesky.ts";

export interface Engine {
  /** Virtual time of what comes next; Infinity when the world is over. */
  nextAtMs(): number;
  /** Lets the next thing happen; false when the world is over. */
  step(): boolean;
  /** Everything up to this virtual time happens. */
  advanceTo(atMs: number): void;
  /** Settles what is left. Nothing may happen afterwards. */
  close(): void;
  readonly posts: number;
  /** Who lives there: another engine can go on with them once this one is closed. */
  readonly populations: Populations;
}

export type Populations = Readonly<Record<Platform, Population>>;

type Action =
  | { readonly act: "arrive"; readonly post: LivePost }
  | { readonly act: "edit"; readonly post: LivePost }
  | { readonly act: "delete"; readonly post: LivePost }
  | { readonly act: "withdraw"; readonly post: LivePost; readonly actor: Author; readonly rkey: string; readonly like: boolean; readonly mark: { withdrawn: boolean } }
  | { readonly act: "end"; readonly author: Author; readonly posts: LivePost[] }
  | { readonly act: "return"; readonly author: Author }
  | { readonly act: "drive"; readonly driven: Driven }
  | { readonly act: "again"; readonly delivery: Delivery; readonly mayStill: () => boolean };

const windowPosts = 4_000;
const minuteMs = 60_000;

export function makeEngine(options: EngineOptions, audience: Audience, people?: Populations): Engine {
  const { mix } = options;
  const random: Random = makeRandom(`${options.seed}/engine`);
  const population = (platform: Platform): Population => makePopulation(options.seed, platform, options.accounts, mix.endings, options.startMs);
  const populations: Populations = people ?? { bluesky: population("bluesky"), mastodon: population("mastodon") };
  const windows: Record<Platform, PostWindow> = { bluesky: makeWindow(windowPosts), mastodon: makeWindow(windowPosts) };
  const maker = makePostMaker(random, options, populations, windows);
  const agenda: Agenda<Action> = makeAgenda();
  const echoed = new WeakSet<LivePost>();
  const stays = (post: LivePost): boolean => options.keepsEchoed === true && post.platform === "mastodon" && echoed.has(post);
  const doomed = new Map<Author, LivePost[]>();
  let nowMs = options.startMs;
  let posts = 0;
  let reactionUs = 0;

  const againShare: Partial<Record<DeliveryKind, number>> = { post: 0.82, edit: 1, delete: 1, reaction: 1, unreaction: 1, counts: 1, erase: 1 };
  const sender: Sender = makeSender(random, mix, audience, (delivery, mayStill) => {
    if (!random.chance(mix.redelivered * (againShare[delivery.kind] ?? 0))) return;
    agenda.add(nowMs + 200 + random.exponential(2 * minuteMs), { act: "again", delivery, mayStill });
  });

  const hold = (post: LivePost): void => {
    post.holds += 1;
  };
  const release = (post: LivePost): void => {
    post.holds -= 1;
    if (post.holds > 0) return;
    audience.settled(post);
    const { parent } = post;
    post.parent = post.root = post.quoted = post.reshared = undefined;
    if (parent !== undefined) release(parent);
  };
  const plan = (delayMs: number, action: Action & { readonly post: LivePost }): void => {
    hold(action.post);
    agenda.add(nowMs + delayMs * options.delayFactor, action);
  };

  /** The first message that carries the post's content is sent: the post itself, or an edit that overtook it. */
  const appear = (post: LivePost): void => {
    if (post.delivered) return;
    post.delivered = true;
    if (post.gone !== undefined) return;
    if (post.parent !== undefined) {
      if (post.platform === "bluesky") post.parent.replies += 1;
      else post.parent.untold.replies += 1;
    }
    if (post.reshared !== undefined) post.reshared.untold.shares += 1;
  };

  const arrive = (post: LivePost): void => {
    appear(post);
    sender.post(post, nowMs);
    hold(post);
    const out = windows[post.platform].add(post);
    if (out !== undefined) release(out);
  };

  const lose = (post: LivePost, gone: "delete" | "erase", how: LivePost["goneHow"]): void => {
    if (post.gone !== undefined) return;
    post.gone = gone;
    post.goneMs = nowMs;
    post.goneHow = how;
    if (post.parent !== undefined && post.delivered) {
      if (post.platform === "bluesky") post.parent.replies -= 1;
      else post.parent.untold.replies -= 1;
    }
    if (post.reshared !== undefined && post.delivered) post.reshared.untold.shares -= 1;
  };

  const bear = (platform: Platform, by?: Author, own?: OwnPost): void => {
    posts += 1;
    const late = by === undefined && random.chance(mix.late);
    const delayMs = late ? 2 * minuteMs + random.exponential(40 * minuteMs) * options.delayFactor : 0;
    const createdMs = Math.floor(nowMs) - (late ? 0 : random.int(1_500));
    const post = maker.make(platform, createdMs, nowMs + delayMs, late, by, own);
    audience.born(post);
    for (const original of [post.reshared, post.quoted]) if (original !== undefined) echoed.add(original);
    // The post of an account that is to end is kept until then.
    const { author } = post;
    hold(post);
    if (post.parent !== undefined) hold(post.parent);
    if (author.ending !== undefined && author.posts <= author.ending.afterPosts) {
      const own = doomed.get(author) ?? [];
      doomed.set(author, own);
      own.push(post);
      hold(post);
      if (author.posts === author.ending.afterPosts) {
        populations[platform].replace(author);
        doomed.delete(author);
        agenda.add(nowMs + (1 + random.exponential(30)) * minuteMs * options.delayFactor, { act: "end", author, posts: own });
      }
    }
    if (late) {
      plan(delayMs / options.delayFactor, { act: "arrive", post });
      // Some deletions and edits overtake the post that they belong to.
      if (random.chance(0.08)) plan((delayMs / options.delayFactor) * random.next(), { act: "delete", post });
      else if (post.reshared === undefined && random.chance(0.03)) plan((delayMs / options.delayFactor) * random.next(), { act: "edit", post });
    } else arrive(post);
    const afterMs = late ? delayMs / options.delayFactor : 0;
    if (post.reshared === undefined && random.chance(mix.edits)) plan(afterMs + random.exponential(20 * minuteMs), { act: "edit", post });
    if (random.chance(mix.deletes * 0.9)) plan(afterMs + random.exponential(60 * minuteMs), { act: "delete", post });
    release(post);
  };

  const engage = (platform: Platform): void => {
    const post = windows[platform].pick(random, (candidate) => candidate.reshared === undefined);
    if (post === undefined) return;
    if (platform === "mastodon") {
      post.untold.likes += 1 + random.int(6);
      post.untold.shares += random.int(3);
      sender.counts(post, nowMs);
      return;
    }
    const actor = populations.bluesky.pickLasting(random);
    const like = random.chance(0.75);
    // Two likes of one account at one moment are two records.
    reactionUs = Math.max(reactionUs + 1, Math.floor(nowMs * 1000));
    const rkey = tidOf(reactionUs, actor.index);
    const mark = { withdrawn: false };
    if (like) post.likes += 1;
    else post.shares += 1;
    sender.reaction(post, actor, rkey, like, nowMs, mark);
    if (random.chance(0.08)) plan(random.exponential(15 * minuteMs), { act: "withdraw", post, actor, rkey, like, mark });
  };

  const end = (author: Author, own: readonly LivePost[]): void => {
    const how = author.ending?.how ?? "deleted";
    if (author.platform === "bluesky") sender.account(author, nowMs, false, how);
    for (const post of own) {
      if (stays(post)) {
        release(post);
        continue;
      }
      if (author.platform === "mastodon" && post.gone === undefined) sender.remove(post, nowMs);
      lose(post, author.platform === "bluesky" ? "erase" : "delete", how);
      release(post);
    }
    audience.ended(author, Math.floor(nowMs));
    if (author.ending?.comesBack === true) agenda.add(nowMs + (5 + random.exponential(60)) * minuteMs * options.delayFactor, { act: "return", author });
  };

  const act = (action: Action): void => {
    switch (action.act) {
      case "arrive":
        arrive(action.post);
        release(action.post);
        break;
      case "edit":
        if (action.post.gone === undefined) {
          const { post } = action;
          post.revision += 1;
          post.editedMs = Math.floor(nowMs);
          post.draft = edited(random, post.draft, post.revision);
          appear(post);
          sender.edit(post, nowMs);
        }
        release(action.post);
        break;
      case "delete":
        if (action.post.gone === undefined && !stays(action.post)) {
          sender.remove(action.post, nowMs);
          lose(action.post, "delete", undefined);
        }
        release(action.post);
        break;
      case "withdraw":
        action.mark.withdrawn = true;
        if (action.like) action.post.likes -= 1;
        else action.post.shares -= 1;
        sender.withdraw(action.actor, action.rkey, action.like, nowMs);
        release(action.post);
        break;
      case "end":
        end(action.author, action.posts);
        break;
      case "return":
        if (posts >= options.postsAtMost) break;
        if (action.author.platform === "bluesky") sender.account(action.author, nowMs, true, undefined);
        bear(action.author.platform, action.author);
        break;
      case "drive":
        if (posts >= options.postsAtMost) break;
        bear(action.driven.author.platform, action.driven.author, action.driven.write());
        agenda.add(nowMs + action.driven.wait(), action);
        break;
      case "again":
        if (action.mayStill()) sender.again(action.delivery, nowMs);
        break;
    }
  };

  const gapMs = (): number => {
    const crisis = options.crisesAt(nowMs);
    const strength = crisis === undefined ? 0 : crisisStrength(crisis, nowMs);
    const ratePerSecond = options.ratePerSecondAt(Math.max(nowMs, options.notBeforeMs?.(posts) ?? 0)) * (1 + 0.8 * strength);
    return ratePerSecond <= 0 ? Infinity : random.exponential(1_000 / ratePerSecond);
  };

  let nextPostMs = options.startMs + gapMs();
  for (const platform of ["bluesky", "mastodon"] as const) {
    for (let index = 0; index < (options.driven ?? 0); index += 1) {
      const driven = makeDriven(options.seed, platform, index, options.startMs);
      agenda.add(options.startMs + driven.wait(), { act: "drive", driven });
    }
  }

  const tick = (): void => {
    const platform: Platform = random.chance(options.blueskyShare) ? "bluesky" : "mastodon";
    bear(platform);
    for (let left = mix.engagement * (options.engagementAt?.(nowMs) ?? 1); left > 0; left -= 1) {
      if (random.chance(Math.min(1, left))) engage(random.chance(options.blueskyShare) ? "bluesky" : "mastodon");
    }
    if (random.chance(mix.malformed)) {
      const model = windows[platform].pick(random, (post) => post.reshared === undefined);
      if (model !== undefined) sender.malformed(model, nowMs);
    }
    if (random.chance(mix.identities)) sender.identity(populations.bluesky.pickLasting(random), nowMs);
    nextPostMs = posts >= options.postsAtMost ? Infinity : Math.max(nowMs, options.notBeforeMs?.(posts) ?? 0) + gapMs();
  };

  const engine: Engine = {
    nextAtMs: () => Math.min(nextPostMs, agenda.nextAtMs()),
    step() {
      const atMs = engine.nextAtMs();
      if (atMs === Infinity) return false;
      nowMs = Math.max(nowMs, atMs);
      if (agenda.nextAtMs() <= nextPostMs) {
        const action = agenda.take();
        if (action !== undefined) act(action);
      } else tick();
      return true;
    },
    advanceTo(atMs) {
      while (engine.nextAtMs() <= atMs) engine.step();
    },
    close() {
      nextPostMs = Infinity;
      for (const post of [...windows.bluesky.drain(), ...windows.mastodon.drain()]) release(post);
      for (const [author, own] of doomed) {
        // Whoever goes on with these people must not end an account whose posts are settled.
        populations[author.platform].replace(author);
        for (const post of own) release(post);
      }
      for (let action = agenda.take(); action !== undefined; action = agenda.take()) {
        if ("post" in action) release(action.post);
        else if (action.act === "end") for (const post of action.posts) release(post);
      }
    },
    get posts() {
      return posts;
    },
    populations,
  };
  return engine;
}
