import type { Post } from "../core/event.ts";
import type { MentionId } from "../core/ids.ts";
import { type EntityNotes, type EntitySpan, type Judgement, judgementsOf, packJudgements, type TextModels } from "../core/judgement.ts";
import type { KnownEntity } from "../core/linking.ts";
import { type AccountSpan, type Draft, makeDraft, setText, type Stage } from "../core/stage.ts";
import type { JudgeStage } from "./judge.ts";
import { sentimentOf } from "./judgements.ts";

/** links: which names of the register a post means. models: that, and what the embedded models and those of the registry say of it. */
export type AgainWhat = "links" | "models";

export interface AgainOptions {
  readonly sentiment: Stage;
  readonly terms: Stage;
  readonly towards: Stage;
  readonly judge?: { readonly stage: JudgeStage; readonly models: Pick<TextModels, "entities"> };
  readonly link?: Stage;
  readonly spans: () => Stage | undefined;
  readonly mentionId: (platform: string, account: string) => MentionId;
}

/** Names and judgements of the models that ship with the program; what others said of a post stays. */
const embedded = /^(?:social|multilingual|spam|entities)@/;
const linked = /^link@/;
const accounts = /@(?:m_[A-Za-z0-9_-]{22}|[\w][\w.-]*)/g;

/**
 * Asks stages of a post as it is stored: its text is what they saw when it came. Larger models are not asked again: what they said stays.
 * Accounts are masked by then; those that the register names are known by their masks, others by the links that the post bears already.
 */
export function makeAgain(options: AgainOptions) {
  const { judge, link } = options;
  let entities: readonly KnownEntity[] = [];
  let ids: ReadonlySet<string> = new Set();
  /** By platform: what a mask stands for. */
  let masks = new Map<string, ReadonlyMap<string, string>>();

  function masksOf(platform: string): ReadonlyMap<string, string> {
    let known = masks.get(platform);
    if (known === undefined) {
      const handles = entities.flatMap((entity) => entity.handles.map((handle) => handle.replace(/^@/, "").toLowerCase()));
      masks.set(platform, (known = new Map(handles.map((handle) => [options.mentionId(platform, handle), handle]))));
    }
    return known;
  }

  function draftOf(post: Post): Draft {
    const { id, author, createdAt, revision, platform, source, receivedAt, replyTo, reshareOf, media } = post;
    const told = { id, author: { id: author }, createdAt, revision, text: post.text, format: "text", visibility: "public" } as const;
    const draft = makeDraft(platform, source, { ...told, ...(replyTo && { replyTo }), ...(reshareOf && { reshareOf }), ...(media && { media }) }, receivedAt);
    setText(draft, post.text);
    const { language, region, sensitivity, hashtags, links, pii } = post;
    Object.assign(draft, { language, region, sensitivity, hashtags, links, pii: pii ?? [], sentiment: post.sentiment, notes: post.notes });
    draft.accountSpans = accountsIn(post);
    return draft;
  }

  function accountsIn({ text, platform }: Post): readonly AccountSpan[] {
    if (!text.includes("@") || entities.length === 0) return [];
    return [...text.matchAll(accounts)].flatMap(({ 0: found, index }) => {
      const name = found.slice(1);
      const handle = name.startsWith("m_") ? masksOf(platform).get(name) : name;
      return handle === undefined ? [] : [{ start: index, end: index + found.length, handle }];
    });
  }

  const run = (stage: Stage | undefined, draft: Draft): void => void stage?.run([draft]);

  function judgeAgain(draft: Draft, post: Post): void {
    const before = judgementsOf(post.notes);
    const others = before.filter(({ task, model }) => !embedded.test(model) && !model.startsWith(`${task}@`));
    const { judgements: _judgements, judged: _judged, entities: found, ...notes } = post.notes ?? {};
    const tagged = found !== undefined && isOfOthers(found) ? { entities: found } : {};
    draft.notes = Object.keys(notes).length > 0 || found !== undefined ? { ...notes, ...tagged } : undefined;
    draft.sentiment = undefined;
    run(options.sentiment, draft);
    judge?.stage.again(draft);
    // A larger model's tagger had the last word when the post came.
    draft.notes = { ...draft.notes, ...tagged };
    const said = judgementsOf(draft.notes).filter(({ task }) => !others.some((other) => other.task === task));
    const kept: Judgement[] = said.map((one) => {
      const stood = before.find(({ task }) => task === one.task)?.stood;
      return stood === undefined ? one : { ...one, stood };
    });
    const { judgements: _again, judged: _packed, ...rest } = draft.notes ?? {};
    draft.notes = { ...rest, ...packJudgements([...kept, ...others]) };
    const sentiment = others.find(({ task }) => task === "sentiment");
    if (sentiment !== undefined) draft.sentiment = sentimentOf(sentiment);
    run(options.spans(), draft);
  }

  /** What the tagger had found, without what the register made of it. */
  function untie(draft: Draft, post: Post): void {
    const { entities: found, ...notes } = draft.notes ?? {};
    if (found === undefined) return;
    const tagger = found.model.split(" ").find((name) => !linked.test(name));
    const spans = tagger === undefined ? [] : taggedIn(tagger, found, post.text);
    draft.notes = { ...notes, ...(tagger !== undefined && spans.length > 0 && { entities: { model: tagger, spans } }) };
  }

  /** Names of the register took the place of what the tagger had found there: it is asked again where it is still the same. */
  function taggedIn(tagger: string, found: EntityNotes, text: string): readonly EntitySpan[] {
    const again = embedded.test(tagger) && found.spans.some((span) => span.link !== undefined || span.candidates !== undefined) ? judge?.models.entities(text) : undefined;
    if (again?.model === tagger) return again.spans;
    return found.spans.filter((span) => span.link === undefined && span.candidates === undefined).map(({ start, end, kind }) => ({ start, end, kind }));
  }

  /** Links of accounts whose masks nobody can read backwards stay, as long as the register has the entry. */
  function keepAccounts(draft: Draft, post: Post): void {
    const kept = (post.notes?.entities?.spans ?? []).filter(
      ({ start, end, link: to }) =>
        to !== undefined &&
        ids.has(to.entity) &&
        post.text.startsWith("@m_", start) &&
        masksOf(post.platform).get(post.text.slice(start + 1, end)) === undefined &&
        draft.notes?.entities?.spans.some((span) => span.start < end && start < span.end) !== true,
    );
    if (kept.length === 0) return;
    const spans = [...(draft.notes?.entities?.spans ?? []), ...kept].toSorted((a, b) => a.start - b.start);
    draft.notes = { ...draft.notes, entities: { model: draft.notes?.entities?.model ?? post.notes?.entities?.model ?? "", spans } };
  }

  /** What the same words say of the same targets is no news, whichever version says it. */
  function speakAgain(draft: Draft, post: Post): void {
    const { towards: _before, ...notes } = draft.notes ?? {};
    draft.notes = notes;
    run(options.towards, draft);
    const [before, now] = [post.notes?.towards, draft.notes.towards];
    if (before !== undefined && JSON.stringify(before.of) === JSON.stringify(now?.of)) draft.notes = { ...notes, towards: before };
  }

  return {
    setEntities(next: readonly KnownEntity[]): void {
      entities = next;
      ids = new Set(next.map(({ id }) => id));
      masks = new Map();
    },
    /** The post as it would be today; undefined: as it is. */
    look(post: Post, what: AgainWhat): Post | undefined {
      const draft = draftOf(post);
      if (what === "models") judgeAgain(draft, post);
      untie(draft, post);
      run(link, draft);
      keepAccounts(draft, post);
      // What names and models say may be what a brand or query asks for; its outcome is that of the day when the post came.
      run(options.terms, draft);
      speakAgain(draft, post);
      return madeOf(post, draft);
    },
  };
}

const isOfOthers = ({ model }: EntityNotes): boolean => model.split(" ").some((name) => !linked.test(name) && !embedded.test(name));

function madeOf(post: Post, draft: Draft): Post | undefined {
  const entities = draft.notes?.entities;
  // Another version of the register that links the same is no news.
  const same = entities !== undefined && post.notes?.entities !== undefined && JSON.stringify(entities.spans) === JSON.stringify(post.notes.entities.spans);
  const notes: Record<string, unknown> = { ...draft.notes, ...(same && taggerOf(entities) === taggerOf(post.notes?.entities) && { entities: post.notes?.entities }) };
  const before: Record<string, unknown> = { ...post.notes };
  const names = [...new Set([...Object.keys(notes), ...Object.keys(before)])].filter((name) => JSON.stringify(notes[name]) !== JSON.stringify(before[name]));
  const sameTerms = draft.terms.join("\n") === post.terms.toSorted().join("\n");
  if (names.length === 0 && sameTerms && JSON.stringify(draft.sentiment) === JSON.stringify(post.sentiment)) return undefined;
  const { sentiment: _sentiment, notes: _notes, ...rest } = post;
  return {
    ...rest,
    terms: sameTerms ? post.terms : draft.terms,
    ...(draft.sentiment !== undefined && { sentiment: draft.sentiment }),
    ...(Object.keys(notes).length > 0 && { notes }),
  };
}

function taggerOf(notes: EntityNotes | undefined): string {
  return notes?.model.split(" ").find((name) => !linked.test(name)) ?? "";
}
