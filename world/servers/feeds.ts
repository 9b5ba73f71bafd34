import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hash32, makeRandom } from "../random.ts";
import { type FaultLevel, type Faults, faultsOf } from "./faults.ts";
import { makeRestFaults } from "./rest-faults.ts";
import { writeStory } from "./story.ts";
import { makeWaits } from "./waits.ts";
import { type Article, type Blog, type FeedFormat, renderFeed } from "../wire/feeds.ts";

export interface FeedsOptions {
  readonly seed: string;
  readonly nowMs: () => number;
  readonly blogs?: number;
  readonly articlesEach?: number;
  readonly faults?: FaultLevel | Partial<Faults>;
  /** Each blog tells how long it is to be left alone after an answer: by Cache-Control, Expires, ttl. */
  readonly pauses?: boolean;
  readonly host?: string;
}

/** Blogs with a feed each, of every format and several encodings, on loopback. */
export interface FeedsWorld extends AsyncDisposable {
  readonly url: string;
  readonly blogs: readonly Blog[];
  /** Where a blog's feed is told to be. */
  feedUrl(blog: Blog): string;
  publish(blog: Blog): Article;
  /** Formats that have a field for it tell when; the others only show other words. */
  edit(article: Article): void;
  /** The feed answers 301 from now on, and stands at another path. */
  move(blog: Blog): void;
  /** The feed answers 410 from now on. */
  end(blog: Blog): void;
  setFaults(faults: FaultLevel | Partial<Faults>): void;
  /** The next so many answers break off in the middle. */
  cutNext(answers: number): void;
  /** Answers so far, by status. */
  readonly answered: ReadonlyMap<number, number>;
  /** Calls before a 429 was over, and looks at a feed before its own pause was. */
  readonly beyond: number;
  /** Milliseconds that 429s and the pauses of the slowest feed made the reader wait. */
  readonly forcedMs: number;
}

const formats: readonly FeedFormat[] = ["rss2", "atom1", "json", "rss1", "rss091", "atom03"];
const encodings = ["utf-8", "utf-8", "utf-8", "iso-8859-1", "windows-1252", "utf-16le"] as const;
const shown = 15;
const hourMs = 3_600_000;
/** Several feeds are asked at once: those on their way when a 429 is said are none of its fault. */
const underWayMs = 200;
const pausesMs = [20, 25, 30, 35].map((minutes) => minutes * 60_000);

export async function startFeeds(options: FeedsOptions): Promise<FeedsWorld> {
  const { seed, nowMs, host = "127.0.0.1" } = options;
  const random = makeRandom(`${seed}/feeds`);
  let faults = faultsOf(options.faults);
  let cuts = 0;
  const answered = new Map<number, number>();
  const waits = makeWaits(nowMs, underWayMs);
  const restFaults = makeRestFaults(() => faults, makeRandom(`${seed}/faults/feeds`), nowMs, waits, "retry-after");
  let count = 0;

  const write = (blog: Blog, publishedMs: number): Article => {
    const { title, html, text } = writeStory(random, blog.language);
    count += 1;
    const article: Article = { id: count, blog, author: random.pick(blog.authors), publishedMs, title, html, text, revision: 0, updatedMs: publishedMs };
    blog.articles.push(article);
    blog.changedMs = Math.max(blog.changedMs, publishedMs);
    return article;
  };

  const blogs = Array.from({ length: options.blogs ?? formats.length }, (_, index): Blog => {
    const format = formats[index % formats.length] ?? "rss2";
    const encoding = format === "json" ? "utf-8" : (encodings[Math.floor(index / formats.length + index) % encodings.length] ?? "utf-8");
    const blog: Blog = {
      index,
      format,
      encoding,
      language: encoding === "iso-8859-1" || encoding === "windows-1252" ? "fr" : random.pick(["en", "de", "ja", "es"]),
      title: `Simulated blog ${index}`,
      site: `https://blog${index}.simulated.example`,
      authors: [`Ann ${index}`, `Bob ${index}`],
      articles: [],
      path: `/blog/${index}/feed`,
      validators: index % 3 === 0 ? "both" : index % 3 === 1 ? "etag" : "modified",
      pauseMs: options.pauses === true ? (pausesMs[index % pausesMs.length] ?? 0) : 0,
      state: "there",
      changedMs: 0,
    };
    const each = options.articlesEach ?? 10;
    for (let left = each; left > 0; left -= 1) write(blog, Math.floor((nowMs() - left * hourMs) / 1_000) * 1_000);
    return blog;
  });

  const answer = (_request: IncomingMessage, response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
    answered.set(status, (answered.get(status) ?? 0) + 1);
    response.writeHead(status, headers).end(typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body));
  };

  const serve = (request: IncomingMessage, response: ServerResponse, path: string): void => {
    const old = blogs.find((one) => one.state === "moved" && path === one.path);
    if (old !== undefined) {
      answer(request, response, 301, "", { location: `${old.path}/moved` });
      return;
    }
    const blog = blogs.find((one) => path === (one.state === "moved" ? `${one.path}/moved` : one.path));
    if (blog === undefined) answer(request, response, 404, "no such feed", { "content-type": "text/plain" });
    else if (blog.state === "gone") answer(request, response, 410, "gone", { "content-type": "text/plain" });
    else give(blog, request, response);
  };

  const give = (blog: Blog, request: IncomingMessage, response: ServerResponse): void => {
    const body = renderFeed(blog, blog.articles.toReversed().slice(0, shown));
    const etag = `"${hash32(body.toString("latin1")).toString(16)}"`;
    const modified = new Date(blog.changedMs).toUTCString();
    waits.comes(blog.path);
    const headers = {
      "content-type": contentType(blog),
      ...pauseHeaders(blog, nowMs()),
      ...(blog.validators !== "modified" && { etag }),
      ...(blog.validators !== "etag" && { "last-modified": modified }),
    };
    const { "if-none-match": match, "if-modified-since": since } = request.headers;
    const same = match === undefined ? since !== undefined && blog.validators !== "etag" && Date.parse(since) >= Math.floor(blog.changedMs / 1_000) * 1_000 : match === etag;
    if (same) {
      if (blog.pauseMs > 0) waits.hold(nowMs() + blog.pauseMs, blog.path);
      answer(request, response, 304, "", headers);
      return;
    }
    if (cuts > 0) {
      cuts -= 1;
      response.writeHead(200, { ...headers, "content-length": String(body.length) });
      response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
      return;
    }
    if (blog.pauseMs > 0) waits.hold(nowMs() + blog.pauseMs, blog.path);
    answer(request, response, 200, body, headers);
  };

  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://world.simulated.example").pathname;
    restFaults(request, response, {}, answer, () => serve(request, response, path));
  });
  server.listen(0, host);
  await once(server, "listening");
  const address = server.address();
  const url = `http://${host}:${portOf(address)}`;

  return {
    url,
    blogs,
    feedUrl: (blog) => `${url}${blog.path}`,
    publish: (blog) => write(blog, Math.floor(nowMs() / 1_000) * 1_000),
    edit(article) {
      article.revision += 1;
      article.updatedMs = Math.floor(nowMs() / 1_000) * 1_000;
      article.html = article.html.replace(/<\/p>$/u, ` (edited ${article.revision})</p>`);
      article.text += ` (edited ${article.revision})`;
      article.blog.changedMs = Math.max(article.blog.changedMs, article.updatedMs);
    },
    move(blog) {
      blog.state = "moved";
    },
    end(blog) {
      blog.state = "gone";
    },
    setFaults(wish) {
      faults = faultsOf(wish);
    },
    cutNext(answers) {
      cuts = answers;
    },
    answered,
    get beyond() {
      return waits.beyond;
    },
    get forcedMs() {
      return waits.forcedMs;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new TypeError("expected a TCP address");
  return address.port;
}

/** RSS 2.0 tells it in the document (ttl). */
function pauseHeaders({ format, index, pauseMs }: Blog, nowMs: number): Record<string, string> {
  if (pauseMs === 0 || format === "rss2") return {};
  return index % 2 === 0 ? { expires: new Date(nowMs + pauseMs).toUTCString(), date: new Date(nowMs).toUTCString() } : { "cache-control": `public, max-age=${pauseMs / 1_000}` };
}

/** Some servers tell the charset, some leave it to the document. */
function contentType({ format, encoding, index }: Blog): string {
  const type = format === "json" ? "application/feed+json" : format.startsWith("atom") ? "application/atom+xml" : format === "rss1" ? "application/rdf+xml" : "application/rss+xml";
  return encoding !== "utf-16le" && index % 2 === 1 ? `${type}; charset=${encoding}` : type;
}
