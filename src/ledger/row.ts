import { type Contribution, type Counts, countNames, noCounts, type Sensitivity, type Sentiment, type TowardsLabel, towardsLabels } from "../core/event.ts";
import { EarshotError } from "../core/errors.ts";
import { isAuthorId } from "../core/ids.ts";
import type { Names, Packer, Unpacker } from "./pack.ts";

/** One of the counts: what the platform told last, when (milliseconds UTC; absent: never), and the reactions since. */
export interface Tally {
  readonly told: number;
  readonly at?: number;
  readonly since: number;
}
/** In the order of countNames. */
export type Tallies = readonly [likes: Tally, shares: Tally, replies: Tally, views: Tally];

export interface PostRow {
  readonly status: "post";
  readonly revision: number;
  readonly generation: number;
  /** 16 hex digits. */
  readonly hash: string;
  readonly tallies: Tallies;
  /** Its counts are the totals of the tallies. */
  readonly contribution: Contribution;
}

/** Engagement that came before its post. */
export interface PendingRow {
  readonly status: "pending";
  readonly at: number;
  readonly tallies: Tallies;
}

/** A tombstone. revision absent: the post was never here, and no revision of it is let in. */
export interface GoneRow {
  readonly status: "deleted" | "erased";
  readonly at: number;
  readonly revision?: number;
}

export type Row = PostRow | PendingRow | GoneRow;

const noTally: Tally = { told: 0, since: 0 };
export const noTallies: Tallies = [noTally, noTally, noTally, noTally];

export function totalsOf(tallies: Tallies): Counts {
  if (tallies === noTallies) return noCounts;
  const [likes, shares, replies, views] = tallies;
  return { likes: totalOf(likes), shares: totalOf(shares), replies: totalOf(replies), views: totalOf(views) };
}

function totalOf(tally: Tally): number {
  return Math.max(0, tally.told + tally.since);
}

export function mapTallies(tallies: Tallies, change: (tally: Tally, name: keyof Counts) => Tally): Tallies {
  const [likes, shares, replies, views] = tallies;
  return [change(likes, "likes"), change(shares, "shares"), change(replies, "replies"), change(views, "views")];
}

const statuses = ["pending", "post", "deleted", "erased"] as const;
/** Of the byte of flags: the labels of terms follow them. */
const hasTowards = 16;
const sensitivities = ["public", "personal", "special", "private"] as const satisfies readonly Sensitivity[];
const sentiments = [undefined, "negative", "neutral", "positive"] as const satisfies readonly (Sentiment["label"] | undefined)[];

/** The row without its contribution: all that a Change does not say by itself. */
export function packHead(packer: Packer, row: Row): void {
  packer.byte(statuses.indexOf(row.status));
  switch (row.status) {
    case "post":
      packer.varint(row.revision);
      packer.varint(row.generation);
      packHash(packer, row.hash);
      packTallies(packer, row.tallies);
      return;
    case "pending":
      packer.varint(row.at);
      packTallies(packer, row.tallies);
      return;
    default:
      packer.varint(row.at);
      packer.varint(row.revision === undefined ? 0 : row.revision + 1);
  }
}

export type Head = Omit<PostRow, "contribution"> | PendingRow | GoneRow;

export function unpackHead(unpacker: Unpacker): Head {
  const status = statuses[unpacker.byte()];
  switch (status) {
    case "post":
      return {
        status,
        revision: unpacker.varint(),
        generation: unpacker.varint(),
        hash: unpacker.hex(8),
        tallies: unpackTallies(unpacker),
      };
    case "pending":
      return { status, at: unpacker.varint(), tallies: unpackTallies(unpacker) };
    case "deleted":
    case "erased": {
      const at = unpacker.varint();
      const revision = unpacker.varint();
      return { status, at, ...(revision > 0 && { revision: revision - 1 }) };
    }
    default:
      throw new EarshotError("LEDGER_CORRUPT", "ledger: a row has an unknown status");
  }
}

/** The head; for a post also its contribution, except the counts, which the tallies give. */
export function packRow(packer: Packer, row: Row, names: Names): void {
  packHead(packer, row);
  if (row.status !== "post") return;
  const { contribution } = row;
  const split = contribution.author.indexOf("_");
  packer.byte((contribution.towards ? hasTowards : 0) + sensitivities.indexOf(contribution.sensitivity) * 4 + sentiments.indexOf(contribution.sentiment));
  packer.varint(contribution.createdAt);
  packer.varint(Number(contribution.author.slice(1, split)));
  if (packer.base64(contribution.author.slice(split + 1)) !== 16) throw new EarshotError("INVARIANT", "ledger: an AuthorId is not 16 bytes");
  packer.varint(names.idOf(contribution.platform));
  packer.varint(names.idOf(contribution.source));
  packer.varint(names.idOf(contribution.language));
  packer.varint(names.idOf(contribution.region));
  packer.varint(contribution.terms.length);
  for (const term of contribution.terms) packer.varint(names.idOf(term));
  if (contribution.towards === undefined) return;
  // Of each term in turn: 0 nothing, else the place of its label from 1.
  for (const term of contribution.terms) packer.byte(towardsLabels.findIndex((label) => label === contribution.towards?.[term]) + 1);
}

export function unpackRow(unpacker: Unpacker, names: Names): Row {
  const head = unpackHead(unpacker);
  if (head.status !== "post") return head;
  const flags = unpacker.byte();
  const sensitivity = sensitivities[(flags & (hasTowards - 1)) >> 2];
  const sentiment = sentiments[flags & 3];
  if (sensitivity === undefined) throw new EarshotError("LEDGER_CORRUPT", "ledger: a row has an unknown sensitivity");
  const createdAt = unpacker.varint();
  const version = unpacker.varint();
  const author = `a${version}_${unpacker.base64(16)}`;
  if (!isAuthorId(author)) throw new EarshotError("LEDGER_CORRUPT", "ledger: a row has no author");
  const platform = names.nameOf(unpacker.varint());
  const source = names.nameOf(unpacker.varint());
  const language = names.nameOf(unpacker.varint());
  const region = names.nameOf(unpacker.varint());
  const terms: string[] = [];
  for (let left = unpacker.varint(); left > 0; left--) terms.push(names.nameOf(unpacker.varint()));
  const towards = (flags & hasTowards) === 0 ? undefined : unpackTowards(unpacker, terms);
  return {
    ...head,
    contribution: {
      createdAt,
      author,
      platform,
      source,
      language,
      ...(sentiment && { sentiment }),
      ...(towards && { towards }),
      terms,
      sensitivity,
      region,
      counts: totalsOf(head.tallies),
    },
  };
}

function unpackTowards(unpacker: Unpacker, terms: readonly string[]): Contribution["towards"] {
  const towards: Record<string, TowardsLabel> = {};
  for (const term of terms) {
    const label = towardsLabels[unpacker.byte() - 1];
    if (label !== undefined) towards[term] = label;
  }
  return towards;
}

function packHash(packer: Packer, hash: string): void {
  if (packer.hex(hash) !== 8) throw new TypeError(`contentHash: expected 16 hex digits, came ${hash.length} characters`);
}

// A byte of what is there (4 bits told, 4 bits reactions since), then the values; times after the first as differences.
function packTallies(packer: Packer, tallies: Tallies): void {
  let mask = 0;
  for (let i = 0; i < 4; i++) {
    const tally = tallies[i] ?? noTally;
    if (tally.at !== undefined) mask |= 1 << i;
    if (tally.since !== 0) mask |= 16 << i;
  }
  packer.byte(mask);
  if (mask === 0) return;
  let before = 0;
  for (let i = 0; i < 4; i++) {
    const tally = tallies[i] ?? noTally;
    if (tally.at !== undefined) {
      packer.varint(tally.told);
      packer.signed(tally.at - before);
      before = tally.at;
    }
    if (tally.since !== 0) packer.signed(tally.since);
  }
}

function unpackTallies(unpacker: Unpacker): Tallies {
  const mask = unpacker.byte();
  if (mask === 0) return noTallies;
  let before = 0;
  return mapTallies(noTallies, (_none, name) => {
    const i = countNames.indexOf(name);
    let told = 0;
    let at: number | undefined;
    if (mask & (1 << i)) {
      told = unpacker.varint();
      before += unpacker.signed();
      at = before;
    }
    const since = mask & (16 << i) ? unpacker.signed() : 0;
    return { told, since, ...(at !== undefined && { at }) };
  });
}
