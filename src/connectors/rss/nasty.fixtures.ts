/** When the feeds are read. */
export const seenAt = Date.UTC(2026, 10, 1, 12);

/** An item as it must come out: its id within the feed, when it was made, and what its text has. `seen`: when it was read. */
export type Wanted = readonly [id: string, createdAt: string, text: string] | "rejected";

export interface Nasty {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly contentType?: string;
  readonly wanted: readonly Wanted[];
}

const utf8 = (text: string) => Buffer.from(text, "utf8");
const latin1 = (text: string) => Buffer.from(text, "latin1");
const utf16 = (text: string, isBig = false, mark = true) => {
  const bytes = Buffer.from((mark ? "\ufeff" : "") + text, "utf16le");
  return isBig ? bytes.swap16() : bytes;
};
const rss = (items: string, head = "") => `<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><link>https://blog.example/</link>${head}${items}</channel></rss>`;
const item = (n: number, rest = "", date = "Fri, 01 May 2026 12:00:00 GMT") =>
  `<item><guid isPermaLink="false">${n}</guid><title>title ${n}</title><pubDate>${date}</pubDate>${rest}</item>`;
const may = "2026-05-01T12:00:00.000Z";
const usual = (n: number): Wanted => [`#${n}`, may, `title ${n}`];
const dated = (name: string, date: string, wanted: string): Nasty => ({ name: `date: ${name}`, bytes: utf8(rss(item(1, "", date))), wanted: [["#1", wanted, "title 1"]] });
/** "日本語の記事" and "中文文章". */
const japanese = Buffer.from([0x93, 0xfa, 0x96, 0x7b, 0x8c, 0xea, 0x82, 0xcc, 0x8b, 0x4c, 0x8e, 0x96]);
const chinese = Buffer.from([0xd6, 0xd0, 0xce, 0xc4, 0xce, 0xc4, 0xd5, 0xc2]);
const around = (encoding: string, title: Uint8Array) =>
  Buffer.concat([
    latin1(`<?xml version="1.0" encoding="${encoding}"?><rss version="2.0"><channel><item><guid isPermaLink="false">1</guid><title>`),
    title,
    latin1("</title><pubDate>Fri, 01 May 2026 12:00:00 GMT</pubDate></item></channel></rss>"),
  ]);
const bomb = `<!DOCTYPE rss [<!ENTITY a "lollollollol">${Array.from({ length: 20 }, (_, i) => `<!ENTITY a${i} "${`&a${i - 1};`.repeat(10)}">`).join("")}<!ENTITY file SYSTEM "file:///etc/passwd">]>`;

export const nasty: readonly Nasty[] = [
  // formats
  { name: "RSS 0.90 by its namespace", bytes: utf8(`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel><title>T</title></channel><item><title>zero</title><link>https://other.example/0</link></item></rdf:RDF>`), wanted: [["#https://other.example/0", "seen", "zero"]] },
  { name: "RSS 0.91 with its DTD", bytes: utf8(`<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><item><title>Caf&eacute;</title><link>https://blog.example/1</link></item></channel></rss>`), wanted: [["https://blog.example/1", "seen", "Café"]] },
  { name: "RSS 1.0 with its items behind the channel", bytes: utf8(`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:d="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><items><rdf:Seq><rdf:li resource="https://blog.example/1"/></rdf:Seq></items></channel><item rdf:about="https://blog.example/1"><title>one</title><d:date>2026-05-01T14:00+02:00</d:date></item></rdf:RDF>`), wanted: [["https://blog.example/1", may, "one"]] },
  { name: "Atom 0.3 with escaped content and issued", bytes: utf8(`<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><id>tag:a,1</id><title mode="escaped">a &amp;amp; b</title><issued>2026-05-01T12:00:00Z</issued><modified>2026-05-02T12:00:00Z</modified><content type="text/html" mode="escaped">&lt;p&gt;body&lt;/p&gt;</content></entry></feed>`), wanted: [["#tag:a,1", may, "body"]] },
  { name: "Atom with a prefix on every element", bytes: utf8(`<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:id>1</a:id><a:title>pre</a:title><a:link href="https://blog.example/1"/><a:updated>2026-05-01T12:00:00Z</a:updated></a:entry></a:feed>`), wanted: [["#1", may, "pre"]] },
  { name: "Atom xhtml with a prefix inside", bytes: utf8(`<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title type="text">&lt;not a tag&gt;</title><updated>2026-05-01T12:00:00Z</updated><content type="xhtml"><x:div xmlns:x="http://www.w3.org/1999/xhtml"><x:p>deep</x:p></x:div></content></entry></feed>`), wanted: [["#1", may, "<p>deep</p>"]] },
  { name: "JSON Feed 1 with an author, numbers as ids and no version", bytes: utf8(`{"title":"T","author":{"name":"Ann"},"items":[{"id":1,"content_text":"one","date_published":"2026-05-01T14:00:00+02:00"},{"id":"2","content_html":"<p>two","date_published":null},null,{"id":"3"},7]}`), contentType: "application/json", wanted: [["#1", may, "one"], ["#2", "seen", "two"], "rejected", "rejected", "rejected"] },
  { name: "JSON Feed with a byte order mark", bytes: utf8(`\ufeff {"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","title":"mark","date_modified":"2026-05-01T12:00:00Z"}]}`), wanted: [["#1", may, "mark"]] },
  // broken XML
  { name: "bare ampersands and stray angles", bytes: utf8(rss(item(1, `<link>https://blog.example/?a=1&b=2</link><description>a < b & c > d && e</description>`))), wanted: [["#1", may, "a < b & c > d && e"]] },
  { name: "an item that never ends before the next", bytes: utf8(rss(`<item><guid>1</guid><title>title 1</title><pubDate>Fri, 01 May 2026 12:00:00 GMT</pubDate>${item(2)}`)), wanted: [usual(1), usual(2)] },
  { name: "leaves that never end", bytes: utf8(rss(`<item><guid>1<title>title 1<pubDate>Fri, 01 May 2026 12:00:00 GMT<description>text</item>${item(2)}`)), wanted: [usual(1), usual(2)] },
  { name: "wrong end tags", bytes: utf8(rss(`<item><guid>1</guid></b></item2><title>title 1</titel></title><pubDate>Fri, 01 May 2026 12:00:00 GMT</pubDate></item></channel>${item(2)}</rss></rss>`)), wanted: [usual(1), usual(2)] },
  { name: "a document cut off in its last item", bytes: utf8(`<rss><channel>${item(1)}${item(2)}<item><guid>3</guid><title>tit`), wanted: [usual(1), usual(2)] },
  { name: "a document cut off inside a tag", bytes: utf8(`<rss><channel>${item(1)}<item><guid isPerma`), wanted: [usual(1)] },
  { name: "a CDATA section that never ends", bytes: utf8(rss(`${item(1)}<item><guid>2</guid><title><![CDATA[title 2</title><pubDate>Fri, 01 May 2026 12:00:00 GMT</pubDate></item>${item(3)}`)), wanted: [usual(1), usual(2), usual(3)] },
  { name: "CDATA inside CDATA's escape", bytes: utf8(rss(item(1, `<description><![CDATA[one ]]]]><![CDATA[> two]]></description>`))), wanted: [["#1", may, "one ]]> two"]] },
  { name: "HTML without escape, its tags open", bytes: utf8(rss(`${item(1, `<description><p>first<br>second <a href="/x">link</a><img src=y></description>`)}${item(2)}`)), wanted: [["#1", may, `<a href="https://blog.example/x">`], usual(2)] },
  { name: "escaped twice", bytes: utf8(rss(item(1, `<description>&amp;lt;p&amp;gt;deep&amp;lt;/p&amp;gt;</description>`))), wanted: [["#1", may, "&lt;p&gt;deep"]] },
  { name: "attributes without quotes, with wrong quotes and twice", bytes: utf8(rss(`<item><guid isPermaLink=false x=">" x='1' y">1</guid><title>title 1</title><pubDate>Fri, 01 May 2026 12:00:00 GMT</pubDate></item>`)), wanted: [usual(1)] },
  { name: "control characters and a NUL", bytes: utf8(rss(item(1, `<description>a\u0000b\u0008c</description>`))), wanted: [["#1", may, "a b c"]] },
  { name: "spaces and garbage around the document", bytes: utf8(`\n\n  Warning: mysql_connect() in /srv/x.php\n<?xml version="1.0"?>${rss(item(1))}<!-- 0.3 s --><script>x</script>`), wanted: [usual(1)] },
  { name: "upper case", bytes: utf8(`<RSS><CHANNEL><ITEM><GUID>1</GUID><TITLE>title 1</TITLE><PUBDATE>Fri, 01 May 2026 12:00:00 GMT</PUBDATE></ITEM></CHANNEL></RSS>`), wanted: [usual(1)] },
  { name: "prefixes without declaration", bytes: utf8(rss(`<item><guid>1</guid><dc:title>title 1</dc:title><dc:date>2026-05-01T12:00:00Z</dc:date><content:encoded>body</content:encoded></item>`)), wanted: [["#1", may, "body"]] },
  { name: "an entity bomb and an external entity", bytes: utf8(`<?xml version="1.0"?>${bomb}<rss><channel><item><guid>1</guid><title>title 1 &a19; &file;</title><pubDate>Fri, 01 May 2026 12:00:00 GMT</pubDate></item></channel></rss>`), wanted: [["#1", may, "title 1 &a19; &file;"]] },
  { name: "a comment that never ends", bytes: utf8(rss(`${item(1)}<!-- ${item(2)}`)), wanted: [usual(1), usual(2)] },
  { name: "nested ten thousand deep", bytes: utf8(rss(`${item(1, `<description>${"<b>".repeat(10_000)}x</description>`)}${item(2)}`)), wanted: [usual(1), usual(2)] },
  // encodings
  { name: "UTF-16 little-endian with a mark, declared as UTF-8", bytes: utf16(`<?xml version="1.0" encoding="utf-8"?>${rss(item(1, "<description>naïve 日本</description>"))}`), wanted: [["#1", may, "naïve 日本"]] },
  { name: "UTF-16 big-endian without a mark", bytes: utf16(`<?xml version="1.0" encoding="utf-16"?>${rss(item(1, "<description>naïve</description>"))}`, true, false), wanted: [["#1", may, "naïve"]] },
  { name: "windows-1252 in the declaration", bytes: around("windows-1252", Buffer.from([0x93, 0x63, 0x61, 0x66, 0xe9, 0x94])), wanted: [["#1", may, "“café”"]] },
  { name: "windows-1252 that calls itself UTF-8", bytes: around("utf-8", latin1("caf\u00e9")), contentType: "text/xml; charset=utf-8", wanted: [["#1", may, "café"]] },
  { name: "UTF-8 that the server calls iso-8859-1", bytes: around("utf-8", utf8("café")), contentType: "text/xml; charset=ISO-8859-1", wanted: [["#1", may, "café"]] },
  { name: "iso-8859-15 by the content type alone", bytes: around("", Buffer.from([0x35, 0xa4])), contentType: `application/xml; charset="iso-8859-15"`, wanted: [["#1", may, "5€"]] },
  { name: "Shift_JIS", bytes: around("Shift_JIS", japanese), wanted: [["#1", may, "日本語の記事"]] },
  { name: "GB18030", bytes: around("gb18030", chinese), contentType: "text/xml", wanted: [["#1", may, "中文文章"]] },
  { name: "an encoding that nobody knows", bytes: around("x-klingon", utf8("café")), wanted: [["#1", may, "café"]] },
  // ids and links
  { name: "no guid, a relative link", bytes: utf8(rss(`<item><title>a</title><link>/posts/1?x=1&amp;y=2</link></item>`)), wanted: [["https://blog.example/posts/1?x=1&y=2", "seen", "a"]] },
  { name: "a guid that is another host's address", bytes: utf8(rss(`<item><guid>https://victim.example/1</guid><title>a</title></item>`)), wanted: [["#https://victim.example/1", "seen", "a"]] },
  { name: "the same guid twice", bytes: utf8(rss(item(1) + item(1, "<description>again</description>"))), wanted: [usual(1)] },
  { name: "a guid with spaces and one of 5,000 letters", bytes: utf8(rss(`<item><guid>a b\n c</guid><title>a</title></item><item><guid>${"x".repeat(5_000)}</guid><title>b</title></item>`)), wanted: [["#a%20b%20c", "seen", "a"], [`#${"x".repeat(200)}#`, "seen", "b"]] },
  { name: "items that say nothing among those that do", bytes: utf8(rss(`<item></item>${item(1)}<item><guid>x</guid><pubDate>now</pubDate></item><item/>${item(2)}`)), wanted: ["rejected", usual(1), "rejected", "rejected", usual(2)] },
  { name: "a script as link", bytes: utf8(rss(item(1, `<link>javascript:alert(1)</link><description>&lt;a href="javascript:x"&gt;y&lt;/a&gt;</description>`))), wanted: [["#1", may, "title 1"]] },
  // dates
  dated("two-digit year and a named zone", "Fri, 01 May 26 08:00 EDT", may),
  dated("zone names of Europe", "Fri, 1 May 2026 14:00:00 CEST", may),
  dated("an offset without minutes, a comment", "1 May 2026 14:00:00 +02 (Paris)", may),
  dated("no seconds, no weekday, one digit", "1 May 2026 12:00 Z", may),
  dated("a wrong weekday and many spaces", "  Mon,   01  May   2026  12:00:00   GMT ", may),
  dated("American", "May 1, 2026 12:00 PM UTC", may),
  dated("ctime", "Fri May  1 12:00:00 UTC 2026", may),
  dated("ISO in an RSS field, with a space", "2026-05-01 12:00:00 +0000", may),
  dated("German", "Fr, 1. Mai 2026 14:00:00 +0200", may),
  dated("French", "ven., 01 mai 2026 14:00:00 +0200", may),
  dated("Russian", "Пт, 1 мая 2026 15:00:00 +0300", may),
  dated("Japanese", "2026年5月1日 12:00", may),
  dated("seconds since 1970", "1777636800", may),
  dated("dots", "01.05.2026 12:00", may),
  dated("relative", "2 hours ago", "2026-11-01T10:00:00.000Z"),
  dated("relative in German", "vor 3 Tagen", "2026-10-29T12:00:00.000Z"),
  dated("in the future", "Fri, 01 May 2099 12:00:00 GMT", "seen"),
  dated("a day that is none", "Sun, 31 Feb 2026 12:00:00 GMT", "seen"),
  dated("1970", "Thu, 01 Jan 1970 00:00:00 GMT", "seen"),
  dated("year one", "0001-01-01T00:00:00Z", "seen"),
  dated("words", "sometime last spring", "seen"),
  dated("empty", "", "seen"),
  // more of each
  { name: "HTML in the title, escaped and in CDATA", bytes: utf8(rss(`<item><guid>1</guid><title>&lt;b&gt;title 1&lt;/b&gt; &amp;amp; more</title><pubDate>Fri, 01 May 2026 12:00:00 GMT</pubDate></item><item><guid>2</guid><title><![CDATA[<i>title 2</i> &eacute;]]></title><pubDate>Fri, 01 May 2026 12:00:00 GMT</pubDate></item>`)), wanted: [["#1", may, "<b>title 1</b>"], ["#2", may, "title 2"]] },
  { name: "CDATA in every field, twice in one", bytes: utf8(rss(`<item><guid isPermaLink="false"><![CDATA[1]]></guid><title><![CDATA[tit]]><![CDATA[le 1]]></title><pubDate><![CDATA[ Fri, 01 May 2026 12:00:00 GMT ]]></pubDate><link><![CDATA[https://blog.example/?a=1&b=2]]></link></item>`)), wanted: [usual(1)] },
  { name: "two documents one after the other", bytes: utf8(rss(item(1)) + rss(item(2))), wanted: [usual(1), usual(2)] },
  { name: "a mark before the declaration, and one in the middle", bytes: utf8(`\ufeff\ufeff<?xml version="1.0"?>${rss(`${item(1)}\ufeff${item(2)}`)}`), wanted: [usual(1), usual(2)] },
  { name: "a namespace of a version nobody knows", bytes: utf8(`<feed xmlns="http://www.w3.org/2999/Atom"><entry><id>1</id><title>title 1</title><published>2026-05-01T12:00:00Z</published></entry></feed>`), wanted: [usual(1)] },
  { name: "Atom's entries in a channel of RSS", bytes: utf8(`<rss version="2.0"><channel><entry><id>1</id><title>title 1</title><updated>2026-05-01T12:00:00Z</updated></entry>${item(2)}</channel></rss>`), wanted: [usual(1), usual(2)] },
  { name: "items beside the channel, without one", bytes: utf8(`<rss>${item(1)}${item(2)}</rss>`), wanted: [usual(1), usual(2)] },
  { name: "an item without its document", bytes: utf8(item(1)), wanted: [usual(1)] },
  { name: "XML 1.1 with references to control characters", bytes: utf8(`<?xml version="1.1"?>${rss(item(1, "<description>a&#1;b&#x1F;c&#0;d&#xD800;e&#x110000;f</description>"))}`), wanted: [["#1", may, "a"]] },
  { name: "HTML's entities without a DTD", bytes: utf8(rss(item(1, "<description>caf&eacute; &ndash; 5&nbsp;&euro; &hellip; &unknown;</description>"))), wanted: [["#1", may, "café – 5"]] },
  { name: "entities without their semicolon", bytes: utf8(rss(item(1, "<description>a &amp b &lt c</description>"))), wanted: [["#1", may, "b"]] },
  { name: "windows-1251", bytes: around("windows-1251", Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2])), wanted: [["#1", may, "Привет"]] },
  { name: "KOI8-R", bytes: around("koi8-r", Buffer.from([0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4])), wanted: [["#1", may, "Привет"]] },
  { name: "EUC-KR", bytes: around("euc-kr", Buffer.from([0xc7, 0xd1, 0xb1, 0xdb])), wanted: [["#1", may, "한글"]] },
  { name: "ISO-2022-JP", bytes: around("iso-2022-jp", Buffer.concat([Buffer.from([0x1b, 0x24, 0x42, 0x46, 0x7c, 0x4b, 0x5c]), Buffer.from([0x1b, 0x28, 0x42])])), wanted: [["#1", may, "日本"]] },
  { name: "UTF-8 with broken bytes in one item", bytes: Buffer.concat([utf8("<rss><channel>"), utf8(item(1)), utf8("<item><guid>2</guid><title>title 2 "), Buffer.from([0xc3, 0x28, 0xff]), utf8("</title><pubDate>Fri, 01 May 2026 12:00:00 GMT</pubDate></item></channel></rss>")]), wanted: [usual(1), ["#2", may, "title 2"]] },
  { name: "UTF-16 with its last byte missing", bytes: utf16(rss(item(1))).subarray(0, -1), wanted: [usual(1)] },
  { name: "a link without a scheme and one with spaces", bytes: utf8(rss(`<item><title>a</title><link>//blog.example/1</link></item><item><title>b</title><link>  https://blog.example/2\n</link></item>`)), wanted: [["https://blog.example/1", "seen", "a"], ["https://blog.example/2", "seen", "b"]] },
  { name: "neither guid nor link, the same words on two days", bytes: utf8(rss(`<item><title>weather</title><pubDate>Fri, 01 May 2026 12:00:00 GMT</pubDate></item><item><title>weather</title><pubDate>Sat, 02 May 2026 12:00:00 GMT</pubDate></item>`)), wanted: [["#", may, "weather"], ["#", "2026-05-02T12:00:00.000Z", "weather"]] },
  { name: "an empty guid beside a link", bytes: utf8(rss(`<item><guid></guid><title>a</title><link>https://blog.example/1</link></item>`)), wanted: [["https://blog.example/1", "seen", "a"]] },
  { name: "JSON Feed with comments' and trailing garbage's worth of fields", bytes: utf8(`{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","content_text":"title 1","date_published":"2026-05-01T12:00:00Z","authors":"x","tags":{},"attachments":[1],"_ext":{"a":[1]}}],"hubs":7}`), wanted: [usual(1)] },
  dated("Spanish", "vie, 01 may 2026 12:00:00 GMT", may),
  dated("Italian", "ven, 1 maggio 2026 14:00:00 +0200", may),
  dated("Portuguese", "Sex, 01 Mai 2026 12:00:00 +0000", may),
  dated("Polish", "pt., 1 maj 2026 14:00:00 +0200", may),
  dated("Dutch", "vr, 01 mei 2026 14:00:00 +0200", may),
  dated("Turkish", "Cum, 01 May 2026 15:00:00 +0300", may),
  dated("Chinese", "2026年5月1日 12:00:00", may),
  dated("Korean", "2026년 5월 1일 12:00", may),
  dated("slashes, year first", "2026/05/01 12:00:00", may),
  dated("a time before the date", "12:00 1 May 2026", may),
  dated("milliseconds since 1970", "1777636800000", may),
  dated("an offset with a colon in an RSS date", "Fri, 01 May 2026 14:00:00 +02:00", may),
  dated("a military zone", "Fri, 01 May 2026 12:00:00 Z", may),
  dated("UTC with an offset behind", "Fri, 01 May 2026 14:00:00 GMT+0200", may),
  dated("twice the zone", "Fri, 01 May 2026 12:00:00 +0000 GMT", may),
  dated("ISO week form is no date", "2026-W18-5", "seen"),
  dated("yesterday", "yesterday", "2026-10-31T12:00:00.000Z"),
  dated("relative in French", "il y a 2 heures", "2026-11-01T10:00:00.000Z"),
  dated("relative in Spanish", "hace 3 días", "2026-10-29T12:00:00.000Z"),
  dated("relative in minutes, short", "5 min ago", "2026-11-01T11:55:00.000Z"),
]; // prettier-ignore
