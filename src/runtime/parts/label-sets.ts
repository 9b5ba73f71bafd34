import { EarshotError } from "../../core/errors.ts";
import type { LabelledText } from "../../core/label-set.ts";
import { agreementOf, ratingsOfSpans } from "../../models/agreement.ts";
import type { Pseudonyms } from "../../ledger/pseudonyms.ts";
import type { Audit } from "../../registers/audit.ts";
import type { Annotation, LabelItem, LabelItems, LabelValue } from "../../registers/label-items.ts";
import type { FrozenText, LabelSet, LabelSets } from "../../registers/label-sets.ts";
import { askThread } from "../ask-thread.ts";
import type { Threads } from "../boot.ts";
import type { Engine } from "../engine.ts";
import { writeConll } from "../label-files/conll.ts";
import { checkSpans, refuseUnknown } from "../label-files/row.ts";
import { writeCsv, writeJsonl } from "../label-files/tables.ts";
import type { LabelItemView, LabelSetBook, LabelSetView } from "../label-sets.ts";
import type { Cuts } from "../label-split.ts";
import type { SplitAnswer, SplitWorkerData } from "../split-worker.ts";
import type { LabelBook } from "../labels.ts";
import type { Viewer } from "../viewer.ts";
import { makeLabelDraw } from "./label-draw.ts";
import { makeLabelImport } from "./label-import.ts";

export interface LabelSetsOptions {
  readonly sets: LabelSets;
  readonly items: LabelItems;
  readonly corrections: Pick<LabelBook, "export">;
  readonly audit: Audit;
  readonly pseudonyms: Pick<Pseudonyms, "authorId" | "mentionId">;
  readonly reading: Pick<Engine, "search">;
  readonly threads: Pick<Threads, "read">;
  readonly now: () => number;
}

const pageSize = 500;
const exportPage = 1_000;
/** The ledger's file, which is asked whether a post is gone, follows its memory by seconds. */
const settledAfterMs = 60_000;
const writers = { csv: writeCsv, jsonl: writeJsonl, conll: writeConll } as const;

export function makeLabelSets(options: LabelSetsOptions): LabelSetBook & { sweep(): Promise<void> } {
  const { sets, items, audit, threads, now } = options;
  const draws = makeLabelDraw({ items, reading: options.reading, now });
  const imports = makeLabelImport({ items, corrections: options.corrections, pseudonyms: options.pseudonyms, gone: (posts) => threads.read.caller.call("gone", posts) });
  const mayManage = (set: LabelSet, viewer: Viewer) => viewer.role === "admin" || set.owner === viewer.owner;
  const note = (viewer: Viewer, action: string, set: LabelSet, details: Readonly<Record<string, string | number | boolean>> = {}) =>
    audit.append({ actor: viewer.name, action: `label-set.${action}`, subject: set.id, details: { name: set.name, ...details } });

  async function managed(id: string, viewer: Viewer): Promise<LabelSet> {
    const set = await sets.get(id);
    if (!mayManage(set, viewer)) throw new EarshotError("FORBIDDEN", `label set ${set.name}: its owner ${set.owner} or an admin does that`);
    return set;
  }
  const viewOf = async (set: LabelSet, viewer: Viewer): Promise<LabelSetView> => ({
    ...set,
    progress: await items.progress(set.id, viewer.owner),
    mayManage: mayManage(set, viewer),
  });

  /** Nobody is told what others say before saying it: agreement is to mean something. */
  async function shown(set: LabelSet, found: readonly LabelItem[], viewer: Viewer): Promise<readonly LabelItemView[]> {
    const byItem = new Map<string, Annotation[]>();
    const said =
      found.length === 0
        ? []
        : await items.annotationsOf(
            set.id,
            found.map(({ id }) => id),
          );
    for (const one of said) byItem.set(one.item, [...(byItem.get(one.item) ?? []), one]);
    return found.map((item) => {
      const all = byItem.get(item.id) ?? [];
      const mine = all.find(({ annotator }) => annotator === viewer.owner);
      const adjudicates = item.state === "conflict" && mayManage(set, viewer);
      const maySee = adjudicates || (mine !== undefined && !mine.skipped);
      const { label, spans, settledBy, origin, ...bare } = item;
      const { guess, ...chosen } = origin;
      return {
        ...bare,
        origin: { ...chosen, ...(maySee && guess !== undefined && { guess }) },
        ...(maySee && { ...(label !== undefined && { label }), ...(spans !== undefined && { spans }), ...(settledBy !== undefined && { settledBy }) }),
        ...(mine !== undefined && { mine }),
        ...(maySee && {
          others: all
            .filter((one) => one !== mine && !one.skipped)
            .map((one) => ({ annotator: one.annotator, ...(one.label !== undefined && { label: one.label }), ...(one.spans !== undefined && { spans: one.spans }) })),
        }),
      };
    });
  }
  async function one(set: LabelSet, item: LabelItem, viewer: Viewer): Promise<LabelItemView> {
    const [view] = await shown(set, [item], viewer);
    if (view === undefined) throw new EarshotError("INVARIANT", "label set: a text was shown and is none");
    return view;
  }
  function checked(set: LabelSet, item: LabelItem, value: LabelValue): LabelValue {
    if ("label" in value !== (set.kind === "classes")) throw new EarshotError("USAGE", `label set ${set.name}: expected ${set.kind === "classes" ? "a class" : "spans"}`);
    if ("spans" in value) return { spans: checkSpans(value.spans, item.text, set.classes) };
    refuseUnknown(value.label, set.classes, "label");
    return value;
  }

  async function split(set: LabelSet): Promise<{ readonly texts: readonly FrozenText[]; readonly leftOut: number; readonly cuts?: Cuts }> {
    const settled = await items.settled(set.id);
    const asked: SplitWorkerData = {
      texts: settled.map(({ id, text, author, createdAt, part }) => ({
        id,
        text,
        ...(author !== undefined && { author }),
        ...(createdAt !== undefined && { createdAt }),
        ...(part !== undefined && { part }),
      })),
      ...(set.splitBy === "author" && { seed: set.id }),
      before: { ...(set.validationFrom !== undefined && { validationFrom: set.validationFrom }), ...(set.goldFrom !== undefined && { goldFrom: set.goldFrom }) },
    };
    const parted = await askThread<SplitAnswer>("split", new URL("../split-worker.ts", import.meta.url), asked);
    const texts = settled.flatMap((item): FrozenText[] => {
      const part = parted.parts.get(item.id);
      const { id, text, label, spans } = item;
      if (part === undefined) return [];
      // By time a part is worked out anew for each version.
      return [{ id, text, ...(label !== undefined && { label }), ...(spans !== undefined && { spans }), part, isNew: set.splitBy === "author" && item.part === undefined }];
    });
    return { texts, leftOut: parted.leftOut.length, ...(parted.cuts !== undefined && { cuts: parted.cuts }) };
  }

  async function* allOf(set: string): AsyncGenerator<LabelItem> {
    let cursor: string | undefined;
    do {
      const page = await items.list(set, {}, { limit: exportPage, ...(cursor !== undefined && { cursor }) });
      yield* page.items;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  return {
    list: async (viewer) => Promise.all((await sets.list()).map((set) => viewOf(set, viewer))),
    get: async (id, viewer) => viewOf(await sets.get(id), viewer),
    async add(fields, viewer) {
      const set = await sets.add(fields, viewer.owner);
      await note(viewer, "add", set);
      return viewOf(set, viewer);
    },
    async change(id, fields, viewer) {
      await managed(id, viewer);
      const set = await sets.change(id, fields);
      if (fields.perText !== undefined) await items.resettle(id);
      await note(viewer, "change", set);
      return viewOf(set, viewer);
    },
    async remove(id, viewer) {
      const set = await managed(id, viewer);
      await sets.remove(id);
      await sets.forget();
      await note(viewer, "remove", set);
    },
    next: async (id, limit, viewer) => shown(await sets.get(id), await items.next(id, viewer.owner, limit), viewer),
    async items(id, { state, limit, cursor }, viewer) {
      const page = await items.list(id, { ...(state !== undefined && { state }) }, { limit, ...(cursor !== undefined && { cursor }) });
      return { items: await shown(await sets.get(id), page.items, viewer), ...(page.next !== undefined && { next: page.next }) };
    },
    item: async (id, item, viewer) => one(await sets.get(id), await items.get(id, item), viewer),
    async annotate(id, item, said, tookMs, viewer) {
      const set = await sets.get(id);
      const value = said === "skipped" ? said : checked(set, await items.get(id, item), said);
      return one(set, await items.annotate(id, item, viewer.owner, value, tookMs), viewer);
    },
    async undo(id, viewer) {
      const set = await sets.get(id);
      const item = await items.undo(id, viewer.owner);
      return item && one(set, item, viewer);
    },
    async settle(id, item, value, viewer) {
      const set = await managed(id, viewer);
      const chosen = value && checked(set, await items.get(id, item), value);
      const settled = await items.settle(id, item, chosen, viewer.owner);
      await note(viewer, "settle", set, { item });
      return one(set, settled, viewer);
    },
    async place(id, item, part, viewer) {
      const set = await managed(id, viewer);
      return one(set, await items.place(id, item, part), viewer);
    },
    async removeItem(id, item, viewer) {
      const set = await managed(id, viewer);
      await items.remove(id, item);
      await note(viewer, "remove-text", set, { item });
    },
    async import(id, file, format, viewer) {
      const set = await sets.get(id);
      const answer = await imports.file(set, file, format);
      await note(viewer, "import", set, { format, added: answer.added, labels: answer.labels, rejected: answer.rejected });
      return answer;
    },
    async importCorrections(id, what, viewer) {
      const set = await sets.get(id);
      if (set.kind !== "classes") throw new EarshotError("USAGE", `label set ${set.name}: corrections are classes, and this set has spans`);
      const answer = await imports.corrections(set, what, viewer);
      await note(viewer, "import", set, { format: "corrections", added: answer.added, labels: answer.labels, rejected: answer.rejected });
      return answer;
    },
    async draw(id, asked, viewer) {
      const set = await sets.get(id);
      const answer = await draws.draw(set, asked, viewer);
      await note(viewer, "draw", set, { how: asked.how, added: answer.added });
      return answer;
    },
    reorder: async (id) => draws.reorder(await sets.get(id)),
    async agreement(id) {
      const set = await sets.get(id);
      const said = (await items.annotationsOf(id)).filter(({ skipped }) => !skipped);
      if (set.kind === "classes") return agreementOf(said.flatMap(({ item, annotator, label }) => (label === undefined ? [] : [{ unit: item, annotator, value: label }])));
      const texts = new Map<string, string>();
      for await (const { id: item, text } of allOf(id)) texts.set(item, text);
      return agreementOf(said.flatMap(({ item, annotator, spans }) => ratingsOfSpans(item, annotator, texts.get(item) ?? "", spans ?? [])));
    },
    async freeze(id, viewer) {
      const set = await sets.get(id);
      const version = await sets.freeze(id, await split(set), viewer.owner);
      await note(viewer, "freeze", set, { version: version.version, count: version.count });
      return version;
    },
    async versions(id) {
      await sets.get(id);
      return sets.versions(id);
    },
    readVersion: (id, version) => sets.readVersion(id, version),
    async export(id, version, format, viewer) {
      const set = await sets.get(id);
      const { kind } = set;
      if (format === "conll" && kind !== "spans") throw new EarshotError("USAGE", "format: CoNLL holds spans, and this set has classes; ask for csv or jsonl");
      const texts: (LabelledText | LabelItem)[] = version === undefined ? [] : [...(await sets.readVersion(id, version)).texts];
      if (version === undefined) for await (const item of allOf(id)) texts.push(item);
      await note(viewer, "export", set, { format, texts: texts.length, ...(version !== undefined && { version }) });
      return writers[format](texts);
    },
    /** Texts of posts that are deleted, or older than what is kept, go too. */
    async sweep(): Promise<void> {
      let removed = 0;
      const before = now() - settledAfterMs;
      for (let page = await items.posts("", before, pageSize); page.length > 0; page = await items.posts(page.at(-1) ?? "", before, pageSize)) {
        const gone = await threads.read.caller.call("gone", page);
        if (gone.length > 0) removed += await sets.removePosts(gone);
      }
      if (removed > 0) await sets.forget();
    },
  };
}
