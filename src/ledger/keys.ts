import { createHmac, randomBytes } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import { EarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { openBucketKeys } from "./bucket-keys.ts";
import { defaultPurpose, type KeyRing } from "./key-ring.ts";

export interface Keys extends AsyncDisposable {
  readonly ring: KeyRing;
  /** The ring with another live author key; the older stay live until retired. */
  rotateAuthorKey(purpose: string): Promise<KeyRing>;
  /** Destroys an author key: its pseudonyms can no longer be made. */
  retireAuthorKey(version: number): Promise<KeyRing>;
  /** Makes a new key for the bucket, durable and current when it resolves; the old one stays readable until `destroyOldBucketKey`. */
  renewBucketKey(bucket: number): Promise<void>;
  /** Overwrites the key before the current one. */
  destroyOldBucketKey(bucket: number): Promise<void>;
  /** Buckets whose renewal was begun and not ended: a crash lay between. */
  unfinishedBuckets(): readonly number[];
}

const version = 1;

const keyText = z.string().transform((text, context) => {
  const key = new Uint8Array(Buffer.from(text, "base64"));
  if (key.length !== 32) context.addIssue({ code: "custom", message: `expected a key of 32 bytes, came ${key.length}` });
  return key;
});
const fileSchema = z.object({
  version: z.literal(version),
  post: keyText,
  authors: z.array(z.object({ version: z.int().min(1).max(9999), purpose: z.string().min(1), key: keyText })).min(1),
  mention: keyText,
  mark: keyText,
  rollupAuthor: keyText,
  lookup: keyText,
  check: z.string(),
});
type KeyFile = z.output<typeof fileSchema>;

/**
 * @param options.folder absolute; made where missing, for us alone.
 * @param options.create make new keys where there are none: only for a data folder that is new. Else KEY_MISSING.
 * @param options.expectedCheck the ring's `check` as something outside of the folder remembers it; another one is KEY_MISSING.
 */
export async function openKeys(options: { readonly files: Files; readonly folder: string; readonly create: boolean; readonly expectedCheck?: string }): Promise<Keys> {
  const { files, folder } = options;
  await files.makeFolder(folder);
  const file = path.join(folder, "keys.json");
  let keys = (await files.sizeBytes(file)) === undefined ? await create() : parseKeys(file, await files.read(file));
  if (options.expectedCheck !== undefined && keys.check !== options.expectedCheck) {
    throw new EarshotError("KEY_MISSING", `${file}: expected the keys that the data was written under, came others`);
  }
  const buckets = await openBucketKeys({ files, file: path.join(folder, "buckets.keys"), create: options.create, check: keys.check });

  async function create(): Promise<KeyFile> {
    if (!options.create) throw new EarshotError("KEY_MISSING", `${file}: expected the keys of the data in this folder, came nothing; restore them from the backup`);
    const post = freshKey();
    const made: KeyFile = {
      version,
      post,
      authors: [{ version: 1, purpose: defaultPurpose, key: freshKey() }],
      mention: freshKey(),
      mark: freshKey(),
      rollupAuthor: freshKey(),
      lookup: freshKey(),
      check: checkOf(post),
    };
    await save(made);
    return made;
  }

  async function save(next: KeyFile): Promise<void> {
    await files.replace(file, Buffer.from(JSON.stringify(next, (_name, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value), 1)));
  }

  const ring = (): KeyRing => ({ ...keys, buckets: buckets.memory });

  return {
    get ring() {
      return ring();
    },
    async rotateAuthorKey(purpose) {
      const newest = Math.max(...keys.authors.map((known) => known.version));
      const next = { ...keys, authors: [...keys.authors, { version: newest + 1, purpose, key: freshKey() }] };
      await save(next);
      keys = next;
      return ring();
    },
    async retireAuthorKey(retired) {
      const left = keys.authors.filter((known) => known.version !== retired);
      const current = keys.authors.findLast((known) => known.purpose === keys.authors.find((each) => each.version === retired)?.purpose);
      if (left.length === keys.authors.length) throw new EarshotError("NOT_FOUND", `author key ${retired}: not there`);
      if (current?.version === retired) throw new EarshotError("CONFLICT", `author key ${retired}: it is current; rotate first`);
      const next = { ...keys, authors: left };
      {
        // Held open, the replaced file can still be overwritten: its name is gone, its bytes would not be.
        await using old = await files.open(file, "update");
        await save(next);
        await old.write(Buffer.alloc(old.sizeBytes), 0);
        await old.sync();
      }
      keys = next;
      return ring();
    },
    renewBucketKey: (bucket) => buckets.renew(bucket),
    destroyOldBucketKey: (bucket) => buckets.destroyOld(bucket),
    unfinishedBuckets: () => buckets.unfinished(),
    [Symbol.asyncDispose]: () => buckets[Symbol.asyncDispose](),
  };
}

function parseKeys(file: string, bytes: Buffer): KeyFile {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new EarshotError("KEY_MISSING", `${file}: expected JSON, came something else; restore the keys from the backup`);
  }
  const parsed = fileSchema.safeParse(json);
  // The message of the parser names places and never a key.
  if (!parsed.success) throw new EarshotError("KEY_MISSING", `${file}: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.check !== checkOf(parsed.data.post)) throw new EarshotError("KEY_MISSING", `${file}: the post key is not the one that the check value tells of`);
  return parsed.data;
}

function checkOf(post: Uint8Array): string {
  return createHmac("sha256", post).update("earshot key check").digest("hex").slice(0, 16);
}

function freshKey(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(32));
}
