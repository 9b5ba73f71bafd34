import { data } from "./words/data.ts";
import { explore } from "./words/explore.ts";
import { live } from "./words/live.ts";
import { post as postPage } from "./words/post.ts";
import { quarantine } from "./words/quarantine.ts";
import { search, facet } from "./words/search.ts";
import { settings } from "./words/settings.ts";
import { sources } from "./words/sources.ts";
import { terms } from "./words/terms.ts";
import { welcome } from "./words/welcome.ts";

export const en = {
  signIn: {
    need: "Open the one-time link that Earshot printed in the terminal.",
    again: "For a new one, run",
    working: "Signing in …",
    out: "Sign out",
    unreachable: "The server does not answer. This page tries again by itself.",
  },
  status: {
    label: "State of the system",
    stored: "posts stored",
    rate: "collected per second",
    perSecond: "/s",
    lag: "lag",
    lagLong: "messages that wait for the stores",
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
    post: "Post",
    welcome: "Welcome",
    sources: "Sources",
    quarantine: "Quarantine",
    data: "Data",
    settings: "Settings",
  },
  area: { label: "Pages", listen: "Listen", sources: "Sources", govern: "Govern", operate: "Operate" },
  shell: {
    failed: "That did not work",
    retry: "Try again",
    loading: "Loading …",
    close: "Close",
    typeName: "Type {{name}} to confirm",
    noPage: "There is no such page.",
    mayNot: "This page needs the role {{role}}.",
  },
  about: { open: "About {{name}}", title: "About this data: {{name}}", metric: "Metric {{metric}}", fresh: "Newest change counted: {{time}}", posts: "Show the posts" },
  data,
  explore,
  facet,
  live,
  postPage,
  quarantine,
  search,
  settings,
  sources,
  terms,
  welcome,
  banner: {
    shown: "Simulated data. All posts and figures here come from a made-up world; they leave the figures as soon as real posts are there.",
    hidden: "A simulated world is stored too. It is left out of every figure and search, because real posts are there.",
    delete: "To delete it from every store:",
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
    search: "search",
    live: "live view",
    move: "next or previous post",
    pause: "pause or resume the live view",
    list: "this list",
    escape: "close",
  },
} as const;
