import type { Clock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import { toEarshotError } from "../../core/errors.ts";
import type { Http } from "../../core/http.ts";
import { type Sql, textIn } from "../../core/sql.ts";
import { parseFeedDate } from "../../connectors/rss/dates.ts";
import { readFeed } from "../../connectors/rss/entry.ts";
import { callFor } from "../../http/counted.ts";
import { dayNamedIn, endpointOf, readDeprecation, speaksOfEnd } from "../../http/deprecation.ts";
import { redactText } from "../../http/redact.ts";
import { openAudit } from "../../registers/audit.ts";
import { type DeprecationNotice, type DeprecationRecord, openDeprecations } from "../../registers/deprecations.ts";
import { queryRollups } from "../../stores/rollups-query.ts";
import { callerOf, type SourceDefinition } from "../collect.ts";
import type { DeprecationBook, DeprecationView } from "../deprecations.ts";
import type { Alarm } from "../failures.ts";

export interface DeprecationsOptions {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly report: Report;
  readonly http: Http;
  readonly definitions: ReadonlyMap<string, SourceDefinition>;
  readonly warnDays: number;
  /** False: the platforms' changelogs are not asked for. */
  readonly changelogs: boolean;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const mostHeld = 500;
const mostKnown = 5_000;
const mostEntries = 100;
const maxFeedBytes = 4 << 20;
/** Older entries of a changelog are history. */
const oldestEntryMs = 365 * dayMs;
const usedWithinMs = 30 * dayMs;

/** Gathers what platforms say of the end of what is used: in answers, by the version that is asked for, in their changelogs. */
export function makeDeprecations(options: DeprecationsOptions) {
  const { sql, clock, report, http, definitions, warnDays } = options;
  const register = openDeprecations(sql);
  const audit = openAudit(sql, () => clock.now());
  let held = new Map<string, DeprecationNotice>();
  /** When each was written last, and with which day. */
  const written = new Map<string, { readonly at: number; readonly effectiveAt: number | undefined }>();
  let versionsAt = 0;

  function hold(notice: DeprecationNotice): void {
    const source = notice.sources.join(" ");
    const known = written.get(`${notice.key} ${source}`);
    if (known !== undefined && notice.at - known.at < hourMs && known.effectiveAt === notice.effectiveAt) return;
    const before = held.get(notice.key);
    if (before === undefined && held.size >= mostHeld) return;
    held.set(notice.key, before === undefined ? notice : { ...notice, sources: [...new Set([...before.sources, ...notice.sources])] });
    written.delete(`${notice.key} ${source}`);
    written.set(`${notice.key} ${source}`, { at: notice.at, effectiveAt: notice.effectiveAt });
    if (written.size > mostKnown) written.delete(written.keys().next().value ?? "");
  }

  function noteVersions(): void {
    for (const { id, connector } of definitions.values()) {
      const { name, retiresAt = "", source } = connector.apiVersion ?? { name: "", source: "" };
      const effectiveAt = Date.parse(retiresAt);
      if (!Number.isFinite(effectiveAt)) continue;
      const endpoint = `${connector.name} ${name}`;
      hold({
        key: `version ${endpoint}`,
        connector: connector.name,
        endpoint,
        origin: "version",
        text: `The version ${name} of the API ends.`,
        link: source,
        effectiveAt,
        sources: [id],
        at: clock.now(),
      });
    }
  }

  async function flush(): Promise<void> {
    if (clock.now() - versionsAt >= hourMs) {
      versionsAt = clock.now();
      noteVersions();
    }
    if (held.size === 0) return;
    const writing = held;
    held = new Map();
    try {
      await register.add([...writing.values()]);
    } catch (error) {
      held = new Map([...writing, ...held]);
      throw error;
    }
  }

  async function readChangelog(address: string, connector: string, sources: readonly SourceDefinition[]): Promise<void> {
    const [first] = sources;
    const { bytes, headers } = await callFor(http, first === undefined ? { source: "" } : callerOf(first)).request(address, { maxBytes: maxFeedBytes, robots: true });
    const now = clock.now();
    for (const { item } of readFeed(bytes, headers.get("content-type")).entries.slice(0, mostEntries)) {
      const title = item.title?.text.trim() ?? "";
      const text = `${title} ${(item.content?.text ?? "").replaceAll(/<[^>]{0,2000}>/g, " ")}`.slice(0, 20_000);
      if (!speaksOfEnd(text)) continue;
      const publishedAt = parseFeedDate(item.published ?? item.updated ?? "", now);
      if (publishedAt !== undefined && now - publishedAt > oldestEntryMs) continue;
      const link = item.link !== undefined && URL.canParse(item.link, address) ? new URL(item.link, address) : undefined;
      const effectiveAt = dayNamedIn(text, publishedAt ?? now);
      hold({
        key: `changelog ${connector} ${(item.id ?? link?.href ?? title).slice(0, 500)}`,
        connector,
        endpoint: new URL(address).host,
        origin: "changelog",
        text: (title === "" ? text : title).replaceAll(/\s+/g, " ").trim().slice(0, 300).toWellFormed(),
        ...(link !== undefined && /^https?:$/.test(link.protocol) && link.href.length <= 1_000 && { link: link.href }),
        ...(effectiveAt !== undefined && { effectiveAt }),
        sources: sources.map(({ id }) => id),
        at: now,
      });
    }
  }

  async function usesOf(records: readonly DeprecationRecord[]): Promise<readonly DeprecationView[]> {
    if (records.length === 0) return [];
    const now = clock.now();
    const [{ rows: counted }, { rows: shared }] = await Promise.all([
      queryRollups(sql, { fromMs: now - usedWithinMs, toMs: now + hourMs, grain: "all", by: ["source", "term"], filter: {} }),
      sql.query("select name, query from views where shared order by lower(name) limit 1000"),
    ]);
    const views = shared.map((row) => ({ name: textIn(row, "name"), query: new URLSearchParams(textIn(row, "query")).toString() }));
    return records.map((record) => {
      const platforms = record.sources.flatMap((id) => definitions.get(id)?.platform ?? []);
      const terms = counted.flatMap(({ source, term, posts }) =>
        source !== undefined && record.sources.includes(source) && term !== undefined && term !== "" && posts > 0 ? [term] : [],
      );
      // A page's state names sources and platforms in its fields or in its query.
      const names = new Set([...record.sources, ...platforms].map((name) => name.toLowerCase()));
      const uses = views.filter(({ query }) =>
        [...new URLSearchParams(query).values()].some((value) =>
          value
            .toLowerCase()
            .split(/[\s,:()"]+/)
            .some((word) => names.has(word)),
        ),
      );
      return { ...record, terms: [...new Set(terms)].toSorted(), views: uses.map(({ name }) => name) };
    });
  }

  const book: DeprecationBook = {
    async deprecations() {
      await flush();
      return usesOf(await register.list());
    },
    async setDeprecation(id, change, actor) {
      const record = await register.change(id, change, actor, clock.now());
      await audit.append({
        actor,
        action: "deprecation.set",
        subject: String(id),
        details: { state: record.state, owner: record.owner ?? "", due: record.dueAt === undefined ? "" : new Date(record.dueAt).toISOString() },
      });
      const [view] = await usesOf([record]);
      return view ?? { ...record, terms: [], views: [] };
    },
  };

  return {
    book,
    flush,
    /** Reads an answer's headers; cheap where they say nothing. */
    note({ id, connector }: Pick<SourceDefinition, "id" | "connector">, method: string, url: string, headers: Headers): void {
      const told = readDeprecation(headers, url);
      if (told === undefined) return;
      const endpoint = endpointOf(method, url);
      hold({
        key: `answer ${connector.name} ${endpoint}`,
        connector: connector.name,
        endpoint,
        origin: "answer",
        ...told,
        text: redactText(told.text),
        sources: [id],
        at: clock.now(),
      });
    },
    async readChangelogs(): Promise<void> {
      if (!options.changelogs) return;
      const used = Map.groupBy(
        [...definitions.values()].filter(({ simulated }) => !simulated),
        ({ connector }) => connector,
      );
      for (const [connector, sources] of used) {
        for (const address of connector.changelogs ?? []) {
          try {
            await readChangelog(address, connector.name, sources);
          } catch (thrown) {
            report("info", `changelog of ${connector.name}: ${toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", address).message}`);
          }
        }
      }
      await flush();
    },
    async alarms(): Promise<readonly Extract<Alarm, { kind: "deprecation" }>[]> {
      await flush();
      const now = clock.now();
      return (await register.list()).flatMap(({ state, effectiveAt, connector, sources, text, firstAt }) =>
        effectiveAt === undefined || state === "done" || state === "dismissed" || effectiveAt - now > warnDays * dayMs
          ? []
          : [{ kind: "deprecation" as const, source: sources[0] ?? connector, text, effectiveAt, limit: warnDays, since: firstAt }],
      );
    },
  };
}
