import { hash } from "node:crypto";
import { type LabelPart, labelParts } from "../core/label-set.ts";
import { areCopies, type Sketch, sketchOf } from "../stores/duplicates-sketch.ts";

export interface SplitText {
  readonly id: string;
  readonly text: string;
  readonly author?: string;
  readonly createdAt?: number;
  /** Chosen before: it stays. */
  readonly part?: LabelPart;
}

export interface Split {
  readonly parts: ReadonlyMap<string, LabelPart>;
  /** Texts that belong together with one of a part that is tested by, and were learnt from before: in no part of this version. */
  readonly leftOut: readonly string[];
}

/** Shares of groups that are learnt from and tuned on; the rest is gold. */
const trainShare = 0.7;
const validationShare = 0.15;

/**
 * Texts of one author, and copies of each other (but for a few words), are one group and stand in one part, so that no model is tested
 * by what it learnt. A group's part is that of its texts that have one, the more protected where they differ; else the hash of its
 * smallest author or id says it, so that it does not depend on what else the set holds. @param seed the set's id
 */
export function splitByAuthor(texts: readonly SplitText[], seed: string): Split {
  const parts = new Map<string, LabelPart>();
  const leftOut: string[] = [];
  for (const group of groupsOf(texts)) {
    const chosen = group.flatMap(({ part }) => (part === undefined ? [] : [part]));
    const part = chosen.length > 0 ? strictest(chosen) : partOf(`${seed} ${group.map(keyOf).toSorted()[0] ?? ""}`);
    for (const text of group) {
      if (text.part !== undefined && text.part !== part) leftOut.push(text.id);
      else parts.set(text.id, part);
    }
  }
  return { parts, leftOut };
}

export interface Cuts {
  readonly validationFrom: number;
  readonly goldFrom: number;
}

/**
 * What is tested is later than what is learnt from. The cuts lie at 70% and 85% of the texts by time and never move back: a newer gold part
 * holds nothing that an older version learnt from. Of an author, or of copies, that stand on both sides, the earlier are left out.
 * Texts without a time are learnt from.
 */
export function splitByTime(texts: readonly SplitText[], before: Partial<Cuts> = {}): Split & { readonly cuts: Cuts } {
  const times = texts.flatMap(({ createdAt }) => (createdAt === undefined ? [] : [createdAt])).toSorted((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.MAX_SAFE_INTEGER;
  const validationFrom = Math.max(before.validationFrom ?? 0, at(trainShare));
  const goldFrom = Math.max(before.goldFrom ?? 0, validationFrom, at(trainShare + validationShare));
  const parts = new Map<string, LabelPart>();
  const leftOut: string[] = [];
  for (const group of groupsOf(texts)) {
    const placed = group.map(
      ({ id, part, createdAt = 0 }) => ({ id, part: part ?? (createdAt >= goldFrom ? "gold" : createdAt >= validationFrom ? "validation" : "train") }) as const,
    );
    const part = strictest(placed.map((one) => one.part));
    for (const one of placed) {
      if (one.part === part) parts.set(one.id, part);
      else leftOut.push(one.id);
    }
  }
  return { parts, leftOut, cuts: { validationFrom, goldFrom } };
}

const strictest = (parts: readonly LabelPart[]): LabelPart => labelParts.findLast((part) => parts.includes(part)) ?? "train";
const keyOf = ({ author, id }: SplitText): string => author ?? id;

function partOf(key: string): LabelPart {
  const share = hash("sha256", key, "buffer").readUInt32BE(0) / 2 ** 32;
  return share < trainShare ? "train" : share < trainShare + validationShare ? "validation" : "gold";
}

/** Texts that are joined by their author or by being copies, over any number of others. */
function groupsOf(texts: readonly SplitText[]): readonly (readonly SplitText[])[] {
  const above = texts.map((_, i) => i);
  const rootOf = (of: number): number => {
    let root = of;
    while (above[root] !== root) root = above[root] ?? root;
    for (let at = of; at !== root;) [above[at], at] = [root, above[at] ?? root];
    return root;
  };
  const join = (a: number, b: number) => {
    above[rootOf(a)] = rootOf(b);
  };
  const byAuthor = new Map<string, number>();
  const byKey = new Map<number, number[]>();
  const sketches: (Sketch | undefined)[] = [];
  for (const [i, { author, text }] of texts.entries()) {
    if (author !== undefined) {
      join(i, byAuthor.get(author) ?? i);
      byAuthor.set(author, i);
    }
    const sketch = sketchOf(text);
    sketches.push(sketch);
    for (const key of sketch?.keys ?? []) {
      const sharing = byKey.get(key) ?? [];
      for (const other of sharing) if (rootOf(i) !== rootOf(other) && isCopy(sketch, sketches[other])) join(i, other);
      if (sharing.length < mostSharing) push(byKey, key, i);
    }
  }
  const groups = new Map<number, SplitText[]>();
  for (const [i, text] of texts.entries()) push(groups, rootOf(i), text);
  return [...groups.values()];
}

/** Of one run of words; a phrase that more texts share than that says nothing of copies. */
const mostSharing = 24;

function isCopy(a: Sketch | undefined, b: Sketch | undefined): boolean {
  return a !== undefined && b !== undefined && areCopies(a.hashes, a.runs, b.hashes, 0, b.hashes.length, b.runs);
}

function push<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
