import { defineConfig } from "./src/core/config.ts";

/**
 * The running system. Everything has a default: an empty configuration runs on the simulated world.
 * `npm run earshot -- config` prints the whole of what runs; `npm run earshot -- doctor` checks this file.
 */
export default defineConfig({
  sources: {
    // bluesky: { use: "bluesky", keep: "matching" },
    // fediverse: { use: "mastodon", server: "https://mastodon.example", timelines: ["public"] },
  },
  terms: {
    // acme: { name: "Acme", query: 'acme OR "acme corporation" NOT cartoon', handles: ["acme.example"] },
  },
});
