import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { EarshotError } from "./errors.ts";
import type { Files } from "./files.ts";

export interface FilesPlace extends AsyncDisposable {
  readonly files: Files;
  /** Absolute, not there yet. */
  readonly folder: string;
}

function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof EarshotError && error.code === code;
}

/** Registers the promises that can be seen without a power cut. */
export function testFiles(name: string, makePlace: () => Promise<FilesPlace>): void {
  const withFolder = async (work: (files: Files, folder: string) => Promise<void>): Promise<void> => {
    await using place = await makePlace();
    const folder = path.join(place.folder, "deep", "er");
    await place.files.makeFolder(folder);
    await work(place.files, folder);
  };

  describe(`${name} keeps the promises of Files`, () => {
    test("what is appended in parts is read back whole, at any byte", () =>
      withFolder(async (files, folder) => {
        const target = path.join(folder, "one");
        await using file = await files.open(target, "create");
        await file.append([Buffer.from("ab"), Buffer.alloc(0), Buffer.from("cde")]);
        await file.append(Array.from({ length: 2_500 }, () => Buffer.from("x")));
        await file.sync();
        assert.equal(file.sizeBytes, 2_505);
        assert.equal((await files.read(target)).toString("latin1"), `abcde${"x".repeat(2_500)}`);
        const into = Buffer.alloc(10);
        assert.equal(await file.read(into, 3), 10);
        assert.equal(into.toString("latin1"), "dexxxxxxxx");
        assert.equal(await file.read(into, 2_500), 5);
        assert.equal(await file.read(into, 9_999), 0);
      }));

    test("append goes on at the end of what is there, and after a truncation at the new end", () =>
      withFolder(async (files, folder) => {
        const target = path.join(folder, "log");
        await using first = await files.open(target, "append");
        await first.append([Buffer.from("hello")]);
        await using second = await files.open(target, "append");
        assert.equal(second.sizeBytes, 5);
        await second.truncate(2);
        await second.append([Buffer.from("y")]);
        assert.equal((await files.read(target)).toString(), "hey");
      }));

    test("write overwrites in place", () =>
      withFolder(async (files, folder) => {
        const target = path.join(folder, "page");
        await files.replace(target, Buffer.from("0123456789"));
        await using file = await files.open(target, "update");
        await file.write(Buffer.from("ab"), 4);
        assert.equal((await files.read(target)).toString(), "0123ab6789");
        assert.equal(file.sizeBytes, 10);
      }));

    test("create refuses a file that is there; read and remove refuse one that is not", () =>
      withFolder(async (files, folder) => {
        const target = path.join(folder, "one");
        await assert.rejects(files.open(target, "read"), isCode("NOT_FOUND"));
        await assert.rejects(files.read(target), isCode("NOT_FOUND"));
        await assert.rejects(files.remove(target), isCode("NOT_FOUND"));
        await assert.rejects(files.rename(target, `${target}2`), isCode("NOT_FOUND"));
        await (await files.open(target, "create"))[Symbol.asyncDispose]();
        await assert.rejects(files.open(target, "create"), isCode("FOLDER_UNUSABLE"));
      }));

    test("rename takes the place of what stands under the name, which an open reader goes on reading", () =>
      withFolder(async (files, folder) => {
        const [one, two] = [path.join(folder, "one"), path.join(folder, "two")];
        await files.replace(one, Buffer.from("new"));
        await files.replace(two, Buffer.from("old"));
        await using reader = await files.open(two, "read");
        await files.rename(one, two);
        await files.syncFolder(folder);
        const into = Buffer.alloc(3);
        await reader.read(into, 0);
        assert.equal(into.toString(), "old");
        assert.equal((await files.read(two)).toString(), "new");
        assert.deepEqual(await files.list(folder), ["two"]);
      }));

    test("list is sorted, and empty where there is no folder; sizes are told, or undefined", () =>
      withFolder(async (files, folder) => {
        for (const some of ["b", "a", "c"]) await files.replace(path.join(folder, some), Buffer.alloc(3));
        assert.deepEqual(await files.list(folder), ["a", "b", "c"]);
        assert.deepEqual(await files.list(path.join(folder, "none")), []);
        assert.equal(await files.sizeBytes(path.join(folder, "a")), 3);
        assert.equal(await files.sizeBytes(path.join(folder, "none")), undefined);
        await files.syncPath(path.join(folder, "a"));
        assert.ok((await files.freeBytes(folder)) > 0);
      }));

    test("a folder is removed with all that is in it", () =>
      withFolder(async (files, folder) => {
        await files.replace(path.join(folder, "a"), Buffer.alloc(3));
        await files.removeFolder(path.dirname(folder));
        assert.deepEqual(await files.list(folder), []);
        assert.equal(await files.sizeBytes(path.join(folder, "a")), undefined);
      }));
  });
}
