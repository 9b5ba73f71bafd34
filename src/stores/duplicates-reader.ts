import { existsSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { idBytes, type PostId, postIdFrom } from "../core/ids.ts";
import { duplicatesFile } from "./duplicates-file.ts";
import { bytesIn, numberIn } from "./search-schema.ts";

/** A text that several posts share. */
export interface DuplicateGroup {
  /** Posts in it, at least 2. */
  readonly posts: number;
  /** The oldest of them, which stands for all. */
  readonly first: PostId;
  /** The oldest `limit` of them, oldest first. */
  readonly ids: readonly PostId[];
}

export interface DuplicatesReader extends Disposable {
  /** The group that a post is in; undefined: nothing like it is known. */
  groupOf(id: PostId, limit: number): DuplicateGroup | undefined;
  /** The oldest `limit` of the group's posts with their createdAt; of a post in no group: none. */
  membersOf(id: PostId, limit: number): { readonly posts: number; readonly members: readonly { readonly id: PostId; readonly at: number }[] };
  /** For each post the number of its group, the same for all of its copies; undefined: it is in none. */
  numbersOf(ids: readonly PostId[]): readonly (number | undefined)[];
}

/** Reads beside the store, from another thread or process. @param folder the store's own */
export function openDuplicatesReader({ folder }: { readonly folder: string }): DuplicatesReader {
  const file = path.join(folder, duplicatesFile);
  let opened: ReturnType<typeof open> | undefined;
  function open() {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
    return {
      db,
      group: db.prepare("SELECT grp FROM members WHERE id = ?"),
      members: db.prepare("SELECT id, at FROM members WHERE grp = ? ORDER BY at, id LIMIT ?"),
      count: db.prepare("SELECT count(*) AS posts FROM members WHERE grp = ?"),
    };
  }
  const openedFile = () => (opened ??= existsSync(file) ? open() : undefined);
  const numberOf = (id: PostId): number | undefined => {
    const row = openedFile()?.group.get(idBytes(id));
    return row === undefined ? undefined : numberIn(row, "grp");
  };
  return {
    numbersOf: (ids) => ids.map(numberOf),
    groupOf(id, limit) {
      const group = numberOf(id);
      if (group === undefined || opened === undefined) return undefined;
      const ids = opened.members.all(group, Math.max(1, limit)).map((member) => postIdFrom(bytesIn(member, "id") ?? idBytes(id)));
      return { posts: numberIn(opened.count.get(group), "posts"), first: ids[0] ?? id, ids: ids.slice(0, limit) };
    },
    membersOf(id, limit) {
      const group = numberOf(id);
      if (group === undefined || opened === undefined) return { posts: 0, members: [] };
      const members = opened.members.all(group, limit).map((member) => ({ id: postIdFrom(bytesIn(member, "id") ?? idBytes(id)), at: numberIn(member, "at") }));
      return { posts: numberIn(opened.count.get(group), "posts"), members };
    },
    [Symbol.dispose]() {
      opened?.db.close();
    },
  };
}
