import type { ExpectedEntity, ExpectedFields, FieldKind } from "../core/expected.ts";
import { addValue, emptyShape, kindOf, type MutableShape } from "../core/shape.ts";
import type { DriftChange, DriftCount, DriftSeen } from "../registers/drift.ts";

export interface DriftTaken {
  readonly seen: readonly DriftSeen[];
  readonly counts: readonly DriftCount[];
}

/** One message in so many is looked at, once a source has brought `everyUpTo` in an hour. */
export const sampleEvery = 32;
const everyUpTo = 128;
const rejectedUpTo = 1_024;
const hourMs = 3_600_000;
/** Names that no declaration has, of an entity and a day: what a sender makes up ends there, also in the register. */
const mostUnknown = 300;
const dayMs = 24 * hourMs;
const mostNameChars = 100;
const mostEntities = 20;

interface Node {
  kind: FieldKind;
  required: boolean;
  path: string;
  readonly inside: Map<string, Node>;
}

interface Entity {
  readonly name: string;
  readonly fields: Map<string, Node>;
  readonly counts: Map<string, Counting>;
  readonly unknown: Set<string>;
  day: number;
  weight: number;
  rejected: number;
  lastAt: number;
}

interface Counting {
  readonly field: string;
  readonly change: DriftChange;
  weight: number;
  rejected: number;
  firstAt: number;
  lastAt: number;
  readonly shape: MutableShape;
}

interface Watched {
  readonly expected: ExpectedFields;
  readonly entities: Map<string, Entity>;
  hour: number;
  messages: number;
  rejects: number;
}

function compile(entity: ExpectedEntity): Map<string, Node> {
  const top = new Map<string, Node>();
  for (const [group, required] of [
    [entity.required, true],
    [entity.optional, false],
  ] as const) {
    for (const [path, kind] of Object.entries(group)) {
      let level = top;
      let at = "";
      const names = path.split(".");
      for (const [i, name] of names.entries()) {
        at = at === "" ? name : `${at}.${name}`;
        const isLeaf = i === names.length - 1;
        let node = level.get(name);
        if (node === undefined) level.set(name, (node = { kind: "object", required: false, path: at, inside: new Map() }));
        if (isLeaf) {
          node.kind = kind;
          node.required = required;
        }
        level = node.inside;
      }
    }
  }
  return top;
}

function isOf(kind: FieldKind, value: unknown): boolean {
  const found = kindOf(value);
  return kind === "any" || kind === found || (kind === "instant" && (found === "text" || found === "number"));
}

/** A name that a program chose; an id or a handle may be a name too, and such are taken together. */
const plainName = /^[$@]?[A-Za-z_][A-Za-z0-9_:-]{0,59}$/;
const nameOf = (name: string): string => (plainName.test(name) && !/\d{5}/.test(name) ? name : "*");

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Measures what messages carry against what their platform is expected to send: a bounded, deterministic sample of what is kept, and what is rejected. */
export function makeDriftMeter() {
  const watched = new Map<string, Watched>();
  let nowAt = 0;

  function isAdmitted(entity: Entity, name: string): boolean {
    const day = Math.floor(nowAt / dayMs);
    if (day !== entity.day) entity.unknown.clear();
    entity.day = day;
    if (entity.unknown.size < mostUnknown) entity.unknown.add(name);
    return entity.unknown.has(name);
  }

  function count(entity: Entity, field: string, change: DriftChange, value: unknown, weight: number, isRejected: boolean): void {
    const name = field.length > mostNameChars ? `${field.slice(0, mostNameChars)}…` : field;
    const key = `${change} ${name}`;
    let counting = entity.counts.get(key);
    if (counting === undefined) {
      if (change === "unknown" && !isAdmitted(entity, name)) return;
      entity.counts.set(key, (counting = { field: name, change, weight: 0, rejected: 0, firstAt: nowAt, lastAt: nowAt, shape: emptyShape() }));
    }
    counting.weight += weight;
    if (isRejected) counting.rejected++;
    if (nowAt < counting.firstAt) counting.firstAt = nowAt;
    if (nowAt > counting.lastAt) counting.lastAt = nowAt;
    if (change !== "missing") addValue(counting.shape, value);
  }

  function walk(entity: Entity, fields: Map<string, Node>, value: Readonly<Record<string, unknown>>, prefix: string, weight: number, isRejected: boolean): void {
    for (const name in value) {
      const inner = value[name];
      const node = fields.get(name);
      if (node === undefined) {
        if (inner !== undefined) count(entity, prefix + nameOf(name), "unknown", inner, weight, isRejected);
      } else if (inner !== null && inner !== undefined) {
        const fits = isOf(node.kind, inner);
        count(entity, node.path, fits ? "present" : "type", inner, weight, isRejected);
        if (fits && node.inside.size > 0 && isRecord(inner)) walk(entity, node.inside, inner, `${node.path}.`, weight, isRejected);
      }
    }
    for (const [name, node] of fields) if (node.required && (value[name] === undefined || value[name] === null)) count(entity, node.path, "missing", undefined, weight, isRejected);
  }

  function look(from: Watched, bytes: Uint8Array, weight: number, isRejected: boolean): void {
    let message: unknown;
    try {
      message = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
    } catch {
      // What is no JSON at all is the quarantine's matter.
      return;
    }
    if (!isRecord(message)) return;
    let found = 0;
    for (const [name, value] of from.expected.find(message)) {
      if (++found > mostEntities) return;
      const declared = from.expected.entities[name];
      if (declared === undefined || !isRecord(value)) continue;
      let entity = from.entities.get(name);
      if (entity === undefined)
        from.entities.set(name, (entity = { name, fields: compile(declared), counts: new Map(), unknown: new Set(), day: 0, weight: 0, rejected: 0, lastAt: nowAt }));
      entity.lastAt = Math.max(entity.lastAt, nowAt);
      entity.weight += weight;
      if (isRejected) entity.rejected++;
      walk(entity, entity.fields, value, "", weight, isRejected);
    }
  }

  return {
    /** Each message once, in the order of the log. Cheap for those that are not of the sample. Never throws. */
    see(source: string, expected: ExpectedFields | undefined, bytes: Uint8Array, offset: number, receivedAt: number, isRejected: boolean): void {
      if (expected === undefined) return;
      let from = watched.get(source);
      if (from === undefined || from.expected !== expected) watched.set(source, (from = { expected, entities: new Map(), hour: 0, messages: 0, rejects: 0 }));
      const hour = Math.floor(receivedAt / hourMs);
      if (hour !== from.hour) {
        from.hour = hour;
        from.messages = 0;
        from.rejects = 0;
      }
      from.messages++;
      const weight = from.messages <= everyUpTo ? 1 : offset % sampleEvery === 0 ? sampleEvery : 0;
      if (weight === 0 && !(isRejected && from.rejects++ < rejectedUpTo)) return;
      nowAt = receivedAt;
      try {
        look(from, bytes, weight, isRejected);
      } catch {
        // A declaration that stumbles over a message must not stop refining.
      }
    },
    /** What was met since the last time. */
    take(): DriftTaken {
      const seen: DriftSeen[] = [];
      const counts: DriftCount[] = [];
      for (const [source, { entities }] of watched) {
        for (const entity of entities.values()) {
          if (entity.weight === 0 && entity.rejected === 0) continue;
          seen.push({ source, entity: entity.name, weight: entity.weight, rejected: entity.rejected, lastAt: entity.lastAt });
          for (const counting of entity.counts.values()) counts.push({ source, entity: entity.name, ...counting });
          entity.counts.clear();
          entity.weight = 0;
          entity.rejected = 0;
        }
      }
      return { seen, counts };
    },
  };
}
export type DriftMeter = ReturnType<typeof makeDriftMeter>;
