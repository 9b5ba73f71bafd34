import type { LakeFile, LakeState } from "./lake-manifest.ts";

export interface CompactionLimits {
  /** Rows that one step reads; a single larger file is a step of its own. */
  readonly stepRows: number;
  /** So many fresh files of a dataset, or `stepRows` in them, are sorted into their platforms and dates. */
  readonly freshFiles: number;
  /** So many files of like size of one date are joined. */
  readonly joinFiles: number;
  /** From so many rows a step's date is split by author. */
  readonly bucketRows: number;
  /** Share of a date's rows that may have patches before they are folded in. */
  readonly patchedShare: number;
  /** How long removed files stay for readers that began before. */
  readonly graceMs: number;
}

export const defaultCompactionLimits: CompactionLimits = { stepRows: 300_000, freshFiles: 8, joinFiles: 4, bucketRows: 160_000, patchedShare: 0.12, graceMs: 60_000 };

/** Fewer patches of a date than this are left to the next joining. */
const leastPatches = 2_000;

export interface Step {
  readonly dataset: LakeFile["dataset"];
  readonly inputs: readonly LakeFile[];
}

/** All that is owed on this state, the most useful first. */
export function planSteps(state: LakeState, limits: CompactionLimits): readonly Step[] {
  const posts = state.files.filter((file) => file.dataset === "posts");
  const patches = state.files.filter((file) => file.dataset === "patches");
  const steps = [...freshSteps("posts", posts, limits), ...freshSteps("patches", patches, limits)];
  if (steps.length > 0) return steps;
  const folds = foldInputs(posts, patches, limits);
  if (folds.length > 0) return packed("posts", folds, limits);
  return [...joinSteps("posts", posts, limits), ...joinSteps("patches", patches, limits)];
}

function freshSteps(dataset: LakeFile["dataset"], files: readonly LakeFile[], limits: CompactionLimits): Step[] {
  const fresh = files.filter((file) => file.level === 0).sort((a, b) => a.seq - b.seq);
  const steps: Step[] = [];
  let inputs: LakeFile[] = [];
  let rows = 0;
  for (const file of fresh) {
    inputs.push(file);
    rows += file.rows;
    if (rows >= limits.stepRows || inputs.length >= limits.freshFiles * 4) {
      steps.push({ dataset, inputs });
      inputs = [];
      rows = 0;
    }
  }
  if (inputs.length >= limits.freshFiles) steps.push({ dataset, inputs });
  return steps;
}

export function dateKey(file: LakeFile): string {
  return `${file.platform} ${file.date}`;
}

/** Posts files of the dates in which too many rows have later counts or are gone. */
function foldInputs(posts: readonly LakeFile[], patches: readonly LakeFile[], limits: CompactionLimits): LakeFile[] {
  const patchesOf = Map.groupBy(
    patches.filter((file) => file.level === 1),
    dateKey,
  );
  const inputs: LakeFile[] = [];
  for (const [date, files] of Map.groupBy(
    posts.filter((file) => file.level === 1),
    dateKey,
  )) {
    const older = Math.min(...files.map((file) => file.seq));
    const pending = (patchesOf.get(date) ?? []).filter((file) => file.seq > older);
    const patched = rowsIn(pending);
    if (patched < leastPatches || patched < limits.patchedShare * rowsIn(files)) continue;
    const newest = Math.max(...pending.map((file) => file.seq));
    inputs.push(...files.filter((file) => file.seq < newest));
  }
  return inputs;
}

function joinSteps(dataset: LakeFile["dataset"], files: readonly LakeFile[], limits: CompactionLimits): readonly Step[] {
  const sorted = files.filter((file) => file.level === 1 && file.rows < limits.stepRows / 2);
  const alike = Map.groupBy(sorted, (file) => `${dateKey(file)} ${file.buckets} ${file.bucket} ${sizeClass(file)}`);
  const groups = [...alike.values()].filter((group) => group.length >= limits.joinFiles);
  // A group is joined whole or not at all: half of one would leave as many files as before.
  const steps: Step[] = [];
  let inputs: LakeFile[] = [];
  for (const group of groups) {
    if (inputs.length > 0 && rowsIn(inputs) + rowsIn(group) > limits.stepRows) {
      steps.push({ dataset, inputs });
      inputs = [];
    }
    inputs.push(...firstRows(group, limits.stepRows));
  }
  return inputs.length === 0 ? steps : [...steps, { dataset, inputs }];
}

/** Powers of four of a thousand rows, so that a row is rewritten a logarithmic number of times. */
function sizeClass(file: LakeFile): number {
  return Math.max(0, Math.floor(Math.log(file.rows / 1_000) / Math.log(4)));
}

function firstRows(files: readonly LakeFile[], most: number): LakeFile[] {
  let rows = 0;
  return files.filter((file, index) => {
    rows += file.rows;
    return index < 2 || rows <= most;
  });
}

export function packed(dataset: LakeFile["dataset"], files: readonly LakeFile[], limits: Pick<CompactionLimits, "stepRows">): readonly Step[] {
  const steps: Step[] = [];
  let inputs: LakeFile[] = [];
  for (const file of files) {
    if (inputs.length > 0 && rowsIn(inputs) + file.rows > limits.stepRows) {
      steps.push({ dataset, inputs });
      inputs = [];
    }
    inputs.push(file);
  }
  return inputs.length === 0 ? steps : [...steps, { dataset, inputs }];
}

function rowsIn(files: readonly LakeFile[]): number {
  return files.reduce((rows, file) => rows + file.rows, 0);
}

/** Patches files that no row of posts can be below any more, when `files` are the lake's. */
export function spentPatches(files: readonly LakeFile[]): readonly string[] {
  const posts = files.filter((file) => file.dataset === "posts");
  return files
    .filter(
      (patch) =>
        patch.dataset === "patches" &&
        !posts.some(
          (file) => file.seq < patch.seq && file.fromMs <= patch.toMs && file.toMs >= patch.fromMs && (patch.level === 0 || file.level === 0 || file.platform === patch.platform),
        ),
    )
    .map((patch) => patch.path);
}

/**
 * Lowest seq of posts that a patch of this platform and date may apply to, for every date in the inputs' range;
 * `fresh` holds for any platform and date.
 */
export function lowestSeqs(
  files: readonly LakeFile[],
  inputs: readonly LakeFile[],
): { readonly fresh: number; readonly dates: ReadonlyMap<string, { readonly platform: string; readonly date: string; readonly seq: number }> } {
  const fromMs = Math.min(...inputs.map((file) => file.fromMs));
  const toMs = Math.max(...inputs.map((file) => file.toMs));
  const posts = files.filter((file) => file.dataset === "posts" && file.fromMs <= toMs && file.toMs >= fromMs);
  const dates = new Map<string, { readonly platform: string; readonly date: string; readonly seq: number }>();
  let fresh = Number.MAX_SAFE_INTEGER;
  for (const file of posts) {
    if (file.level === 0) fresh = Math.min(fresh, file.seq);
    else {
      const known = dates.get(dateKey(file));
      if (known === undefined || known.seq > file.seq) dates.set(dateKey(file), { platform: file.platform, date: file.date, seq: file.seq });
    }
  }
  return { fresh, dates };
}
