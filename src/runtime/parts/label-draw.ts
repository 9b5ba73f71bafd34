import { EarshotError } from "../../core/errors.ts";
import type { Post } from "../../core/event.ts";
import { redactPost } from "../../policies/redact.ts";
import type { LabelItems, NewItem } from "../../registers/label-items.ts";
import type { LabelSet } from "../../registers/label-sets.ts";
import { askThread } from "../ask-thread.ts";
import type { ChooseAnswer, ChooseWorkerData } from "../choose-worker.ts";
import type { Engine } from "../engine.ts";
import type { LabelDraw, LabelDrawAnswer } from "../label-sets.ts";
import type { Viewer } from "../viewer.ts";

export interface LabelDrawOptions {
  readonly items: LabelItems;
  readonly reading: Pick<Engine, "search">;
  readonly now: () => number;
}

/** Of a search. */
const pageSize = 500;
const fewestUnits = 8;
const mostUnits = 4_000;
/** Labelled texts that a first model learns from, and that choices keep away from. */
const mostLabelled = 2_000;
const mostReordered = 1_000;

/** What a set keeps of a post: its text as everybody is shown it. */
export function itemOfPost(post: Post): Omit<NewItem, "origin" | "rank"> {
  const { text } = redactPost(post);
  return {
    text: text.length > mostUnits ? text.slice(0, mostUnits).toWellFormed() : text,
    post: post.id,
    author: post.author,
    createdAt: post.createdAt,
    platform: post.platform,
    language: post.language,
  };
}

export function makeLabelDraw({ items, reading, now }: LabelDrawOptions) {
  let running: Promise<unknown> = Promise.resolve();
  /** One choice at a time: each is a thread with the models' weights. */
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const turn = running.then(run);
    running = turn.catch(() => undefined);
    return turn;
  };

  async function sampleOf(q: string, sample: number, viewer: Viewer): Promise<readonly Post[]> {
    const posts = new Map<string, Post>();
    let cursor: string | undefined;
    for (let looked = 0; looked < sample;) {
      const page = await reading.search({ q, filter: viewer.filter, limit: Math.min(pageSize, sample - looked), ...(cursor !== undefined && { cursor }) });
      looked += page.items.length;
      // Reshares say what another post says.
      for (const post of page.items) if (post.reshareOf === undefined && post.text.length >= fewestUnits) posts.set(post.text, post);
      if (page.next === undefined || page.items.length === 0) break;
      cursor = page.next;
    }
    return [...posts.values()];
  }

  async function ask(set: LabelSet, candidates: readonly string[], asked: Pick<ChooseWorkerData, "how" | "count">): Promise<ChooseAnswer> {
    const labelled = await items.labelled(set.id, mostLabelled);
    return inTurn(() =>
      askThread("choose", new URL("../choose-worker.ts", import.meta.url), {
        kind: set.kind,
        classes: set.classes,
        labelled,
        candidates,
        seed: Math.round(now()) % 2 ** 31,
        ...asked,
      } satisfies ChooseWorkerData),
    );
  }

  return {
    async draw(set: LabelSet, { q, count, how, sample }: LabelDraw, viewer: Viewer): Promise<LabelDrawAnswer> {
      const sampled = (await sampleOf(q, sample, viewer)).map(itemOfPost);
      const known = await items.known(
        set.id,
        sampled.map(({ text }) => text),
      );
      const posts = sampled.filter(({ text }) => !known.has(text));
      if (posts.length === 0) throw new EarshotError("NOT_FOUND", "q: no stored post matches that the set does not have already; ask more widely, or collect more");
      const { choices, model } = await ask(
        set,
        posts.map(({ text }) => text),
        { how, count },
      );
      const from = -Math.round(now());
      const added = await items.add(
        set.id,
        choices.flatMap(({ index, by, doubt, guess }, i): NewItem[] => {
          const post = posts[index];
          const origin = {
            by,
            of: posts.length,
            ...(model !== undefined && by === "uncertain" && { model, ...(doubt !== undefined && { doubt: tidy(doubt) }), ...(guess !== undefined && { guess }) }),
          };
          // What was chosen last by the newest model comes first; a thousandth of its place within the draw.
          return post === undefined ? [] : [{ ...post, origin, rank: from + i / 1_000 }];
        }),
      );
      return { added: added.added, of: posts.length, ...(model !== undefined && { model }) };
    },
    async reorder(set: LabelSet): Promise<LabelDrawAnswer> {
      const waiting = await items.open(set.id, mostReordered);
      if (waiting.length === 0) throw new EarshotError("CONFLICT", `label set ${set.name}: no text waits; draw some posts first`);
      const { choices, model } = await ask(
        set,
        waiting.map(({ text }) => text),
        { how: "uncertain", count: waiting.length },
      );
      const from = -Math.round(now());
      await items.rank(
        set.id,
        choices.flatMap(({ index, by, doubt, guess }, i) => {
          const item = waiting[index];
          const origin = {
            ...item?.origin,
            by,
            of: waiting.length,
            ...(model !== undefined && { model, ...(doubt !== undefined && { doubt: tidy(doubt) }), ...(guess !== undefined && { guess }) }),
          };
          return item === undefined ? [] : [{ item: item.id, rank: from + i / 1_000, origin }];
        }),
      );
      return { added: 0, of: waiting.length, ...(model !== undefined && { model }) };
    },
  };
}

const tidy = (value: number): number => Math.round(value * 1e3) / 1e3;
