import { makeFakeClock } from "../core/clock.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import { contributionOf } from "../core/event.ts";
import { type Lake, type LakeOptions, openLake } from "./lake.ts";
import { makeFileManifest } from "./lake-manifest.ts";
import { describeStore } from "./store.contract.ts";
import { totalsOf } from "./store.fixtures.ts";

const files = makeDiskFiles();
const opened = new WeakMap<object, Lake>();

function describeLake(name: string, options: Pick<LakeOptions, "limits" | "compaction">): void {
  const postsOf = async (store: object) => (await opened.get(store)?.reader.posts({}, 1_000_000))?.posts ?? [];
  describeStore({
    name,
    // A copy of the folder may hold a manifest newer than the files that were copied before it, which no crash leaves; lake-crash.test.ts plants the crashes.
    inFolder: false,
    plainBytes: true,
    async open(folder) {
      const lake = await openLake({ folder, files, clock: makeFakeClock(Date.UTC(2026, 10, 22)), manifest: makeFileManifest(files, folder), ...options });
      opened.set(lake, lake);
      return lake;
    },
    totals: async (_folder, store) => totalsOf((await postsOf(store)).map(contributionOf)),
    ids: async (_folder, store) => (await postsOf(store)).map(({ id }) => id),
  });
}

describeLake("lake", {});
describeLake("lake of tiny files and steps", { limits: { bufferedChanges: 45 }, compaction: { stepRows: 150, freshFiles: 2, joinFiles: 2, bucketRows: 10 } });
