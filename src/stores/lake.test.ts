import { makeFakeClock } from "../core/clock.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import { contributionOf } from "../core/event.ts";
import { openLake, type Lake } from "./lake.ts";
import { makeFileManifest } from "./lake-manifest.ts";
import { describeStore } from "./store.contract.ts";
import { totalsOf } from "./store.fixtures.ts";

const files = makeDiskFiles();
const opened = new WeakMap<object, Lake>();

describeStore({
  name: "lake",
  // A copy of the folder may hold a manifest newer than the files that were copied before it, which no crash leaves; lake-crash.test.ts plants the crashes.
  inFolder: false,
  async open(folder) {
    const lake = await openLake({ folder, files, clock: makeFakeClock(Date.UTC(2026, 10, 22)), manifest: makeFileManifest(files, folder) });
    opened.set(lake, lake);
    return lake;
  },
  async totals(_folder, store) {
    const posts = await opened.get(store)?.reader.posts({}, 1_000_000);
    return totalsOf((posts?.posts ?? []).map(contributionOf));
  },
  async ids(_folder, store) {
    const posts = await opened.get(store)?.reader.posts({}, 1_000_000);
    return posts?.posts.map(({ id }) => id) ?? [];
  },
});
