import type { ExpectedFields, FieldKind } from "../../core/expected.ts";
import { isJson } from "../json/decode.ts";
import { readXml } from "./xml.ts";

const fieldsOf = (kind: FieldKind, names: string): Readonly<Record<string, FieldKind>> => Object.fromEntries(names.split(" ").map((name) => [name, kind]));

/** Of extensions that items of any format carry (RSS modules, Media RSS, iTunes, Atom threading, GeoRSS). */
const extensions = fieldsOf(
  "any",
  "content:encoded dc:creator dc:date dc:subject dc:title dc:identifier dc:rights dc:publisher dc:language dc:type dc:format dc:source dcterms:modified dcterms:created dcterms:issued " +
    "media:content media:thumbnail media:group media:title media:description media:credit media:keywords media:rating media:community itunes:author itunes:subtitle itunes:summary " +
    "itunes:duration itunes:explicit itunes:image itunes:keywords itunes:episode itunes:season itunes:episodetype itunes:title slash:comments slash:section slash:department slash:hit_parade " +
    "thr:total thr:in-reply-to wfw:commentrss wfw:comment feedburner:origlink feedburner:origenclosurelink atom:link atom:author atom:updated atom:published atom:id " +
    "georss:point geo:lat geo:long yt:videoid yt:channelid post-id podcast:transcript podcast:chapters podcast:person",
);

/** How many elements of an item are looked at. */
const mostElements = 200;

/**
 * Items of RSS 0.9 to 2.0 (rssboard.org/rss-specification), entries of Atom (RFC 4287), and items of JSON Feed 1.1 (jsonfeed.org), read 2026-11.
 * Elements are told by their names in small letters, with the usual prefix; nothing of RSS's item is required but a title or a description.
 */
export const expected: ExpectedFields = {
  entities: {
    item: {
      required: {},
      optional: { ...fieldsOf("text", "title description link guid pubdate author category comments source"), enclosure: "object", ...extensions },
      isCopy: true,
    },
    entry: {
      required: fieldsOf("text", "id title updated"),
      optional: { ...fieldsOf("text", "published summary content author contributor category rights source link modified issued created"), ...extensions },
      isCopy: true,
    },
    "json-item": {
      required: { id: "any" },
      optional: {
        ...fieldsOf("text", "url external_url title content_html content_text summary image banner_image language"),
        ...fieldsOf("instant", "date_published date_modified"),
        ...fieldsOf("list", "authors tags attachments"),
        author: "object",
      },
    },
  },
  *find(message) {
    const { xml, item } = message;
    if (isJson(item)) yield ["json-item", item];
    if (typeof xml !== "string" || message["deletedAt"] !== undefined) return;
    const node = readXml(xml, prefixesOf(message["prefixes"])).root.children[0];
    if (node === undefined) return;
    const found: Record<string, unknown> = {};
    for (const one of node.children.slice(0, mostElements)) {
      const name = one.name.startsWith("atom:") && node.name === "atom:entry" ? one.name.slice(5) : one.name;
      // An element without words says what it says by attributes or by what stands in it.
      found[name] ??= one.text.trim() !== "" || name !== "enclosure" ? one.text : Object.fromEntries(one.attributes);
    }
    yield [node.name === "entry" || node.name === "atom:entry" ? "entry" : "item", found];
  },
};

function prefixesOf(value: unknown): ReadonlyMap<string, string> {
  return new Map(isJson(value) ? Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === "string") : []);
}
