import type { Author, Ending } from "./authors.ts";
import type { Delivery, DeliveryKind } from "./delivery.ts";
import type { Audience } from "./audience.ts";
import type { Mix } from "./options.ts";
import type { LivePost } from "./post.ts";
import type { Random } from "./random.ts";
import { accountMessage, commitMessage, identityMessage, makeCid, postRecord, renderText, subjectRecord } from "./wire/bluesky.ts";
import { badDateJetstream, badDateStatus, driftRecord, driftStatus, malformedJetstream, malformedStatus } from "./wire/malformed.ts";
import { iso, renderStatus, statusJson, streamMessage } from "./wire/mastodon.ts";

/** Puts what happens into the platforms' messages. */
export interface Sender {
  post(post: LivePost, nowMs: number): void;
  edit(post: LivePost, nowMs: number): void;
  /** mastodon: tells the counts that were not told yet. */
  counts(post: LivePost, nowMs: number): void;
  remove(post: LivePost, nowMs: number): void;
  reaction(post: LivePost, actor: Author, rkey: string, like: boolean, nowMs: number, mark: { readonly withdrawn: boolean }): void;
  withdraw(actor: Author, rkey: string, like: boolean, nowMs: number): void;
  account(author: Author, nowMs: number, active: boolean, status: Ending | undefined): void;
  identity(author: Author, nowMs: number): void;
  malformed(model: LivePost, nowMs: number): void;
  again(delivery: Delivery, nowMs: number): void;
}

type Consider = (delivery: Delivery, mayStill: () => boolean) => void;
const always = (): boolean => true;

export function makeSender(random: Random, mix: Mix, audience: Audience, considerAgain: Consider): Sender {
  let lastUs = 0;
  let seq = 0;
  const timeUs = (nowMs: number): number => {
    lastUs = Math.max(lastUs + 1, Math.floor(nowMs * 1000));
    return lastUs;
  };
  const nextSeq = (): number => (seq += 1);

  const jetstream = (kind: DeliveryKind, atUs: number, wire: string, did: string, collection: string | undefined, mayStill: () => boolean, marks?: Partial<Delivery>): void => {
    const delivery: Delivery = {
      platform: "bluesky",
      kind,
      atUs,
      wire,
      redelivered: false,
      late: false,
      drifted: false,
      did,
      ...(collection !== undefined && { collection }),
      ...marks,
    };
    audience.deliver(delivery);
    considerAgain(delivery, mayStill);
  };
  const streaming = (kind: DeliveryKind, nowMs: number, event: string, payload: string, mayStill: () => boolean, marks?: Partial<Delivery>): void => {
    const delivery: Delivery = {
      platform: "mastodon",
      kind,
      atUs: timeUs(nowMs),
      wire: streamMessage(event, payload),
      redelivered: false,
      late: false,
      drifted: false,
      event,
      payload,
      ...marks,
    };
    audience.deliver(delivery);
    considerAgain(delivery, mayStill);
  };
  /** A status may come again while it is the newest word on its post, or when its revision is an old one. */
  const unlessOvertaken = (post: LivePost): (() => boolean) => {
    post.messages += 1;
    const { messages, revision, reshared } = post;
    const told = reshared?.messages;
    // A boost brings its original along, whose counts must not be old ones either.
    return () => (post.messages === messages && reshared?.messages === told) || post.revision > revision;
  };
  const tell = (post: LivePost): void => {
    const { untold } = post;
    post.likes += untold.likes;
    post.shares = Math.max(0, post.shares + untold.shares);
    post.replies = Math.max(0, post.replies + untold.replies);
    post.untold = { likes: 0, shares: 0, replies: 0 };
  };
  const collection = "app.bsky.feed.post";

  return {
    post(post, nowMs) {
      const drifted = random.chance(mix.drifted);
      const marks = { late: post.late, drifted };
      if (post.platform === "mastodon") {
        // An edit may have overtaken the post: then this is the old form, and stale.
        const form: LivePost = post.revision === 0 ? post : { ...post, revision: 0, editedMs: undefined, likes: 0, shares: 0, replies: 0 };
        const json = statusJson(form);
        streaming("post", nowMs, "update", drifted ? driftStatus(random, json) : json, post.revision === 0 ? unlessOvertaken(post) : always, marks);
        return;
      }
      const atUs = timeUs(nowMs);
      const record = postRecord(post, iso(post.createdMs));
      // The create of a post that was edited before it came carries the first revision's place in time.
      const revUs = post.revision === 0 ? atUs : post.createdMs * 1000;
      const wire = commitMessage({
        did: post.author.nativeId,
        timeUs: revUs,
        operation: "create",
        collection,
        rkey: post.rkey,
        record: drifted ? driftRecord(random, record) : record,
        cid: post.cid,
      });
      jetstream("post", atUs, wire, post.author.nativeId, collection, always, marks);
    },
    edit(post, nowMs) {
      if (post.platform === "mastodon") {
        tell(post);
        post.text = renderStatus(post.draft.parts).text;
        streaming("edit", nowMs, "status.update", statusJson(post), unlessOvertaken(post));
        return;
      }
      const atUs = timeUs(nowMs);
      post.cid = makeCid(random);
      post.text = renderText(post.draft.parts).text;
      const wire = commitMessage({
        did: post.author.nativeId,
        timeUs: atUs,
        operation: "update",
        collection,
        rkey: post.rkey,
        record: postRecord(post, iso(post.createdMs)),
        cid: post.cid,
      });
      jetstream("edit", atUs, wire, post.author.nativeId, collection, always);
    },
    counts(post, nowMs) {
      tell(post);
      streaming("counts", nowMs, "status.update", statusJson(post), unlessOvertaken(post));
    },
    remove(post, nowMs) {
      if (post.platform === "mastodon") {
        streaming("delete", nowMs, "delete", post.id, always);
        return;
      }
      const atUs = timeUs(nowMs);
      jetstream(
        "delete",
        atUs,
        commitMessage({ did: post.author.nativeId, timeUs: atUs, operation: "delete", collection, rkey: post.rkey }),
        post.author.nativeId,
        collection,
        always,
      );
    },
    reaction(post, actor, rkey, like, nowMs, mark) {
      const atUs = timeUs(nowMs);
      const type = like ? "app.bsky.feed.like" : "app.bsky.feed.repost";
      const record = subjectRecord(type, post, iso(nowMs));
      const wire = commitMessage({ did: actor.nativeId, timeUs: atUs, operation: "create", collection: type, rkey, record, cid: makeCid(random) });
      jetstream("reaction", atUs, wire, actor.nativeId, type, () => !mark.withdrawn);
    },
    withdraw(actor, rkey, like, nowMs) {
      const atUs = timeUs(nowMs);
      const type = like ? "app.bsky.feed.like" : "app.bsky.feed.repost";
      jetstream("unreaction", atUs, commitMessage({ did: actor.nativeId, timeUs: atUs, operation: "delete", collection: type, rkey }), actor.nativeId, type, always);
    },
    account(author, nowMs, active, status) {
      const atUs = timeUs(nowMs);
      jetstream(active ? "account" : "erase", atUs, accountMessage(author, atUs, nextSeq(), iso(nowMs), active, status), author.nativeId, undefined, active ? () => false : always);
    },
    identity(author, nowMs) {
      const atUs = timeUs(nowMs);
      author.handle = author.handle.replace(/^([^.]*?)(-\d+)?\./u, (_whole, name: string) => `${name}-${random.int(100)}.`);
      jetstream("identity", atUs, identityMessage(author, atUs, nextSeq(), iso(nowMs)), author.nativeId, undefined, () => false);
    },
    malformed(model, nowMs) {
      const never = (): boolean => false;
      if (model.platform === "mastodon") {
        if (random.chance(0.85)) {
          const { event, payload } = malformedStatus(random, model);
          streaming("malformed", nowMs, event, payload, never);
          return;
        }
        // One millisecond with all sixteen low bits set belongs to no other post.
        const id = String((BigInt(Math.floor(nowMs)) << 16n) | 0xffffn);
        audience.ambiguous("mastodon", id);
        streaming("ambiguous", nowMs, "update", badDateStatus(random, { ...model, id, uri: `${model.uri}-${id}`, reshared: undefined, editedMs: undefined }), never);
        return;
      }
      const atUs = timeUs(nowMs);
      if (random.chance(0.85)) jetstream("malformed", atUs, malformedJetstream(random, model, atUs), model.author.nativeId, collection, never);
      else {
        const { wire, id } = badDateJetstream(random, model, atUs);
        audience.ambiguous("bluesky", id);
        jetstream("ambiguous", atUs, wire, model.author.nativeId, collection, never);
      }
    },
    again(delivery, nowMs) {
      audience.deliver({ ...delivery, atUs: timeUs(nowMs), redelivered: true });
    },
  };
}
