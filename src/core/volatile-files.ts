import path from "node:path";
import { EarshotError } from "./errors.ts";
import type { File, Files } from "./files.ts";

/** A call that fails, for tests. */
export interface FileFault {
  /** append: takes a random part of the bytes first. sync: what it should have made durable never is, whatever later syncs say. */
  readonly on: "append" | "write" | "sync" | "rename" | "remove" | "syncFolder" | "truncate" | "open";
  readonly error: "ENOSPC" | "EIO";
  /** Calls that pass before; 0 where absent. */
  readonly after?: number;
  /** Calls that fail; 1 where absent. */
  readonly times?: number;
  /** Only paths that contain it. */
  readonly path?: string;
}

/** Files in memory that forget, on a power cut, what was not synced. The same seed and calls give the same loss. */
export interface VolatileFiles extends Files {
  /**
   * The power goes: each write and truncation that was not synced is kept, lost or (a write) torn at any byte; each create,
   * rename and remove whose folder was not synced is kept or lost. What was opened before fails from now on.
   * Returns the files of the machine after its restart.
   */
  powerCut(): VolatileFiles;
  /** The process dies, the machine lives: what was opened before fails from now on, nothing is lost, nothing becomes durable. */
  kill(): VolatileFiles;
  /** From the n-th change on (0: the next) every call fails, as in the moments of a power cut; that one may have happened in part. */
  failAfter(changes: number): void;
  inject(fault: FileFault): void;
  /** Bytes that fit; an append past it takes a part and fails with DISK_FULL. */
  setRoomBytes(sizeBytes: number): void;
  /** Flips one bit of a file, durably. */
  flipBit(file: string, atByte: number): void;
  /** Count of changes up to now: appends, writes, syncs, names. */
  readonly changes: number;
}

type Pending = { readonly kind: "write"; readonly atByte: number; readonly bytes: Uint8Array } | { readonly kind: "truncate"; readonly sizeBytes: number };

interface Content {
  bytes: Buffer;
  sizeBytes: number;
}

interface Node {
  readonly now: Content;
  readonly durable: Content;
  pending: Pending[];
  /** Writes that a failed sync has dropped: no later sync saves them. */
  doubtful: Pending[];
}

type NameChange =
  | { readonly kind: "link"; readonly path: string; readonly node: Node }
  | { readonly kind: "unlink"; readonly path: string }
  | { readonly kind: "move"; readonly from: string; readonly path: string; readonly node: Node };

interface Disk {
  names: Map<string, Node>;
  durableNames: Map<string, Node>;
  nameChanges: NameChange[];
  readonly folders: Set<string>;
  life: number;
  changes: number;
  failAt: number;
  faults: { fault: FileFault; pass: number; left: number }[];
  roomBytes: number;
  readonly random: () => number;
}

export function makeVolatileFiles(seed: number): VolatileFiles {
  return filesOf({
    names: new Map(),
    durableNames: new Map(),
    nameChanges: [],
    folders: new Set(),
    life: 0,
    changes: 0,
    failAt: Infinity,
    faults: [],
    roomBytes: Infinity,
    random: mulberry32(seed),
  });
}

function filesOf(disk: Disk): VolatileFiles {
  const { life } = disk;

  function alive(): void {
    if (disk.life !== life || disk.changes > disk.failAt) throw new EarshotError("FOLDER_UNUSABLE", "files: the power is off");
  }

  /** Counts a change, and fails where a test wants it to. */
  async function change(on: FileFault["on"], file: string): Promise<void> {
    await Promise.resolve();
    alive();
    disk.changes++;
    const planned = disk.faults.find(({ fault, left }) => fault.on === on && left > 0 && (fault.path === undefined || file.includes(fault.path)));
    if (planned === undefined) return;
    if (planned.pass > 0) {
      planned.pass--;
      return;
    }
    planned.left--;
    throw failure(planned.fault.error, file);
  }

  function nodeAt(file: string): Node {
    const node = disk.names.get(file);
    if (node === undefined) throw new EarshotError("NOT_FOUND", `${file}: there is no such file`);
    return node;
  }

  function link(file: string): Node {
    if (!disk.folders.has(path.dirname(file))) throw new EarshotError("NOT_FOUND", `${file}: there is no such folder`);
    const node: Node = { now: { bytes: Buffer.alloc(0), sizeBytes: 0 }, durable: { bytes: Buffer.alloc(0), sizeBytes: 0 }, pending: [], doubtful: [] };
    disk.names.set(file, node);
    disk.nameChanges.push({ kind: "link", path: file, node });
    return node;
  }

  function used(): number {
    let sum = 0;
    for (const node of disk.names.values()) sum += node.now.sizeBytes;
    return sum;
  }

  function put(node: Node, bytes: Uint8Array, atByte: number): void {
    apply(node.now, { kind: "write", atByte, bytes });
    node.pending.push({ kind: "write", atByte, bytes: Uint8Array.from(bytes) });
  }

  async function write(node: Node, bytes: Uint8Array, atByte: number, on: "append" | "write", file: string): Promise<void> {
    alive();
    let room = disk.roomBytes === Infinity ? Infinity : disk.roomBytes - used() + Math.max(0, node.now.sizeBytes - atByte);
    try {
      await change(on, file);
      if (disk.changes > disk.failAt) throw new EarshotError("FOLDER_UNUSABLE", "files: the power is off");
    } catch (error) {
      if (disk.life !== life || disk.changes > disk.failAt + 1) throw error;
      room = Math.floor(disk.random() * (bytes.length + 1));
      put(node, bytes.subarray(0, room), atByte);
      throw error;
    }
    if (bytes.length > room) {
      put(node, bytes.subarray(0, Math.max(0, room)), atByte);
      throw failure("ENOSPC", file);
    }
    put(node, bytes, atByte);
  }

  async function sync(node: Node, file: string): Promise<void> {
    const planned = node.pending;
    try {
      await change("sync", file);
    } catch (error) {
      if (disk.life === life) {
        node.doubtful.push(...planned);
        node.pending = node.pending.slice(planned.length);
      }
      throw error;
    }
    alive();
    for (const pending of node.pending) apply(node.durable, pending);
    node.pending = [];
  }

  function fileOf(file: string, node: Node): File {
    let closed = false;
    const open = (): void => {
      alive();
      if (closed) throw new EarshotError("FOLDER_UNUSABLE", `${file}: the file is closed`);
    };
    return {
      get sizeBytes() {
        return node.now.sizeBytes;
      },
      async read(into, atByte) {
        open();
        await Promise.resolve();
        open();
        const count = Math.max(0, Math.min(into.length, node.now.sizeBytes - atByte));
        into.set(node.now.bytes.subarray(atByte, atByte + count));
        return count;
      },
      async append(parts) {
        open();
        await write(node, Buffer.concat(parts), node.now.sizeBytes, "append", file);
      },
      async write(bytes, atByte) {
        open();
        await write(node, bytes, atByte, "write", file);
      },
      async truncate(sizeBytes) {
        open();
        await change("truncate", file);
        alive();
        apply(node.now, { kind: "truncate", sizeBytes });
        node.pending.push({ kind: "truncate", sizeBytes });
      },
      async sync() {
        open();
        await sync(node, file);
      },
      async [Symbol.asyncDispose]() {
        closed = true;
      },
    };
  }

  const files: VolatileFiles = {
    get changes() {
      return disk.changes;
    },
    async open(file, mode) {
      await change("open", file);
      alive();
      const known = disk.names.get(file);
      if (mode === "create" && known !== undefined) throw new EarshotError("FOLDER_UNUSABLE", `${file}: the file is there already`);
      return fileOf(file, known ?? (mode === "read" ? nodeAt(file) : link(file)));
    },
    async read(file) {
      await Promise.resolve();
      alive();
      const { now } = nodeAt(file);
      return Buffer.from(now.bytes.subarray(0, now.sizeBytes));
    },
    async replace(file, bytes) {
      const temporary = `${file}.${disk.changes}.tmp`;
      const made = await files.open(temporary, "create");
      await made.append([bytes]);
      await made.sync();
      await files.rename(temporary, file);
      await files.syncFolder(path.dirname(file));
    },
    async rename(from, to) {
      await change("rename", from);
      const node = nodeAt(from);
      disk.names.delete(from);
      disk.names.set(to, node);
      disk.nameChanges.push({ kind: "move", from, path: to, node });
      alive();
    },
    async remove(file) {
      await change("remove", file);
      nodeAt(file);
      disk.names.delete(file);
      disk.nameChanges.push({ kind: "unlink", path: file });
      alive();
    },
    async list(folder) {
      await Promise.resolve();
      alive();
      const names = new Set<string>();
      for (const name of [...disk.names.keys(), ...disk.folders]) if (path.dirname(name) === folder && name !== folder) names.add(path.basename(name));
      return [...names].sort();
    },
    async makeFolder(folder) {
      await Promise.resolve();
      alive();
      for (let some = folder; !disk.folders.has(some); some = path.dirname(some)) disk.folders.add(some);
    },
    async removeFolder(folder) {
      await Promise.resolve();
      alive();
      for (const name of disk.names.keys()) if (name.startsWith(`${folder}/`)) await files.remove(name);
      for (const name of disk.folders) if (name === folder || name.startsWith(`${folder}/`)) disk.folders.delete(name);
    },
    async sizeBytes(file) {
      await Promise.resolve();
      alive();
      return disk.names.get(file)?.now.sizeBytes;
    },
    async syncFolder(folder) {
      await change("syncFolder", folder);
      alive();
      const isHere = (some: NameChange) => path.dirname(some.path) === folder;
      for (const some of disk.nameChanges.filter(isHere)) rename(disk.durableNames, some);
      disk.nameChanges = disk.nameChanges.filter((some) => !isHere(some));
    },
    async syncPath(file) {
      await sync(nodeAt(file), file);
    },
    async freeBytes() {
      await Promise.resolve();
      alive();
      return Math.max(0, disk.roomBytes - used());
    },
    powerCut() {
      for (const some of disk.nameChanges) if (disk.random() < 0.5) rename(disk.durableNames, some);
      disk.nameChanges = [];
      for (const node of new Set(disk.durableNames.values())) {
        for (const pending of [...node.doubtful, ...node.pending]) {
          const luck = disk.random();
          if (luck < 0.35) apply(node.durable, pending);
          else if (luck < 0.7 && pending.kind === "write") tear(node.durable, pending, disk.random);
        }
        node.pending = [];
        node.doubtful = [];
        node.now.bytes = Buffer.from(node.durable.bytes);
        node.now.sizeBytes = node.durable.sizeBytes;
      }
      disk.names = new Map(disk.durableNames);
      return files.kill();
    },
    kill() {
      disk.life++;
      disk.failAt = Infinity;
      disk.faults = [];
      return filesOf(disk);
    },
    failAfter(changes) {
      disk.failAt = disk.changes + changes;
    },
    inject(fault) {
      disk.faults.push({ fault, pass: fault.after ?? 0, left: fault.times ?? 1 });
    },
    setRoomBytes(sizeBytes) {
      disk.roomBytes = sizeBytes;
    },
    flipBit(file, atByte) {
      for (const content of [nodeAt(file).now, nodeAt(file).durable]) {
        if (atByte >= content.sizeBytes) throw new TypeError(`${file}: expected a byte below ${content.sizeBytes}, came ${atByte}`);
        content.bytes[atByte] = (content.bytes[atByte] ?? 0) ^ 1;
      }
    },
  };
  return files;
}

function apply(content: Content, change: Pending): void {
  const end = change.kind === "write" ? change.atByte + change.bytes.length : change.sizeBytes;
  if (end > content.bytes.length) {
    const wider = Buffer.alloc(Math.max(end, content.bytes.length * 2));
    content.bytes.copy(wider, 0, 0, content.sizeBytes);
    content.bytes = wider;
  }
  if (change.kind === "write") {
    content.bytes.set(change.bytes, change.atByte);
    content.sizeBytes = Math.max(content.sizeBytes, end);
  } else {
    // What a file loses must not come back when it grows again.
    content.bytes.fill(0, Math.min(end, content.sizeBytes));
    content.sizeBytes = end;
  }
}

/** A part of the write reaches the disk: its beginning, its end, or a stretch in the middle; the size may grow over what is missing. */
function tear(content: Content, write: Pending & { kind: "write" }, random: () => number): void {
  const one = Math.floor(random() * (write.bytes.length + 1));
  const other = Math.floor(random() * (write.bytes.length + 1));
  const [start, end] = random() < 0.6 ? [0, one] : [Math.min(one, other), Math.max(one, other)];
  apply(content, { kind: "write", atByte: write.atByte + start, bytes: write.bytes.subarray(start, end) });
}

function rename(names: Map<string, Node>, change: NameChange): void {
  if (change.kind === "unlink") names.delete(change.path);
  else names.set(change.path, change.node);
  if (change.kind === "move" && names.get(change.from) === change.node) names.delete(change.from);
}

function failure(error: "ENOSPC" | "EIO", file: string): EarshotError {
  if (error === "ENOSPC") return new EarshotError("DISK_FULL", `${file}: no space is left on the disk`);
  return new EarshotError("FOLDER_UNUSABLE", `${file}: EIO: input/output error`);
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
