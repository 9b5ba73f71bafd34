import { iso } from "./mastodon.ts";

export type FeedFormat = "rss2" | "rss1" | "rss091" | "atom1" | "atom03" | "json";

export interface Article {
  readonly id: number;
  readonly blog: Blog;
  readonly author: string;
  readonly publishedMs: number;
  readonly title: string;
  html: string;
  /** What a reader sees of `html`. */
  text: string;
  revision: number;
  updatedMs: number;
}

export interface Blog {
  readonly index: number;
  readonly format: FeedFormat;
  readonly encoding: "utf-8" | "iso-8859-1" | "windows-1252" | "utf-16le";
  readonly language: string;
  readonly title: string;
  readonly site: string;
  readonly authors: readonly string[];
  /** Oldest first. */
  readonly articles: Article[];
  readonly path: string;
  readonly validators: "both" | "etag" | "modified";
  /** So long it wants to be left alone; 0: it says nothing. */
  readonly pauseMs: number;
  state: "there" | "moved" | "gone";
  changedMs: number;
}

export function articleLink({ blog, id }: Article): string {
  return `${blog.site}/posts/${id}`;
}

/** The id that the feed gives to an article. */
export function articleGuid(article: Article): string {
  const { blog, id } = article;
  if (blog.format === "atom1" || blog.format === "atom03") return `tag:${new URL(blog.site).host},2026:${id}`;
  return blog.format === "rss2" ? `${blog.site}/?p=${id}` : blog.format === "json" ? String(id) : articleLink(article);
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

export function renderFeed(blog: Blog, articles: readonly Article[]): Buffer {
  const text = blog.format === "json" ? json(blog, articles) : `<?xml version="1.0" encoding="${blog.encoding}"?>\n${document(blog, articles)}`;
  if (blog.encoding === "utf-16le") return Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(text, "utf16le")]);
  if (blog.encoding === "utf-8") return Buffer.from(text);
  // What the encoding has no letter for goes as a reference, as writers of XML do it.
  return Buffer.from(
    text.replace(/[^\u0000-\u007f\u00a0-\u00ff]/gu, (letter) => `&#${letter.codePointAt(0)};`),
    "latin1",
  );
}

function document(blog: Blog, articles: readonly Article[]): string {
  switch (blog.format) {
    case "atom1":
      return `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="${blog.language}"><title>${xml(blog.title)}</title><id>${blog.site}/</id><link href="${blog.site}/"/><updated>${iso(blog.changedMs)}</updated>${articles
        .map(
          (one) =>
            `<entry><id>${articleGuid(one)}</id><title>${xml(one.title)}</title><link rel="alternate" href="/posts/${one.id}" xml:base="${blog.site}/"/><published>${iso(one.publishedMs)}</published><updated>${iso(one.updatedMs)}</updated><author><name>${xml(one.author)}</name></author><content type="html">${xml(one.html)}</content></entry>`,
        )
        .join("")}</feed>`;
    case "atom03":
      return `<feed version="0.3" xmlns="http://purl.org/atom/ns#" xml:lang="${blog.language}"><title>${xml(blog.title)}</title><link rel="alternate" type="text/html" href="${blog.site}/"/>${articles
        .map(
          (one) =>
            `<entry><id>${articleGuid(one)}</id><title>${xml(one.title)}</title><link rel="alternate" type="text/html" href="${articleLink(one)}"/><issued>${iso(one.publishedMs)}</issued><modified>${iso(one.updatedMs)}</modified><author><name>${xml(one.author)}</name></author><content type="text/html" mode="escaped">${xml(one.html)}</content></entry>`,
        )
        .join("")}</feed>`;
    case "rss1":
      return `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel rdf:about="${blog.site}/"><title>${xml(blog.title)}</title><link>${blog.site}/</link><dc:language>${blog.language}</dc:language></channel>${articles
        .map(
          (one) =>
            `<item rdf:about="${articleGuid(one)}"><title>${xml(one.title)}</title><link>${articleLink(one)}</link><dc:date>${iso(one.publishedMs).replace(".000Z", "+00:00")}</dc:date><dc:creator>${xml(one.author)}</dc:creator><content:encoded><![CDATA[${one.html}]]></content:encoded></item>`,
        )
        .join("")}</rdf:RDF>`;
    case "rss091":
      return `<rss version="0.91"><channel><title>${xml(blog.title)}</title><link>${blog.site}/</link><language>${blog.language}</language>${articles
        .map(
          (one) =>
            `<item><title>${xml(one.title)}</title><link>${articleLink(one)}</link><description>${xml(one.html)}</description><pubDate>${new Date(one.publishedMs).toUTCString()}</pubDate></item>`,
        )
        .join("")}</channel></rss>`;
    default:
      return `<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>${xml(blog.title)}</title><link>${blog.site}/</link><language>${blog.language}</language>${blog.pauseMs > 0 ? `<ttl>${blog.pauseMs / 60_000}</ttl>` : ""}${articles
        .map(
          (one) =>
            `<item><title>${xml(one.title)}</title><link>${articleLink(one)}</link><guid isPermaLink="false">${xml(articleGuid(one))}</guid><dc:creator>${xml(one.author)}</dc:creator><pubDate>${new Date(one.publishedMs).toUTCString()}</pubDate><description>${xml(one.title)}</description><content:encoded><![CDATA[${one.html}]]></content:encoded></item>`,
        )
        .join("")}</channel></rss>`;
  }
}

function json(blog: Blog, articles: readonly Article[]): string {
  return JSON.stringify({
    version: "https://jsonfeed.org/version/1.1",
    title: blog.title,
    home_page_url: `${blog.site}/`,
    language: blog.language,
    items: articles.map((one) => ({
      id: articleGuid(one),
      url: articleLink(one),
      title: one.title,
      content_html: one.html,
      date_published: iso(one.publishedMs),
      ...(one.revision > 0 && { date_modified: iso(one.updatedMs) }),
      authors: [{ name: one.author }],
    })),
  });
}
