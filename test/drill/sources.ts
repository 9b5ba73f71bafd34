import bluesky from "../../src/connectors/bluesky.ts";
import mastodon from "../../src/connectors/mastodon.ts";
import type { RefineSource } from "../../src/runtime/refine.ts";
import { fedSources } from "../../bench/feed.ts";

/** The parsers of the fed sources, as a refining thread holds them. */
export function fedRefineSources(): ReadonlyMap<string, RefineSource> {
  const { use: _bluesky, keep: _all, ...jetstream } = fedSources["fed-bluesky"];
  const { use: _mastodon, keep: _also, ...server } = fedSources["fed-mastodon"];
  const common = { region: "zz", hold: true };
  return new Map<string, RefineSource>([
    ["fed-bluesky", { id: "fed-bluesky", platform: "bluesky", parse: bluesky.parser(bluesky.options.parse(jetstream)), ...common }],
    ["fed-mastodon", { id: "fed-mastodon", platform: "mastodon", parse: mastodon.parser(mastodon.options.parse(server)), ...common }],
  ]);
}
