import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import { EarshotError } from "../../core/errors.ts";
import type { Files } from "../../core/files.ts";
import { type AuthorId, idBytes, isAuthorId, wordsHex } from "../../core/ids.ts";
import { makeFrameBatchBuilder } from "../../core/log.ts";
import { eraseIdentities, openIdentityReader } from "../../ledger/identity-vault.ts";
import type { Identity } from "../../ledger/identity-record.ts";
import type { Pseudonyms } from "../../ledger/pseudonyms.ts";
import type { Audit } from "../../registers/audit.ts";
import type { ErasureRecord, Erasures } from "../../registers/erasures.ts";
import { askThread } from "../ask-thread.ts";
import type { Base, Threads } from "../boot.ts";
import { encodeCommand } from "../commands.ts";
import type { AuthorView, EraseOptions, ErasureView, FindAnswer } from "../engine.ts";
import { decodeRaw, encodeRaw } from "../raw-frame.ts";
import type { ScanAnswer, ScanWorkerData } from "../scan-worker.ts";
import type { PersonalRegister } from "./workshop.ts";

export interface ErasuresOptions {
  readonly base: Base;
  readonly threads: Threads;
  readonly register: Erasures;
  readonly audit: Audit;
  readonly personal: readonly PersonalRegister[];
  /** The register of names may name accounts of people. */
  readonly entities: { forgetHandles(handles: readonly string[]): Promise<void>; countOfHandles(handles: readonly string[]): Promise<number> };
  readonly pseudonyms: Pseudonyms;
  readonly files: Files;
  readonly clock: Clock;
  readonly report: Report;
  readonly forgetWithinMs: number;
  /** Platforms that native ids may belong to. */
  readonly platforms: () => readonly string[];
  /** A kept message with its actor; undefined: its source is gone. */
  readonly rawsOf: (source: string, bytes: Uint8Array, receivedAt: number) => { readonly platform: string; readonly raws: readonly { readonly actor?: string }[] } | undefined;
}

/** Shorter ones would be met by chance in texts of others. */
const shortestNeedle = 8;

const mostHiddenAtOnce = 50;
const toldByPlatforms: ReadonlySet<string> = new Set(["account-deleted", "platform-takedown"]);

/** Erasure: an event that hides at once, and a register whose debts a job pays: no byte is left when it says gone. */
export function makeErasuresPart(options: ErasuresOptions) {
  const { base, threads, register, clock, report, pseudonyms } = options;
  const vault = { files: options.files, folder: join(base.folder, "identities"), partitions: base.partitions };
  const identities = openIdentityReader({ ...vault, ring: base.keys.ring });
  let forgetting: Promise<void> = Promise.resolve();

  const words = (author: AuthorId) => ({ actorHigh: idBytes(author).readUInt32BE(0), actorLow: idBytes(author).readUInt32BE(4) });
  const hexOf = (author: AuthorId) => idBytes(author).toString("hex", 0, 8);

  /** To every partition; resolves when refined and taken by every store. */
  async function send(record: ErasureRecord): Promise<void> {
    await Promise.all(
      Array.from({ length: base.partitions }, async (_, partition) => {
        const builder = makeFrameBatchBuilder();
        for (const author of record.authors) {
          const command = encodeCommand({ command: "erase", author, upToMs: record.upToMs, objection: record.objection, reason: record.reason });
          builder.add({ keyHigh: 0, keyLow: 0, ...words(author), time: record.upToMs }, encodeRaw("command", "earshot", command));
        }
        const { count } = builder;
        const first = await base.log.append("events", partition, builder.take());
        await threads.refineOf(partition).caller.call("outcomes", { partition, offsets: [first + count - 1] });
      }),
    );
    await threads.stores.caller.call("drain", undefined);
  }

  /** Removes what a store holds beyond what changes told it, and takes its word for how much went. */
  async function hide(record: ErasureRecord): Promise<ErasureRecord> {
    for (const author of record.authors) {
      for (const proof of await threads.stores.caller.call("erase", { author, upToMs: record.objection ? Number.MAX_SAFE_INTEGER : record.upToMs }))
        await register.prove(record.id, proof);
    }
    for (const one of options.personal) await register.prove(record.id, { store: one.store, removedPosts: await one.removeAuthors(record.authors), physical: false });
    return register.advance(record.id, "hidden");
  }

  function nativeForms(identity: Identity): string[] {
    const forms = [identity.nativeId, identity.nativeId.replaceAll("/", "\\/")];
    const { handle } = identity;
    // A short name without a host stands in many texts that do not mean this account.
    if (handle !== undefined && /[.@]/.test(handle.replace(/^@/, ""))) forms.push(handle.replace(/^@/, ""));
    if (identity.profileUrl !== undefined) forms.push(identity.profileUrl, identity.profileUrl.replaceAll("/", "\\/"));
    return [...new Set(forms)].filter((form) => form.length >= shortestNeedle);
  }

  async function pay(records: readonly ErasureRecord[], onStep: (step: string) => void): Promise<void> {
    const hidden: ErasureRecord[] = [];
    for (const record of records) hidden.push(record.state === "requested" ? await hide(record) : record);
    const authors = [...new Set(hidden.flatMap((record) => record.authors))];
    if (authors.length === 0) return;
    // A store that lags must see the deletions before the log forgets them.
    await threads.stores.caller.call("drain", undefined);
    const lagging = (await threads.stores.caller.call("state", undefined)).filter((store) => store.state !== "attached");
    if (lagging.length > 0)
      throw new EarshotError("STORE_UNAVAILABLE", `erasure: ${lagging.map((store) => store.store).join(", ")} lags; it goes on when all stores stand at one place`);

    for (const thread of threads.refine) await thread.caller.call("flush", undefined);
    onStep("log");
    const needles: Buffer[] = [];
    const handles: string[] = [];
    for (const author of authors) {
      const identity = await identities.resolve(author);
      if (identity !== undefined) needles.push(...nativeForms(identity).map((form) => Buffer.from(form)));
      if (identity?.handle !== undefined) handles.push(identity.handle);
    }
    // Whoever comes back and did not object may speak again: what came later stays in the log.
    const actors = new Map<string, number>();
    for (const record of hidden) {
      const until = record.objection ? Number.MAX_SAFE_INTEGER : Math.max(record.upToMs, record.at);
      for (const author of record.authors) actors.set(hexOf(author), Math.max(until, actors.get(hexOf(author)) ?? 0));
    }
    needles.push(...(await nativeIdsOf(new Set(authors), new Set(actors.keys()))).filter((native) => native.length >= shortestNeedle).map((native) => Buffer.from(native)));
    const keys = await postKeysOf(actors);
    const remove = (keyHigh: number, keyLow: number, actorHigh: number, actorLow: number, time: number) =>
      time <= (actors.get(wordsHex(actorHigh, actorLow)) ?? -1) || keys.has(wordsHex(keyHigh, keyLow));
    for (let partition = 0; partition < base.partitions; partition++) await base.log.forget("events", partition, { remove, needles });
    for (const thread of threads.refine) await thread.caller.call("forget", { keys, actors, needles });
    onStep("ledger");
    for (const thread of threads.refine) await thread.caller.call("forgetLedger", undefined);
    onStep("identities");
    await eraseIdentities({ ...vault, keys: base.keys }, authors);
    onStep("labels");
    for (const one of options.personal) {
      // What was added while the posts were being hidden.
      await one.removeAuthors(authors);
      await one.forget();
    }
    onStep("entities");
    await options.entities.forgetHandles(handles);
    onStep("stores");
    await threads.stores.caller.call("settle", { forget: true });
    const kept = (await threads.stores.caller.call("state", undefined)).map(({ store }) => store);
    for (const record of hidden) {
      for (const store of kept) await register.prove(record.id, { store, removedPosts: 0, physical: true });
      for (const store of ["log", "ledger", "identities", "entities", ...options.personal.map((one) => one.store)])
        await register.prove(record.id, { store, removedPosts: 0, physical: true });
      await register.advance(record.id, "gone");
    }
    report("info", `${authors.length} erased author${authors.length === 1 ? "" : "s"}: no byte is left`);
  }

  /** As the authors' own messages tell them: an account that ended soon after it came may have no identity record. */
  async function nativeIdsOf(authors: ReadonlySet<AuthorId>, actors: ReadonlySet<string>): Promise<readonly string[]> {
    const natives = new Set<string>();
    for (let partition = 0; partition < base.partitions; partition++) {
      for await (const { frames } of base.log.read("events", partition, 0)) {
        for (let i = 0; i < frames.count; i++) {
          if (!actors.has(wordsHex(frames.actors[i * 2] ?? 0, frames.actors[i * 2 + 1] ?? 0))) continue;
          const raw = decodeRaw(frames, i, new Map());
          const told = raw?.kind === "raw" ? options.rawsOf(raw.source, raw.bytes, 0) : undefined;
          for (const { actor } of told?.raws ?? []) {
            if (told !== undefined && actor !== undefined && pseudonyms.authorIds(told.platform, actor).some((author) => authors.has(author))) natives.add(actor);
          }
        }
      }
    }
    return [...natives];
  }

  /** First 8 bytes of the authors' PostIds, as the headers of `posts` tell them. */
  async function postKeysOf(actors: ReadonlyMap<string, number>): Promise<Set<string>> {
    const keys = new Set<string>();
    for (let partition = 0; partition < base.partitions; partition++) {
      for await (const { frames } of base.log.read("posts", partition, 0)) {
        for (let i = 0; i < frames.count; i++) {
          if ((frames.times[i] ?? 0) > (actors.get(wordsHex(frames.actors[i * 2] ?? 0, frames.actors[i * 2 + 1] ?? 0)) ?? -1)) continue;
          const key = wordsHex(frames.keys[i * 2] ?? 0, frames.keys[i * 2 + 1] ?? 0);
          if (key !== "0000000000000000") keys.add(key);
        }
      }
    }
    return keys;
  }

  /** Pays every debt of the register; one run at a time. */
  function payAll(onStep: (step: string) => void = () => undefined): Promise<void> {
    const run = forgetting.then(async () => pay(await register.owed(), onStep));
    forgetting = run.catch(() => undefined);
    return run;
  }

  /** What a source or an import brings again of somebody erased is refused, but its raw came into the log: it goes from there too. */
  async function sweep(): Promise<void> {
    const keys = new Set((await Promise.all(threads.refine.map((thread) => thread.caller.call("takeRefusedKeys", undefined)))).flat());
    keys.delete("0000000000000000");
    if (keys.size === 0) return;
    for (const thread of threads.refine) await thread.caller.call("flush", undefined);
    const remove = (keyHigh: number, keyLow: number) => keys.has(wordsHex(keyHigh, keyLow));
    for (let partition = 0; partition < base.partitions; partition++) await base.log.forget("events", partition, { remove, needles: [] });
  }

  function viewOf(record: ErasureRecord): ErasureView {
    const { id, authors, at, reason, objection, state, posts, proofs, dueAt, goneAt } = record;
    return { id, authors, at, reason, objection, state, posts, proofs, dueAt, ...(goneAt !== undefined && { goneAt }) };
  }

  async function countPosts(authors: readonly AuthorId[]): Promise<number> {
    let posts = 0;
    for (const author of authors) posts += (await threads.read.caller.call("count", { query: { kind: "field", field: "author", value: author }, filter: {} })).posts;
    return posts;
  }

  async function resolveAuthor(text: string): Promise<readonly AuthorView[]> {
    const found = await identitiesOf(text);
    return Promise.all(
      found.map(async ({ author, platform, handle, name }) => ({
        author,
        platform,
        ...(handle !== undefined && { handle }),
        ...(name !== undefined && { name }),
        posts: await countPosts([author]),
      })),
    );
  }

  async function identitiesOf(text: string): Promise<readonly (Pick<Identity, "author" | "platform" | "handle" | "name"> & { readonly nativeId?: string })[]> {
    if (isAuthorId(text)) {
      const identity = await identities.resolve(text);
      return identity === undefined ? [] : [identity];
    }
    for (const { platform, name } of readings(text)) {
      const byNative = await identities.findByNativeId(platform, name);
      if (byNative.length > 0) return byNative;
      const byHandle = await identities.findByHandle(platform, name);
      if (byHandle.length > 0) return byHandle;
    }
    return [];
  }

  /** A text with a colon may be a platform and a name, or a native id that has one. */
  function readings(text: string): readonly { readonly platform: string | undefined; readonly name: string }[] {
    const [, platform, name] = /^([a-z0-9][a-z0-9-]{0,62}):(.+)$/s.exec(text) ?? [];
    const whole = { platform: undefined, name: text };
    return platform === undefined || name === undefined ? [whole] : [whole, { platform, name }];
  }

  return {
    async resolveAuthor(text: string): Promise<readonly AuthorView[]> {
      // Who came in this moment is known too.
      for (const thread of threads.refine) await thread.caller.call("flush", undefined);
      return resolveAuthor(text);
    },
    async erase(author: AuthorId, asked: EraseOptions): Promise<ErasureView> {
      for (const thread of threads.refine) await thread.caller.call("flush", undefined);
      const identity = await identities.resolve(author);
      const authors = identity === undefined ? [author] : [...new Set([author, ...pseudonyms.authorIds(identity.platform, identity.nativeId)])];
      const at = clock.now();
      const record = await register.request({ authors, upToMs: at, reason: asked.reason, objection: asked.objection, dueAt: at + options.forgetWithinMs, actor: asked.actor });
      await options.audit.append({ actor: asked.actor, action: "author.erase", subject: record.id, purpose: asked.reason });
      asked.onProgress?.("hiding");
      await threads.stores.caller.call("drain", undefined);
      const posts = await countPosts(authors);
      await send(record);
      // The changes took them away already: what was counted before is what went.
      await register.prove(record.id, { store: "search", removedPosts: posts, physical: false });
      const hidden = await hide(record);
      if (asked.now) await payAll(asked.onProgress);
      return viewOf((await register.get(record.id)) ?? hidden);
    },
    async erasures() {
      return (await register.list(1_000)).map(viewOf);
    },
    /** Erasures that were asked before a crash and may not have reached the log, and those that a restore brought. */
    async resume(): Promise<void> {
      const requested = (await register.owed()).filter((record) => record.state === "requested");
      for (const record of requested) await send(record);
      for (const record of requested.slice(0, mostHiddenAtOnce)) await hide(record);
    },
    payAll,
    sweep,
    /** What platforms told to be erased went from every answer with its change: the register says so soon, not when the debt is paid. */
    hideTold(): Promise<void> {
      const run = forgetting.then(async () => {
        const told = (await register.owed()).filter((record) => record.state === "requested" && toldByPlatforms.has(record.reason));
        for (const record of told.slice(0, mostHiddenAtOnce)) await hide(record);
      });
      forgetting = run.catch(() => undefined);
      return run;
    },
    /** Runs while nothing is being forgotten; what asks for that meanwhile waits. */
    inTurn<T>(run: () => Promise<T>): Promise<T> {
      const turn = forgetting.then(run);
      forgetting = turn.then(
        () => undefined,
        () => undefined,
      );
      return turn;
    },
    async find(text: string): Promise<FindAnswer> {
      // What is still held in memory counts as there.
      for (const thread of threads.refine) await thread.caller.call("flush", undefined);
      await threads.stores.caller.call("flush", undefined);
      const known = await identitiesOf(text);
      const needles = needlesFor(text, known);
      const places = ["log", "ledger", "identities", "search", "lake", "duplicates"].map((store) => ({ store, folder: join(base.folder, store) }));
      // The register of erasures keeps the pseudonym by design; whom it meant is nowhere.
      const catalog = { store: "catalog", folder: join(base.folder, "postgres"), except: /^author id/ };
      const scanned = await scan({ places: [...places, catalog], needles });
      const stores = scanned.map(({ store, files, bytesScanned, hits, places: met }) => ({ store, files, bytesScanned, hits, places: met }));
      // Identities are sealed: their bytes tell nothing, so what can be opened is asked for.
      const opened = stores.map((row) =>
        row.store === "identities" && known.length > 0
          ? { ...row, hits: row.hits + known.length, places: [...row.places, ...known.map((one) => `${one.platform}: identity record`)] }
          : row,
      );
      for (const { store, noun, countOf } of options.personal) {
        const held = await countOf([...authorsMeant(text, known)]);
        opened.push({ store, files: 1, bytesScanned: 0, hits: held, places: held === 0 ? [] : [`${held} ${noun}`] });
      }
      const entered = await options.entities.countOfHandles(known.flatMap(({ handle }) => (handle === undefined ? [] : [handle])));
      opened.push({
        store: "entities",
        files: 1,
        bytesScanned: 0,
        hits: entered,
        places: entered === 0 ? [] : [`${entered} entries of the register of names, old versions counted`],
      });
      return { authors: await resolveAuthor(text), stores: opened, total: opened.reduce((sum, row) => sum + row.hits, 0) };
    },
    close: () => identities[Symbol.dispose](),
  };

  function authorsMeant(text: string, known: readonly { readonly author: AuthorId }[]): Set<AuthorId> {
    const authors = new Set<AuthorId>(known.map((one) => one.author));
    if (isAuthorId(text)) return authors.add(text);
    for (const { platform, name } of readings(text)) {
      // Also where no identity is left: a native id gives the same pseudonym again.
      for (const on of platform === undefined ? options.platforms() : [platform]) for (const author of pseudonyms.authorIds(on, name)) authors.add(author);
    }
    return authors;
  }

  function needlesFor(text: string, known: readonly (Pick<Identity, "author" | "platform" | "handle"> & { readonly nativeId?: string })[]): ScanWorkerData["needles"] {
    const needles = new Map<string, Uint8Array>();
    const add = (name: string, bytes: Uint8Array) => {
      if (bytes.length >= shortestNeedle) needles.set(name, bytes);
    };
    const authors = authorsMeant(text, known);
    const natives = new Set<string>(known.flatMap((one) => (one.nativeId === undefined ? [] : [one.nativeId])));
    if (!isAuthorId(text)) {
      for (const { name } of readings(text)) {
        // A plain word may stand in anybody's text.
        if (/[\d.:/@]/.test(name)) natives.add(name.replace(/^@/, ""));
      }
    }
    for (const { handle } of known) if (handle !== undefined && /[.@]/.test(handle.replace(/^@/, ""))) natives.add(handle.replace(/^@/, ""));
    for (const [i, native] of [...natives].entries()) {
      add(`native id or handle ${i + 1}`, Buffer.from(native));
      if (native.includes("/")) add(`native id ${i + 1}, escaped`, Buffer.from(native.replaceAll("/", "\\/")));
    }
    let number = 0;
    for (const author of authors) {
      number++;
      add(`author id ${number}, 16 bytes`, idBytes(author));
      add(`author id ${number}, text`, Buffer.from(author.slice(author.indexOf("_") + 1)));
    }
    return [...needles].map(([name, bytes]) => ({ name, bytes }));
  }
}

const scan = (data: ScanWorkerData): Promise<ScanAnswer> => askThread("scan", new URL("../scan-worker.ts", import.meta.url), data);
