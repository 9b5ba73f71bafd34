import { EarshotError } from "../../core/errors.ts";
import type { Post } from "../../core/event.ts";
import type { ReadFilter } from "../../core/filter.ts";
import { fingerprint } from "../../core/ids.ts";
import { judgementsOf } from "../../core/judgement.ts";
import { redactPost } from "../../policies/redact.ts";
import type { Audit } from "../../registers/audit.ts";
import type { Label, LabelKind, LabelReasons, Labels } from "../../registers/labels.ts";
import { stageVersion } from "../../stages/versions.ts";
import type { Threads } from "../boot.ts";
import type { Engine } from "../engine.ts";
import type { LabelBook, LabelView } from "../labels.ts";

export interface LabelsOptions {
  readonly register: Labels;
  readonly audit: Audit;
  readonly reading: Pick<Engine, "post">;
  readonly threads: Pick<Threads, "read" | "refine">;
  readonly now: () => number;
}

const pageSize = 200;
/** Words of a text that are kept as reasons. */
const mostReasons = 20;
/** The ledger's file, which is asked whether a post is gone, follows its memory by seconds. */
const settledAfterMs = 60_000;

const valueOf = (post: Post, what: LabelKind): string => (what === "language" ? post.language : (post.sentiment?.label ?? "none"));
/** Salted by the post's id: no table of texts finds it. */
const hashOf = (post: Post): string => fingerprint(`${post.id}\n${post.text}`);

function refuseNoValue(what: LabelKind, to: string): void {
  const isValue = what === "language" ? /^[a-z]{2,3}$/.test(to) : ["negative", "neutral", "positive"].includes(to);
  if (!isValue)
    throw new EarshotError("USAGE", `to: expected ${what === "language" ? "a language of two or three letters, und where none is right" : "negative, neutral or positive"}`);
}

export function makeLabels(options: LabelsOptions): LabelBook & { sweep(): Promise<void> } {
  const { register, audit, reading } = options;

  async function shown(labels: readonly Label[], filter: ReadFilter): Promise<readonly LabelView[]> {
    const views: LabelView[] = [];
    for (const label of labels) {
      const about = await reading.post(label.post, filter);
      if (about !== undefined) views.push({ ...label, about, current: hashOf(about) === label.textHash });
    }
    return views;
  }

  /** Why the model judges the text as it is shown; absent: none had judged it. */
  async function reasonsOf(post: Post, what: LabelKind): Promise<LabelReasons | undefined> {
    const thread = options.threads.refine[0];
    if (thread === undefined || !judgementsOf(post.notes).some(({ task }) => task === what)) return undefined;
    const { model, chosen, probabilities, words, counterfactual, faithfulness } = await thread.caller.call("explain", {
      task: what,
      text: redactPost(post).text,
      language: post.language,
    });
    const placeOf = ({ start, end }: (typeof words)[number]) => ({ start, end });
    return {
      model,
      chosen,
      probability: probabilities[chosen] ?? 0,
      words: words
        .toSorted((a, b) => Math.abs(b.adds) - Math.abs(a.adds))
        .slice(0, mostReasons)
        .map((word) => ({ ...placeOf(word), adds: Math.round(word.adds * 1e3) / 1e3 })),
      ...(counterfactual && { counterfactual: { without: counterfactual.places.flatMap((i) => words.slice(i, i + 1).map(placeOf)), chosen: counterfactual.chosen } }),
      faithfulness,
    };
  }

  return {
    async put(id, { what, to }, viewer) {
      refuseNoValue(what, to);
      const post = await reading.post(id, viewer.filter);
      if (post === undefined) throw new EarshotError("NOT_FOUND", "there is no post under this id, or not for you");
      const from = valueOf(post, what);
      if (from === to) throw new EarshotError("USAGE", `to: the post's ${what} is ${to} already`);
      const reasons = await reasonsOf(post, what);
      const about = { post: id, author: post.author, what, from, to, actor: viewer.name, stageVersion: stageVersion(what), textHash: hashOf(post) };
      const label = await register.put({ ...about, ...(reasons && { reasons }) });
      await audit.append({ actor: viewer.name, action: "label.put", subject: id, details: { what, from, to, ...(reasons && { model: reasons.model }) } });
      return label;
    },
    async of(id, viewer) {
      const post = await reading.post(id, viewer.filter);
      return post && register.of(id);
    },
    async list({ limit, cursor, what, mine }, viewer) {
      const page = await register.list({ ...(what !== undefined && { what }), ...(mine === true && { actor: viewer.name }) }, { limit, ...(cursor !== undefined && { cursor }) });
      return { items: await shown(page.items, viewer.filter), ...(page.next !== undefined && { next: page.next }) };
    },
    async *export(viewer, signal) {
      let cursor: string | undefined;
      do {
        const page = await register.list({}, { limit: pageSize, ...(cursor !== undefined && { cursor }) });
        yield await shown(page.items, viewer.filter);
        cursor = page.next;
      } while (cursor !== undefined && !signal.aborted);
    },
    async withdraw(id, viewer) {
      const label = await register.get(id);
      const about = label && (await reading.post(label.post, viewer.filter));
      if (label === undefined || about === undefined) throw new EarshotError("NOT_FOUND", `label ${id}: there is none, or not for you`);
      if (viewer.role !== "admin" && label.actor !== viewer.name) throw new EarshotError("FORBIDDEN", "a correction is withdrawn by who made it, or by an admin");
      await register.withdraw(id);
      await audit.append({ actor: viewer.name, action: "label.withdraw", subject: label.post, details: { what: label.what, from: label.from, to: label.to } });
    },
    /** Corrections of posts that are deleted, or older than what is kept, go too. */
    async sweep() {
      let cursor: string | undefined;
      let removed = 0;
      do {
        const page = await register.list({}, { limit: pageSize, ...(cursor !== undefined && { cursor }) });
        const settled = page.items.filter((label) => label.at < options.now() - settledAfterMs).map((label) => label.post);
        const gone = settled.length === 0 ? [] : await options.threads.read.caller.call("gone", settled);
        if (gone.length > 0) removed += await register.removePosts(gone);
        cursor = page.next;
      } while (cursor !== undefined);
      if (removed > 0) await register.forget();
    },
  };
}
