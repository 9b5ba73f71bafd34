import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { entriesOf, readFeed } from "./entry.ts";
import { nasty, seenAt } from "./nasty.fixtures.ts";
import { parseRss } from "./parse.ts";

const feed = "blog.example/feed";
const url = "https://blog.example/feed";

function read(bytes: Uint8Array, contentType?: string) {
  return entriesOf(readFeed(bytes, contentType), { feed, url, seenAt });
}

for (const { name, bytes, contentType, wanted } of nasty) {
  test(`${name}: what can be read of it is read, with its id and date`, () => {
    const entries = read(bytes, contentType);
    const came = entries.map(({ raw }) => {
      const [outcome] = parseRss(raw.bytes);
      return outcome !== undefined && "keep" in outcome && outcome.keep.type === "post" ? outcome.keep.post : "rejected";
    });
    assert.equal(came.length, wanted.length, JSON.stringify(came, undefined, 1));
    for (const [i, want] of wanted.entries()) {
      const post = came[i];
      if (want === "rejected" || post === "rejected" || post === undefined) {
        assert.equal(post, want);
        continue;
      }
      const [id, createdAt, text] = want;
      assert.ok(post.id.startsWith(id.startsWith("#") ? feed + id : id), post.id);
      if (!id.endsWith("#")) assert.equal(post.id.length, (id.startsWith("#") ? feed + id : id).length, post.id);
      assert.equal(new Date(post.createdAt).toISOString(), createdAt === "seen" ? new Date(seenAt).toISOString() : createdAt);
      assert.ok(post.text.includes(text) || post.text.includes(text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")), post.text);
    }
  });
}

test("what is no feed is refused by name, whatever it is", () => {
  for (const text of ["", "hello", "<html><body>404</body></html>", "{}", "[1]", "null", "<", "&", "<opml/>"]) {
    assert.throws(() => readFeed(Buffer.from(text)), { name: "EarshotError" }, text);
  }
});

test("any bytes, and any feed with any bytes changed, are read without a throw that is not ours, the same each time", () => {
  const models = nasty.map(({ bytes }) => bytes).filter((bytes) => bytes.length < 5_000);
  const changed = fc.tuple(fc.constantFrom(...models), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.nat(5_000)).map(([model, changes, end]) => {
    const bytes = Buffer.from(model);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return end < 2_500 ? bytes.subarray(0, end) : bytes;
  });
  const pieces = fc
    .array(
      fc.constantFrom(
        "<item>",
        "</item>",
        "<title>",
        "</title>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<!DOCTYPE [",
        "]>",
        "&lt;",
        "&#0;",
        "&#xffffffff;",
        "<a b='",
        '"',
        ">",
        "<?",
        "<entry",
        "/>",
        "x",
      ),
    )
    .map((parts) => Buffer.from(`<rss>${parts.join("")}`));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), changed, pieces), (bytes) => {
      let entries;
      try {
        entries = read(bytes);
      } catch (thrown) {
        assert.equal(thrown instanceof Error && thrown.name, "EarshotError", String(thrown));
        return;
      }
      assert.deepEqual(
        entries.map(({ raw }) => Buffer.from(raw.bytes).toString()),
        read(bytes).map(({ raw }) => Buffer.from(raw.bytes).toString()),
      );
      for (const { raw } of entries) {
        const [outcome] = parseRss(raw.bytes);
        assert.ok(outcome !== undefined);
        if ("keep" in outcome && outcome.keep.type === "post") {
          assert.equal(raw.key, outcome.keep.post.id);
          assert.equal(raw.actor, outcome.keep.post.author.id);
          assert.ok(outcome.keep.post.createdAt <= seenAt);
        }
      }
    }),
    { numRuns: 3_000 },
  );
});

test("hostile documents of a megabyte cost no more than honest ones", () => {
  const hostile = ["<![CDATA[", "<!--", "<?", '<a b="', "</a", "<a ", "&", "<item>", "<b>", "<!x[", "<title>", "href='", "<a " + "x".repeat(80) + " ".repeat(200)];
  for (const piece of hostile) {
    const bytes = Buffer.from(`<rss><channel>${piece.repeat(Math.ceil(1_000_000 / piece.length))}`);
    const before = process.cpuUsage();
    try {
      for (const { raw } of read(bytes)) parseRss(raw.bytes);
    } catch (thrown) {
      assert.equal(thrown instanceof Error && thrown.name, "EarshotError");
    }
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 3_000_000, `${piece.slice(0, 20)}: ${(user + system) / 1000} ms`);
  }
});
