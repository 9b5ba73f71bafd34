import { connectorVersion } from "../../connectors/directory.ts";
import { contributionOf, type Post } from "../../core/event.ts";
import { postShown, type ReadFilter, termsShown } from "../../core/filter.ts";
import { idWords, type PostId } from "../../core/ids.ts";
import { judgementsOf } from "../../core/judgement.ts";
import { type TargetSentiment, towardsOf } from "../../core/towards.ts";
import { redactPost } from "../../policies/redact.ts";
import type { Threads } from "../boot.ts";
import type { Engine, SearchRequest } from "../engine.ts";
import { importPlatformOf } from "../import.ts";
import { partitionOf } from "../ingest.ts";
import type { Conversation, PostTrace, Provenance } from "../provenance.ts";
import { makeSpread } from "./spread.ts";

export interface ProvenanceOptions {
  readonly threads: Threads;
  readonly reading: Pick<Engine, "post" | "search">;
  readonly partitions: number;
  readonly narrow: (filter: ReadFilter) => ReadFilter;
  readonly connectorOf: (source: string) => string | undefined;
}

const mostAncestors = 30;
const mostReplies = 200;
const deepest = 8;
const mostQuotes = 20;
const mostCopies = 50;
/** Posts whose replies are asked for at once. */
const batchIds = 50;

/** Where a post comes from, where it lies, and what stands around it. */
export function makeProvenance(options: ProvenanceOptions): Provenance {
  const { threads, reading } = options;

  async function search(q: string, filter: ReadFilter, limit: number): Promise<{ readonly posts: readonly Post[]; readonly more: boolean }> {
    const request: SearchRequest = { q, filter, limit };
    const page = await reading.search(request);
    return { posts: page.items, more: page.next !== undefined };
  }

  async function trace(id: PostId, filter: ReadFilter): Promise<PostTrace | undefined> {
    const post = await reading.post(id, filter);
    if (post === undefined) return undefined;
    const partition = partitionOf(idWords(id), options.partitions);
    const { platform, author, createdAt, receivedAt } = post;
    const [refined, searched, lake] = await Promise.all([
      threads.refineOf(partition).caller.call("trace", { partition, id, receivedAt }),
      threads.read.caller.call("place", { id, createdAt }),
      threads.stores.caller.call("lakePlace", { id, createdAt, platform, author }),
    ]);
    const { raw, stages, refusal, ledger, postsOffset, history } = refined;
    const connector = raw === undefined ? undefined : importPlatformOf(raw.source) === undefined ? (options.connectorOf(raw.source) ?? "") : "files";
    const terms = (some: readonly string[]) => termsShown(filter, some);
    return {
      post,
      ...(raw && connector !== undefined && { raw: { ...raw, partition, connector, parserVersion: connectorVersion(connector) } }),
      ...(stages && {
        stages: {
          ...stages,
          findings: {
            ...stages.findings,
            ...(stages.findings.towards && {
              towards: filter.terms === undefined ? stages.findings.towards : stages.findings.towards.filter(({ kind, id: term }) => kind === "term" && terms([term]).length > 0),
            }),
            ...(stages.findings.terms && { terms: stages.findings.terms.filter(({ id: term }) => terms([term]).length > 0) }),
          },
          now: { ...stages.now, terms: terms(stages.now.terms) },
        },
      }),
      ...(refusal !== undefined && { refusal }),
      places: {
        partition,
        ...(postsOffset !== undefined && { postsOffset }),
        ...(ledger && { ledger }),
        ...(searched && { search: searched }),
        ...(lake && { lake }),
        rollups: contributionOf(post),
      },
      history: { ...history, changes: history.changes.map((change) => (change.terms === undefined ? change : { ...change, terms: terms(change.terms) })) },
    };
  }

  async function ancestorsOf(post: Post, filter: ReadFilter): Promise<Pick<Conversation, "ancestors" | "ancestorMissing">> {
    const ancestors: Post[] = [];
    const seen = new Set<PostId>([post.id]);
    let next = post.replyTo;
    while (next !== undefined && ancestors.length < mostAncestors && !seen.has(next)) {
      seen.add(next);
      const found: Post | undefined = await reading.post(next, filter);
      if (found === undefined) return { ancestors: ancestors.toReversed(), ancestorMissing: next };
      ancestors.push(found);
      next = found.replyTo;
    }
    return { ancestors: ancestors.toReversed() };
  }

  /** Level by level, so that a bound cuts the deepest first. */
  async function repliesTo(post: Post, filter: ReadFilter): Promise<Pick<Conversation, "replies" | "more">> {
    const children = new Map<PostId, Post[]>();
    const seen = new Set<PostId>([post.id]);
    let level: readonly PostId[] = [post.id];
    let more = false;
    for (let depth = 0; depth < deepest && level.length > 0 && seen.size <= mostReplies; depth++) {
      const found: Post[] = [];
      for (let at = 0; at < level.length && seen.size <= mostReplies; at += batchIds) {
        const ids = level.slice(at, at + batchIds);
        const page = await search(ids.map((one) => `reply:${one}`).join(" OR "), filter, mostReplies + 1 - (seen.size - 1));
        for (const reply of page.posts) {
          if (seen.has(reply.id) || reply.replyTo === undefined) continue;
          if (seen.size > mostReplies) more = true;
          else {
            seen.add(reply.id);
            found.push(reply);
            children.set(reply.replyTo, [...(children.get(reply.replyTo) ?? []), reply]);
          }
        }
        more ||= page.more;
      }
      level = found.map((reply) => reply.id);
    }
    const replies: { post: Post; depth: number }[] = [];
    const walk = (of: PostId, depth: number) => {
      for (const reply of (children.get(of) ?? []).toSorted((a, b) => a.createdAt - b.createdAt)) {
        replies.push({ post: reply, depth });
        walk(reply.id, depth + 1);
      }
    };
    walk(post.id, 1);
    return { replies, more };
  }

  return {
    trace,
    spread: makeSpread({ threads, reading, narrow: options.narrow }),
    async raw(id, filter) {
      const post = await reading.post(id, filter);
      if (post === undefined) return undefined;
      const partition = partitionOf(idWords(id), options.partitions);
      return threads.refineOf(partition).caller.call("rawOf", { partition, id, receivedAt: post.receivedAt });
    },
    async explain(id, task, filter) {
      const post = await reading.post(id, filter);
      const noted = judgementsOf(post?.notes).find((judgement) => judgement.task === task);
      if (post === undefined || noted === undefined) return undefined;
      const partition = partitionOf(idWords(id), options.partitions);
      return { noted, now: await threads.refineOf(partition).caller.call("explain", { task, text: redactPost(post).text, language: post.language }) };
    },
    async towards(id, filter) {
      const post = await reading.post(id, filter);
      // Other terms of the post are told to nobody who is kept from them, and yet part its text.
      const whole = post && (await reading.post(id, {}));
      if (post === undefined || whole === undefined) return undefined;
      const shown = redactPost(postShown(filter, post));
      const { text, notes } = redactPost(whole);
      const { platform, source, language, terms } = whole;
      const about = { text, platform, source, language, terms, ...(notes?.entities && { entities: notes.entities }) };
      const now = await threads.refineOf(partitionOf(idWords(id), options.partitions)).caller.call("explainTowards", about);
      const mayKnow = ({ kind, id: target }: TargetSentiment) => (kind === "term" ? termsShown(filter, [target]).length > 0 : filter.terms === undefined);
      return { noted: towardsOf(shown.notes), ...(shown.notes?.towards && { by: shown.notes.towards.by }), now: now.filter(mayKnow) };
    },
    async reading(id, filter) {
      const post = await reading.post(id, filter);
      if (post === undefined) return undefined;
      const { text } = redactPost(post);
      return { text, ...(await threads.refineOf(partitionOf(idWords(id), options.partitions)).caller.call("read", { text, language: post.language })) };
    },
    async conversation(id, filter) {
      const post = await reading.post(id, filter);
      if (post === undefined) return undefined;
      const copyIds = await threads.read.caller.call("copiesOf", { id, limit: mostCopies + 1 });
      const [copies, above, below, quotes, reshares] = await Promise.all([
        Promise.all(
          copyIds
            .slice(0, mostCopies)
            .filter((one) => one !== id)
            .map((one) => reading.post(one, filter)),
        ),
        ancestorsOf(post, filter),
        repliesTo(post, filter),
        search(`quote:${id}`, filter, mostQuotes),
        search(`reshare:${id}`, filter, mostQuotes),
      ]);
      const root = post.root === undefined || post.root === post.id ? undefined : (above.ancestors.find((one) => one.id === post.root) ?? (await reading.post(post.root, filter)));
      return {
        post,
        ...above,
        ...below,
        ...(root && { root }),
        quotes: quotes.posts,
        reshares: reshares.posts,
        copies: copies.filter((one) => one !== undefined),
        more: below.more || quotes.more || reshares.more || copyIds.length > mostCopies,
      };
    },
  };
}
