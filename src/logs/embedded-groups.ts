import path from "node:path";
import { crc32 } from "node:zlib";
import { EarshotError } from "../core/errors.ts";
import { type Topic, topics } from "../core/log.ts";
import type { LogContext } from "./embedded-segments.ts";
import type { SharedGroup } from "./embedded-shared.ts";

/** A file of positions: "EARSHGRP", u32 version, u32 crc of the rest, then JSON. */
const magic = "EARSHGRP";
const version = 1;
const headBytes = 16;
const flushEveryMs = 200;

export interface Groups extends AsyncDisposable {
  /** Remembers the position; durable within 200 ms, or when closed. */
  commit(group: SharedGroup, partition: number, next: number): void;
}

function groupsFolder(context: LogContext): string {
  return path.join(context.folder, "groups");
}

function groupPath(context: LogContext, topic: Topic, name: string): string {
  return path.join(groupsFolder(context), `${topic}.${Buffer.from(name).toString("base64url")}.pos`);
}

/** Reads the positions of all groups into the shared state. Throws FORMAT_UNKNOWN, LOG_CORRUPT. */
export async function loadGroups(context: LogContext): Promise<void> {
  await context.files.makeFolder(groupsFolder(context));
  for (const file of await context.files.list(groupsFolder(context))) {
    const match = /^(\w+)\.([\w-]+)\.pos$/.exec(file);
    const topic = topics.find((some) => some === match?.[1]);
    if (topic === undefined || match?.[2] === undefined) continue;
    const place = path.join(groupsFolder(context), file);
    const positions = decode(await context.files.read(place), place);
    const group = await context.shared.group(topic, Buffer.from(match[2], "base64url").toString("utf8"));
    for (const [partition, next] of positions.entries()) if (partition < context.shared.partitions) group.setPosition(partition, next);
  }
}

function encode(positions: readonly number[]): Buffer {
  const body = Buffer.from(JSON.stringify(positions));
  const head = Buffer.alloc(headBytes);
  head.write(magic, 0, "latin1");
  head.writeUInt32LE(version, 8);
  head.writeUInt32LE(crc32(body), 12);
  return Buffer.concat([head, body]);
}

function decode(bytes: Buffer, place: string): number[] {
  if (bytes.length < headBytes || bytes.toString("latin1", 0, 8) !== magic) throw new EarshotError("FORMAT_UNKNOWN", `${place}: expected positions of a group, came another file`);
  if (bytes.readUInt32LE(8) !== version) throw new EarshotError("FORMAT_UNKNOWN", `${place}: expected version ${version}, came ${bytes.readUInt32LE(8)}`);
  const body = bytes.subarray(headBytes);
  if (crc32(body) !== bytes.readUInt32LE(12))
    throw new EarshotError("LOG_CORRUPT", `${place}: the positions fail their checksum; without the file the group starts at the oldest offset`);
  const parsed: unknown = JSON.parse(body.toString("utf8"));
  if (!Array.isArray(parsed) || !parsed.every((item) => Number.isSafeInteger(item))) throw new EarshotError("LOG_CORRUPT", `${place}: expected positions, came something else`);
  return parsed;
}

export function makeGroups(context: LogContext): Groups {
  const touched = new Set<SharedGroup>();
  const ended = new AbortController();
  let flushing: Promise<void> | undefined;
  let failure: unknown;

  async function write(group: SharedGroup): Promise<void> {
    using _held = await group.lock();
    // Another thread may have written it since.
    if (!group.dirty) return;
    group.dirty = false;
    try {
      const positions = Array.from({ length: context.shared.partitions }, (_, partition) => group.position(partition));
      await context.files.replace(groupPath(context, group.topic, group.name), encode(positions));
    } catch (error) {
      group.dirty = true;
      throw error;
    }
  }

  async function writeAll(): Promise<void> {
    const groups = [...touched];
    touched.clear();
    for (const group of groups) {
      try {
        await write(group);
        failure = undefined;
      } catch (error) {
        // The next commit tries again: a position that is lost only means repeats.
        touched.add(group);
        failure = error;
      }
    }
  }

  async function flushSoon(): Promise<void> {
    try {
      await context.clock.sleep(flushEveryMs, ended.signal);
    } catch {
      return;
    }
    await writeAll();
  }

  return {
    commit(group, partition, next) {
      group.setPosition(partition, next);
      group.dirty = true;
      touched.add(group);
      flushing ??= flushSoon().finally(() => {
        flushing = undefined;
      });
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await flushing;
      await writeAll();
      if (failure !== undefined) throw failure;
    },
  };
}
