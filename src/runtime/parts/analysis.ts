import { EarshotError } from "../../core/errors.ts";
import { type ReadFilter, termsShown } from "../../core/filter.ts";
import { numberIn, textIn, type Sql } from "../../core/sql.ts";
import type { Annotations } from "../../registers/annotations.ts";
import type { Audit } from "../../registers/audit.ts";
import type { Gaps } from "../../registers/gaps.ts";
import type { Views } from "../../registers/views.ts";
import { oldestDay, queryRollups } from "../../stores/rollups-query.ts";
import type { Analysis } from "../analysis.ts";
import type { SourceView } from "../engine.ts";
import { isKept, type Viewer } from "../viewer.ts";

export interface AnalysisOptions {
  readonly sql: Sql;
  readonly annotations: Annotations;
  readonly views: Views;
  readonly gaps: Gaps;
  readonly audit: Audit;
  readonly sources: () => Promise<readonly SourceView[]>;
  readonly narrow: (filter: ReadFilter) => ReadFilter;
}

const mostReasons = 20;

export function makeAnalysis(options: AnalysisOptions): Analysis {
  const { sql, annotations, views, gaps, audit } = options;
  const note = async (by: Viewer, action: string, subject: string, details?: Readonly<Record<string, string | boolean>>) =>
    void (await audit.append({ actor: by.name, action, subject, ...(details !== undefined && { details }) }));
  const mayName = (by: Viewer, term: string | undefined) => term === undefined || termsShown(by.filter, [term]).length > 0;
  const isOwn = (by: Viewer, actor: string) => actor === by.owner || actor.startsWith(`${by.owner}/`);
  /** What is noted of a brand speaks of all platforms, of no brand of all: who is kept to a part reads what they may know whole, and their own. */
  const mayKnow = (by: Viewer, { term, actor }: { readonly term?: string; readonly actor: string }) =>
    !isKept(by) || isOwn(by, actor) || (term !== undefined && by.filter.platforms === undefined && mayName(by, term));
  const refuseForeign = (by: Viewer, term: string | undefined) => {
    if (!mayName(by, term)) throw new EarshotError("FORBIDDEN", `term ${term}: it is not among yours`);
  };
  const known = async (id: string, by: Viewer) => {
    const found = await annotations.get(id);
    if (found === undefined || !mayKnow(by, found)) throw new EarshotError("NOT_FOUND", `annotation ${id}: there is none`);
    return found;
  };
  const owner = (by: Viewer) => ({ user: by.owner, isAdmin: by.role === "admin" });
  const refuseSharing = (by: Viewer, shared: boolean | undefined) => {
    if (shared === true && by.role === "viewer") throw new EarshotError("FORBIDDEN", "views are shared by analysts and admins; yours is the role viewer");
  };

  return {
    async coverage({ fromMs, toMs, filter }) {
      const narrowed = options.narrow(filter);
      const visible = (await options.sources()).filter((source) => (narrowed.sources?.includes(source.id) ?? true) && (narrowed.platforms?.includes(source.platform) ?? true));
      // Imports are a source that nobody configured.
      const ids = narrowed.sources === undefined && narrowed.platforms === undefined ? null : visible.map(({ id }) => id);
      const terms = narrowed.terms;
      // Who is kept to several terms: a post of two would count twice, so shares are told of the sum of them.
      const byTerm = terms !== undefined && new Set(terms).size > 1;
      const [sums, since, met, reasons] = await Promise.all([
        queryRollups(sql, { fromMs, toMs, grain: "all", by: byTerm ? ["term"] : [], filter: narrowed, withoutAuthors: true }),
        oldestDay(sql, narrowed),
        gaps.within(fromMs, toMs),
        sql.query(
          "select code, count(*)::bigint as messages from quarantine where at_ms >= $1 and at_ms < $2 and ($3::text[] is null or source = any($3)) group by code order by 2 desc, 1",
          [Math.floor(fromMs), Math.ceil(toMs), ids],
        ),
      ]);
      const sum = (name: "posts" | "unscored") => sums.rows.reduce((total, row) => total + row[name], 0);
      const found = reasons.rows.map((row) => ({ code: textIn(row, "code"), messages: numberIn(row, "messages") }));
      return {
        posts: sum("posts"),
        unscored: sum("unscored"),
        ...(since !== undefined && { since }),
        ...(sums.freshAt !== undefined && { freshAt: sums.freshAt }),
        rejected: { messages: found.reduce((total, { messages }) => total + messages, 0), reasons: found.slice(0, mostReasons) },
        gaps: met.filter(({ source }) => ids?.includes(source) ?? true),
        sources: visible.map(({ id, status, paused, simulated, keep }) => ({
          id,
          state: paused ? "paused" : status.state,
          ...(status.detail !== undefined && { detail: status.detail }),
          simulated,
          keep,
        })),
      };
    },

    annotations: async ({ fromMs, toMs, by }) => (await annotations.within(fromMs, toMs)).filter((found) => mayKnow(by, found)),
    async addAnnotation(fields, by) {
      refuseForeign(by, fields.term);
      const added = await annotations.add(fields, by.name);
      await note(by, "annotation.add", added.id);
      return added;
    },
    async changeAnnotation(id, fields, by) {
      await known(id, by);
      refuseForeign(by, fields.term);
      const changed = await annotations.change(id, fields, by.name);
      await note(by, "annotation.change", id);
      return changed;
    },
    async removeAnnotation(id, by) {
      await known(id, by);
      await annotations.remove(id);
      await note(by, "annotation.remove", id);
    },

    // Names and addresses of shared views speak of any brand.
    views: async (by) => (await views.visible(by.owner)).filter((view) => !isKept(by) || view.owner === by.owner),
    async addView(fields, by) {
      refuseSharing(by, fields.shared);
      const added = await views.add(fields, by.owner);
      if (added.shared) await note(by, "view.share", added.id, { name: added.name });
      return added;
    },
    async changeView(id, fields, by) {
      refuseSharing(by, fields.shared);
      const changed = await views.change(id, fields, owner(by));
      if (changed.shared || fields.shared !== undefined) await note(by, "view.change", id, { name: changed.name, shared: changed.shared });
      return changed;
    },
    async removeView(id, by) {
      const removed = await views.remove(id, owner(by));
      if (removed.shared) await note(by, "view.remove", id, { name: removed.name });
    },
    async pinView(id, pinned, by) {
      if (isKept(by) && !(await views.visible(by.owner)).some((view) => view.id === id && view.owner === by.owner))
        throw new EarshotError("NOT_FOUND", `view ${id}: there is none`);
      return views.pin(id, by.owner, pinned);
    },
  };
}
