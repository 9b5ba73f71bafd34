import { toEarshotError } from "../core/errors.ts";
import type { Post } from "../core/event.ts";
import type { AuthorId, PostId } from "../core/ids.ts";
import { uuidLiteral } from "./lake-columns.ts";
import { type LakeEngine, type LakeRow, numberOf, rowsOf } from "./lake-engine.ts";
import type { LakeState } from "./lake-manifest.ts";
import { parsePostRow, postSelect } from "./lake-rows.ts";
import { type LakeSpan, type LakeView, makeView, type ViewOptions } from "./lake-view.ts";

/** What a read cost; shown to users. */
export interface LakeScan {
  readonly bytesScanned: number;
  readonly filesScanned: number;
  readonly filesTotal: number;
}

export interface WantedBody {
  readonly id: PostId;
  readonly createdAt: number;
  /** Where known, fewer files are read. */
  readonly author?: AuthorId;
  readonly platform?: string;
}

export interface LakeReader {
  /** Posts that are shown, and createdAt of the oldest. */
  extent(): Promise<{ readonly posts: number; readonly oldestAt?: number }>;
  /** Newest first. */
  posts(query: LakeQuery, limit: number): Promise<LakeScan & { readonly posts: readonly Post[] }>;
  /** Posts by id and exact createdAt, as the search knows them; those that are gone are left out. */
  bodies(wanted: readonly WantedBody[]): Promise<LakeScan & { readonly posts: ReadonlyMap<PostId, Post> }>;
}

export interface LakeQuery extends LakeSpan {
  /** A condition of SQL on the columns of posts, as compiled from a filter. */
  readonly where?: string;
}

export interface ReaderOptions {
  readonly engine: LakeEngine;
  readonly folder: string;
  readonly load: () => Promise<LakeState>;
  /** Deleted since the last commit. */
  readonly hidden?: () => readonly PostId[];
}

/** Tries of a read whose files were compacted away meanwhile. */
const readTries = 4;

export function makeLakeReader(options: ReaderOptions): LakeReader {
  const { engine, folder } = options;

  /** Runs on one snapshot of the manifest; on the next when a file of it is gone. */
  async function read<T>(view: Omit<ViewOptions, "folder" | "hidden">, run: (view: LakeView) => Promise<{ readonly value: T; readonly bytesScanned: number }>): Promise<LakeScan & { readonly value: T }> {
    for (let tried = 1; ; tried++) {
      const state = await options.load();
      const made = makeView(state, { ...view, folder, hidden: options.hidden?.() ?? [] });
      try {
        const { value, bytesScanned } = await run(made);
        return { value, bytesScanned, filesScanned: made.files.length, filesTotal: state.files.filter((file) => file.dataset === "posts").length };
      } catch (thrown) {
        const error = toEarshotError(thrown, "STORE_UNAVAILABLE", "lake");
        if (error.code !== "NOT_FOUND" || tried === readTries) throw error;
      }
    }
  }

  const rows = (sql: string): Promise<{ value: LakeRow[]; bytesScanned: number }> => engine.measured(sql, rowsOf);

  return {
    async extent() {
      const { value } = await read({}, ({ with: prefix }) => rows(`${prefix} SELECT count(*) AS posts, epoch_ms(min(created_at)) AS oldest FROM visible`));
      const oldest = value[0]?.["oldest"];
      return { posts: numberOf(value[0]?.["posts"]), ...(oldest !== null && oldest !== undefined && { oldestAt: numberOf(oldest) }) };
    },
    async posts(query, limit) {
      const { where, ...span } = query;
      const { value, ...scan } = await read({ span, ...(where !== undefined && { where }) }, ({ with: prefix }) => rows(`${prefix} SELECT ${postSelect} FROM visible ORDER BY created_at DESC, id LIMIT ${Math.trunc(limit)}`));
      return { ...scan, posts: value.map(parsePostRow) };
    },
    async bodies(wanted) {
      if (wanted.length === 0) return { posts: new Map(), bytesScanned: 0, filesScanned: 0, filesTotal: 0 };
      const times = wanted.map((one) => one.createdAt);
      const span = { fromMs: Math.min(...times), toMs: Math.max(...times) + 1 };
      const where = `p.id IN (${wanted.map(({ id }) => uuidLiteral(id)).join(", ")})`;
      const { value, ...scan } = await read({ span, where }, ({ with: prefix }) => rows(`${prefix} SELECT ${postSelect} FROM visible`));
      return { ...scan, posts: new Map(value.map(parsePostRow).map((post) => [post.id, post])) };
    },
  };
}
