import type { FieldKind } from "../core/expected.ts";
import type { DriftKey, FieldRename } from "../registers/drift.ts";
import type { ReplayAnswer } from "./replay.ts";

/** A field that is not as its platform's entity is declared. */
export interface DriftRow extends DriftKey {
  /** As declared; absent for what is unknown. */
  readonly expected?: FieldKind;
  /** 0 to 1: of the entity's messages in the time looked at. */
  readonly share: number;
  /** The same in this hour and the last one. */
  readonly recentShare: number;
  /** About so many messages. */
  readonly messages: number;
  /** Of those that were looked at, how many were set aside: 0 where the parser takes it as it is. */
  readonly rejected: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** What the values look like; holds nothing of any value. */
  readonly sample: string;
  readonly isAlarm: boolean;
  readonly knownAt?: number;
}

export interface DriftReport {
  readonly rows: readonly DriftRow[];
  /** What was looked at: messages that the sample stands for. */
  readonly seen: readonly { readonly source: string; readonly entity: string; readonly messages: number }[];
  /** Of the share. */
  readonly limit: number;
}

/** An expected field vanished, and one with a like name and like values came. */
export interface RenameProposal {
  readonly source: string;
  readonly entity: string;
  readonly from: string;
  readonly to: string;
  /** 0 to 1. */
  readonly score: number;
  /** Parts of the score. */
  readonly name: number;
  readonly values: number;
  /** Of the messages in which the expected field is missing; `from` is there in about as many. */
  readonly share: number;
}

export interface ReplayPreviewRequest {
  readonly source: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ReplayPreview {
  /** Messages of the source that are kept raw, and how many of them were read. */
  readonly read: number;
  readonly complete: boolean;
  /** Posts that would be the same, be another, be new; messages that would be set aside, and that give no post. */
  readonly unchanged: number;
  readonly changed: number;
  readonly added: number;
  readonly rejected: number;
  readonly other: number;
  readonly codes: Readonly<Record<string, number>>;
  /** Of changed posts, so many were compared with what is stored. */
  readonly compared: number;
  readonly fields: Readonly<Record<string, number>>;
  readonly examples: readonly { readonly id: string; readonly fields: readonly { readonly name: string; readonly was: string; readonly is: string }[] }[];
}

export interface DriftBook {
  drift(request: { readonly source?: string; readonly hours: number }): Promise<DriftReport>;
  /** The best for each vanished field, the best first. */
  renameProposals(source?: string): Promise<readonly RenameProposal[]>;
  /** That a field is as it is is known: no alarm any more. @throws NOT_FOUND */
  setDriftKnown(key: DriftKey, isKnown: boolean): Promise<void>;
  renames(): Promise<readonly FieldRename[]>;
  /** Holds for what comes from now on; what is kept is read again by a replay. @throws NOT_FOUND for a source or entity that there is not; USAGE for a rule that would take away what a message needs */
  addRename(rename: { readonly source: string; readonly entity: string; readonly from: string; readonly to: string; readonly actor: string }): Promise<FieldRename>;
  removeRename(id: number, actor: string): Promise<void>;
  /** What a replay of a source's kept raw would change; changes nothing. */
  previewReplay(request: ReplayPreviewRequest): Promise<ReplayPreview>;
  /** The quarantine's of the source, and then all of its kept raw. */
  replaySource(request: ReplayPreviewRequest): Promise<ReplayAnswer>;
}
