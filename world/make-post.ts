import type { Author, Platform, Population } from "./authors.ts";
import { brands, campaignAt, crisisStrength } from "./brands.ts";
import { compose, type Draft, type Mentioned, type Mood, nearCopy } from "./compose.ts";
import type { OwnPost } from "./driven.ts";
import type { EngineOptions } from "./options.ts";
import type { LivePost } from "./post.ts";
import type { Random } from "./random.ts";
import { makeCid, renderText, tidOf } from "./wire/bluesky.ts";
import { renderStatus, statusUri } from "./wire/mastodon.ts";
import { pickStory } from "./stories.ts";
import type { PostWindow } from "./window.ts";

const nothing: Draft = { parts: [], saying: "", language: "und", mood: "neutral", brands: [], products: [], hashtags: [], links: [], pii: [] };

export interface PostMaker {
  /** `deliveredMs` is when it will be sent. */
  make(platform: Platform, createdMs: number, deliveredMs: number, late: boolean, by?: Author, own?: OwnPost): LivePost;
}

export function makePostMaker(
  random: Random,
  options: EngineOptions,
  populations: Readonly<Record<Platform, Population>>,
  windows: Readonly<Record<Platform, PostWindow>>,
): PostMaker {
  let made = 0;
  const pickMood = (crisis: number): Mood => {
    if (random.chance(crisis * 0.85)) return "negative";
    const roll = random.next();
    return roll < 0.34 ? "positive" : roll < 0.54 ? "negative" : "neutral";
  };
  const write = (author: Author, platform: Platform, atMs: number, mention: Mentioned | undefined): { draft: Draft; campaign: string | undefined } => {
    const crisis = options.crisesAt(atMs);
    const strength = crisis === undefined ? 0 : crisisStrength(crisis, atMs);
    const running = (options.campaignAt ?? campaignAt)(atMs);
    let brand = random.chance(options.mix.brandMentions) ? brands[Math.min(brands.length - 1, random.zipf(brands.length))] : undefined;
    let campaign = running !== undefined && random.chance(author.bot ? 0.5 : 0.01) ? running : undefined;
    if (campaign !== undefined) brand = campaign;
    if (crisis !== undefined && random.chance(strength * 0.35)) {
      brand = brands.find((one) => one.id === crisis.brandId);
      campaign = undefined;
    }
    const draft = compose(random, {
      language: author.language,
      brand,
      campaign,
      mention,
      mood: campaign !== undefined ? "positive" : pickMood(brand !== undefined && brand.id === crisis?.brandId ? strength : 0),
      lettersAtMost: platform === "bluesky" ? 285 : 480,
      piiShare: options.mix.pii,
      // No draw where there are none: a seed's world stays what it is.
      story: options.mix.stories > 0 && random.chance(options.mix.stories) ? pickStory(random, atMs) : undefined,
    });
    return { draft, campaign: campaign !== undefined && draft.hashtags.includes(campaign.campaignTag) ? campaign.campaignTag : undefined };
  };

  return {
    make(platform, createdMs, deliveredMs, late, by, own) {
      made += 1;
      const author = by ?? populations[platform].pick(random);
      author.posts += 1;
      const { mix } = options;
      const window = windows[platform];
      const roll = random.next();
      let parent: LivePost | undefined;
      let quoted: LivePost | undefined;
      let reshared: LivePost | undefined;
      let copied: LivePost | undefined;
      const boosts = platform === "mastodon" ? mix.boosts : 0;
      if (own !== undefined) {
        if (own.draft === undefined && platform === "mastodon") reshared = window.pick(random, (post) => post.reshared === undefined && post.author !== author);
        else if (own.draft === undefined) copied = window.pick(random, (post) => post.reshared === undefined && post.parent === undefined && post.draft.parts.length > 0);
      } else if (roll < mix.replies) parent = window.pick(random, (post) => post.reshared === undefined && depthOf(post) < 12);
      else if (roll < mix.replies + mix.quotes) quoted = window.pick(random, (post) => post.reshared === undefined);
      else if (roll < mix.replies + mix.quotes + boosts) reshared = window.pick(random, (post) => post.reshared === undefined && post.author !== author);
      else if (roll < mix.replies + mix.quotes + boosts + mix.nearDuplicates)
        copied = window.pick(random, (post) => post.reshared === undefined && post.parent === undefined && post.draft.parts.length > 0);
      let mention: Mentioned | undefined;
      if (own !== undefined) mention = undefined;
      else if (parent !== undefined && platform === "mastodon") mention = parent.author;
      else if (random.chance(0.06)) mention = populations[platform].pickLasting(random);
      let draft = nothing;
      let campaign: string | undefined;
      if (own?.draft !== undefined) ({ draft } = own);
      else if (copied !== undefined) {
        draft = random.chance(0.3) ? copied.draft : nearCopy(random, copied.draft);
        campaign = copied.campaign;
        copied.duplicateGroup ??= copied.id;
      } else if (reshared === undefined) ({ draft, campaign } = write(author, platform, createdMs, mention));
      const id = platform === "bluesky" ? "" : mastodonId(deliveredMs, made);
      const rkey = platform === "bluesky" ? tidOf(createdMs * 1000 + (made % 1000), author.index) : "";
      const uri = platform === "bluesky" ? `at://${author.nativeId}/app.bsky.feed.post/${rkey}` : statusUri(author, id);
      return {
        platform,
        author,
        createdMs,
        deliveredMs,
        draft,
        parent,
        quoted,
        reshared,
        campaign,
        late,
        rkey,
        uri,
        id: platform === "bluesky" ? uri : id,
        text: platform === "bluesky" ? renderText(draft.parts).text : renderStatus(draft.parts).text,
        root: parent === undefined ? undefined : (parent.root ?? parent),
        duplicateGroup: copied?.duplicateGroup,
        revision: 0,
        editedMs: undefined,
        delivered: false,
        gone: undefined,
        goneMs: undefined,
        goneHow: undefined,
        likes: 0,
        shares: 0,
        replies: 0,
        untold: { likes: 0, shares: 0, replies: 0 },
        cid: platform === "bluesky" ? makeCid(random) : "",
        popularity: random.next() ** 3,
        extrasSeed: random.int(0x7fffffff),
        messages: 0,
        holds: 0,
      };
    },
  };
}

function depthOf(post: LivePost): number {
  let depth = 0;
  for (let above = post.parent; above !== undefined; above = above.parent) depth += 1;
  return depth;
}

/** A snowflake: milliseconds, then sixteen bits that tell posts of the same millisecond apart. */
function mastodonId(deliveredMs: number, made: number): string {
  return String((BigInt(Math.floor(deliveredMs)) << 16n) | BigInt(made & 0xffff));
}
