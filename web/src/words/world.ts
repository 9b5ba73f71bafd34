export const world = {
  preparing: "The world is being made …",
  loading: "Thirty days of posts come in",
  failed: "The simulated world did not start; the terminal says why.",
  progress: "{{percent}}% · {{posts}} of {{of}} posts",
  left: "about {{seconds}} s left",
  remove: "Remove the simulated world …",
  removing: "The simulated world is being removed",
  removed: "The simulated world is gone: {{posts}} posts were removed from search, lake, sums, ledger and log.",
  title: "Remove the simulated world",
  action: "Remove it",
  what: "{{posts}} simulated posts go from search, lake, sums and ledger, and what they were made from goes from the log. This cannot be undone, and the world does not come back at the next start.",
  stays: "Real posts, brands, queries and settings stay.",
} as const;
