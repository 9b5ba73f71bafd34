import type { Clock } from "../../core/clock.ts";
import type { Connector } from "../../core/component.ts";
import type { Config } from "../../core/config.ts";
import { EarshotError } from "../../core/errors.ts";
import type { FailureClass } from "../../core/failure-class.ts";
import { clientFailureOf, clientFailures } from "../../core/failure-kinds.ts";
import type { Sql } from "../../core/sql.ts";
import { maskText } from "../../core/mask.ts";
import { listConnectors, loadConnector } from "../../connectors/directory.ts";
import { redactText } from "../../http/redact.ts";
import { type FailureFilter, type FailureRecord, type FailureSample, mostSamples, openFailures } from "../../registers/failures.ts";
import { findPii } from "../../stages/pii.ts";
import type { Alarm, ConnectorFailureKind } from "../failures.ts";

const hourMs = 3_600_000;
const keptDays = 31;
const mostChars = 500;
/** Kinds of failure times sources that are held between two writes; what is above is counted under the client's kind of its class. */
const mostHeld = 2_000;

export interface FailuresOptions {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly alarms: Config["alarms"];
}

type Held = { -readonly [K in keyof FailureRecord]: FailureRecord[K] };

/** Gathers failed calls by source, kind and hour; written some times a minute. */
export function makeFailures({ sql, clock, alarms }: FailuresOptions) {
  const register = openFailures(sql);
  let held = new Map<string, Held>();
  let expiredAt = 0;
  /** One failed call may be met by the client's caller and again by whoever runs the source. */
  const seen = new WeakSet<object>();
  let kinds: Promise<readonly ConnectorFailureKind[]> | undefined;

  function note({ id: source, connector }: { readonly id: string; readonly connector: Pick<Connector, "failures"> }, error: EarshotError): void {
    // A connector may say in its own words what the client met.
    const chain: object[] = [];
    for (let at: unknown = error; typeof at === "object" && at !== null && chain.length < 5; at = "cause" in at ? at.cause : undefined) chain.push(at);
    const isKnown = chain.some((at) => seen.has(at));
    for (const at of chain) seen.add(at);
    if (isKnown) return;
    const told = chain.find((at) => at instanceof EarshotError && at.failure !== undefined);
    const detail = told instanceof EarshotError ? told.failure : undefined;
    const kind = connector.failures?.find(({ id }) => id === detail?.id) ?? clientFailureOf({ code: error.code, kind: error.kind, failure: detail }, detail?.class);
    if (kind === undefined) return;
    const at = clock.now();
    const hour = Math.floor(at / hourMs) * hourMs;
    const key = `${hour} ${source} ${kind.id}`;
    const sample: FailureSample = {
      at,
      message: redacted(error.message),
      ...(detail?.status !== undefined && { status: detail.status }),
      ...(detail?.requestId !== undefined && { requestId: detail.requestId.slice(0, 200) }),
      ...(detail !== undefined && { request: redacted(detail.request) }),
      ...(detail?.excerpt !== undefined && { excerpt: redacted(detail.excerpt) }),
    };
    const known = held.get(key);
    if (known !== undefined) {
      known.count++;
      known.lastAt = at;
      known.code = error.code;
      if (detail?.status !== undefined) known.status = detail.status;
      known.samples = [sample, ...known.samples].slice(0, mostSamples);
    } else if (held.size < mostHeld) {
      held.set(key, {
        source,
        failure: kind.id,
        hourMs: hour,
        class: kind.class,
        code: error.code,
        ...(detail?.status !== undefined && { status: detail.status }),
        count: 1,
        firstAt: at,
        lastAt: at,
        samples: [sample],
      });
    }
  }

  async function flush(): Promise<void> {
    const writing = held;
    held = new Map();
    try {
      await register.add([...writing.values()]);
    } catch (error) {
      // Counted again with the next write; what came meanwhile goes on top.
      for (const [key, record] of writing) {
        const later = held.get(key);
        held.set(
          key,
          later === undefined
            ? record
            : { ...later, count: later.count + record.count, firstAt: record.firstAt, samples: [...later.samples, ...record.samples].slice(0, mostSamples) },
        );
      }
      throw error;
    }
    if (clock.now() - expiredAt < hourMs) return;
    expiredAt = clock.now();
    await register.expire(expiredAt - keptDays * 24 * hourMs);
  }

  /** What is known of a source that is gone together with its data. */
  async function forget(source: string): Promise<void> {
    await flush();
    await register.removeSource(source);
  }

  async function allKinds(): Promise<readonly ConnectorFailureKind[]> {
    const all: ConnectorFailureKind[] = clientFailures.map((kind) => ({ ...kind, connector: "client" }));
    for (const name of listConnectors()) for (const kind of (await loadConnector(name)).failures ?? []) all.push({ ...kind, connector: name });
    return all;
  }

  return {
    note,
    flush,
    forget,
    book: {
      failureKinds: () => (kinds ??= allKinds()),
      async failures(filter: FailureFilter, limit: number): Promise<readonly FailureRecord[]> {
        await flush();
        return register.list(filter, limit);
      },
      async failureCounts(filter: FailureFilter) {
        await flush();
        return register.counts(filter);
      },
    },
    /** Classes of which a source has met more in this hour and the last than is allowed in one. */
    async alarms(): Promise<readonly Extract<Alarm, { kind: "failures" }>[]> {
      await flush();
      const now = clock.now();
      const sums = new Map<string, { source: string; class: FailureClass; count: number; since: number }>();
      for (const record of await register.list({ fromMs: now - hourMs, toMs: now + hourMs }, 1_000)) {
        // Of the hour before, what may lie within the last sixty minutes is not told apart: an hour that was over is left out.
        if (record.lastAt < now - hourMs) continue;
        const key = `${record.source} ${record.class}`;
        const sum = sums.get(key) ?? { source: record.source, class: record.class, count: 0, since: record.firstAt };
        sums.set(key, { ...sum, count: sum.count + record.count, since: Math.min(sum.since, record.firstAt) });
      }
      return [...sums.values()].flatMap((sum) => {
        const limit = alarms.failuresPerHour[sum.class];
        return sum.count >= limit ? [{ kind: "failures" as const, ...sum, limit }] : [];
      });
    },
  };
}

/** Addresses of servers are the source's own. */
function redacted(text: string): string {
  const clean = redactText(text.slice(0, 4 * mostChars));
  const masked = maskText(
    clean,
    findPii(clean, "US").filter(({ kind }) => kind !== "ip"),
  ).text;
  return masked
    .replaceAll(/did:[a-z]+:[A-Za-z0-9._:%-]+/g, "[account]")
    .replaceAll(/(?<![\w/])@[\w.-]{2,60}(?:@[\w.-]+)?/g, "[account]")
    .slice(0, mostChars)
    .toWellFormed();
}
