import { advice } from "./words/advice.ts";
import { backup } from "./words/backup.ts";
import { connections } from "./words/connections.ts";
import { data } from "./words/data.ts";
import { deprecations } from "./words/deprecations.ts";
import { drift } from "./words/drift.ts";
import { explore } from "./words/explore.ts";
import { failures } from "./words/failures.ts";
import { labels } from "./words/labels.ts";
import { live } from "./words/live.ts";
import { models } from "./words/models.ts";
import { modelsUse } from "./words/models-use.ts";
import { registry } from "./words/registry.ts";
import { modelDrift } from "./words/model-drift.ts";
import { names } from "./words/names.ts";
import { post as postPage } from "./words/post.ts";
import { quarantine } from "./words/quarantine.ts";
import { search, facet } from "./words/search.ts";
import { signIn } from "./words/sign-in.ts";
import { shadow } from "./words/shadow.ts";
import { settings } from "./words/settings.ts";
import { setup } from "./words/setup.ts";
import { sources } from "./words/sources.ts";
import { terms } from "./words/terms.ts";
import { topics } from "./words/topics.ts";
import { vendorExports } from "./words/vendor-exports.ts";
import { views } from "./words/views.ts";
import { welcome } from "./words/welcome.ts";
import { world } from "./words/world.ts";

export const en = {
  signIn,
  status: {
    label: "State of the system",
    stored: "posts stored",
    rate: "collected per second",
    lagLong: "wait for the stores",
    rejected: "rejected",
    unknown: "no figures yet",
    stale: "no answer since {{time}} UTC",
    asOf: "as of {{time}} UTC",
  },
  page: {
    live: "Live",
    explore: "Explore",
    search: "Search",
    terms: "Brands and queries",
    names: "Names",
    topics: "Topics",
    post: "Post",
    welcome: "Welcome",
    sources: "Sources",
    quarantine: "Quarantine",
    "vendor-exports": "Vendor exports",
    drift: "Drift",
    deprecations: "Deprecations",
    connections: "Connections",
    shadow: "Shadow runs",
    models: "Models",
    labels: "Labels",
    "bake-off": "Bake-off",
    "model-drift": "Model drift",
    data: "Data",
    settings: "Settings",
  },
  role: { viewer: "viewer", analyst: "analyst", admin: "admin" },
  theme: { system: "Colours: system", light: "Colours: light", dark: "Colours: dark" },
  palette: {
    open: "Go to …",
    title: "Go to",
    hint: "A page, a brand, or words to search for",
    page: "page",
    term: "brand or query",
    search: "search",
    searchFor: "Search for “{{text}}”",
  },
  area: { label: "Pages", listen: "Listen", sources: "Sources", models: "Models", govern: "Govern", operate: "Operate" },
  shell: {
    failed: "That did not work",
    retry: "Try again",
    loading: "Loading …",
    close: "Close",
    typeName: "Type {{name}} to confirm",
    menu: "Menu",
    skip: "Skip to the page",
    noPage: "There is no such page.",
    mayNot: "This page needs the role {{role}}.",
    keptFrom: "This page speaks of all that is stored. You see a part of it.",
  },
  versions: {
    line: "Version {{version}}",
    byAt: "{{time}} UTC, by {{actor}}",
    restoredFrom: "restored from version {{version}}",
    wasRemoved: "removed",
    created: "created",
    unchanged: "said the same again",
    current: "current",
    restore: "Restore",
    restoreOf: "Restore version {{version}}",
  },
  reveal: {
    hint: "Seeing it needs a purpose, which is written into the audit log together with your name.",
    purpose: "Purpose",
    action: "Show it",
    shown: "Shown for: {{purpose}}",
  },
  about: {
    open: "About {{name}}",
    title: "About this data: {{name}}",
    metric: "Metric",
    owner: "Owner",
    fresh: "Newest change",
    coverage: "What to know",
    posts: "Show the posts",
  },
  chart: { other: "other", asTable: "Table", asChart: "Chart", keys: "{{title}}. Left and right arrows tell each value, up and down choose the line, Enter shows its posts." },
  listen: {
    label: "What the figures speak of",
    range: "Time",
    own: "own span",
    terms: "Brands",
    platforms: "Platforms",
    languages: "Languages",
    all: "all",
    anyTime: "any time",
    clear: "Clear",
    ranges: { "1h": "1 hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days" },
  },
  advice,
  backup,
  data,
  explore,
  facet,
  labels,
  live,
  models,
  modelsUse,
  registry,
  modelDrift,
  names,
  postPage,
  quarantine,
  deprecations,
  connections,
  shadow,
  drift,
  failures,
  search,
  settings,
  setup,
  sources,
  terms,
  topics,
  vendorExports,
  views,
  welcome,
  world,
  banner: {
    label: "Notices",
    shown: "Simulated data. All posts and figures here come from a made-up world; they leave the figures as soon as real posts are there.",
    hidden: "A simulated world is stored too. It is left out of every figure and search, because real posts are there.",
    paused: "Collection waits: {{detail}}",
    failing: "The system fails: {{detail}}",
  },
  sentiment: { negative: "negative", neutral: "neutral", positive: "positive" },
  post: {
    by: "{{platform}}, {{time}}",
    notScored: "not scored",
    languageUnknown: "language unknown",
    simulated: "simulated",
    empty: "no text",
    reshare: "reshared a post",
    reply: "reply",
    quote: "quote",
    edited: "edited",
    masked: "{{kind}}, masked",
    likes_one: "{{formatted}} like",
    likes_other: "{{formatted}} likes",
    shares_one: "{{formatted}} share",
    shares_other: "{{formatted}} shares",
    replies_one: "{{formatted}} reply",
    replies_other: "{{formatted}} replies",
    author: "author {{author}} (pseudonym): all posts",
  },
  keys: {
    title: "Keys",
    open: "Keys",
    close: "Close",
    palette: "go to a page, a brand, a search",
    search: "search",
    live: "live view",
    move: "next or previous post",
    pause: "pause or resume the live view",
    list: "this list",
    escape: "close",
  },
} as const;
