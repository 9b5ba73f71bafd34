import type { Config } from "../../core/config.ts";
import type { AuthorId } from "../../core/ids.ts";
import type { Pseudonyms } from "../../ledger/pseudonyms.ts";
import type { Sql } from "../../core/sql.ts";
import { openAudit } from "../../registers/audit.ts";
import { openLabelItems } from "../../registers/label-items.ts";
import { openLabelSets } from "../../registers/label-sets.ts";
import { openLabels } from "../../registers/labels.ts";
import { openModels } from "../../registers/models.ts";
import { openSettings } from "../../registers/settings.ts";
import type { Threads } from "../boot.ts";
import type { Engine } from "../engine.ts";
import { makeBakeoff } from "./bakeoff.ts";
import { makeLabelSets } from "./label-sets.ts";
import { makeLabels } from "./labels.ts";

/** A register of data about posts, which goes with their authors. */
export interface PersonalRegister {
  /** As proofs and scans name it. */
  readonly store: string;
  /** What it holds of a post, many of them. */
  readonly noun: string;
  removeAuthors(authors: readonly AuthorId[]): Promise<number>;
  countOf(authors: readonly AuthorId[]): Promise<number>;
  /** Leaves no byte of what was removed. */
  forget(): Promise<void>;
}

export interface WorkshopOptions {
  readonly sql: Sql;
  readonly now: () => number;
  readonly reading: Pick<Engine, "post" | "search">;
  readonly pseudonyms: Pick<Pseudonyms, "authorId" | "mentionId">;
  readonly threads: Pick<Threads, "read" | "refine" | "deep">;
  /** The data folder. */
  readonly folder: string;
  readonly config: Pick<Config, "models" | "egress">;
}

/** What people label, for models to learn from: corrections of single posts, and label sets; and the models compared on it. */
export function makeWorkshop({ sql, now, reading, pseudonyms, threads, folder, config }: WorkshopOptions) {
  const corrections = openLabels(sql, now);
  const audit = openAudit(sql, now);
  const sets = openLabelSets(sql, now);
  const items = openLabelItems(sql, now);
  const labels = makeLabels({ register: corrections, audit, reading, threads, now });
  const labelSets = makeLabelSets({ sets, items, corrections: labels, audit, pseudonyms, reading, threads, now });
  const bakeoffs = makeBakeoff({
    folder,
    config,
    models: openModels(sql, now),
    settings: openSettings(sql, now),
    audit,
    threads,
    readVersion: (set, version) => sets.readVersion(set, version),
    now,
  });
  return {
    personal: [
      { store: "labels", noun: "corrections of their posts", ...corrections },
      { store: "label-sets", noun: "texts of theirs in label sets", ...sets },
    ] satisfies readonly PersonalRegister[],
    book: { labels, labelSets, bakeoffs },
    stopped: () => bakeoffs.stopped(),
    async sweep() {
      await labels.sweep();
      await labelSets.sweep();
    },
  };
}
