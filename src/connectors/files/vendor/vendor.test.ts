import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EarshotError } from "../../../core/errors.ts";
import { importLineParser } from "../import-line.ts";
import { dayFirstOf, readVendorDate } from "./dates.ts";
import { platformOf, postIdentityOf } from "./identity.ts";
import { proposeFor, vendorLines } from "./lines.ts";
import { proposeMapping, vendorFields, vendorMappingSchema } from "./mapping.ts";
import { previewExport, previewLimits } from "./preview.ts";

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 37) yield bytes.subarray(at, at + 37);
}
async function linesOf(file: string | Uint8Array, name = "export.csv", mapping?: Parameters<typeof vendorLines>[2]) {
  const bytes = typeof file === "string" ? Buffer.from(file) : file;
  const lines: Record<string, unknown>[] = [];
  for await (const line of vendorLines(name, chunksOf(bytes), mapping ?? (await proposeFor(name, chunksOf(bytes))))) lines.push(JSON.parse(Buffer.from(line).toString()));
  return lines;
}

const brandwatch = [
  "Report:,Bulk Mentions Download",
  'Brand:,"A brand, with a comma"',
  "Timezone:,Europe/Paris",
  "",
  "Query Id,Query Name,Date,Title,Snippet,Full Text,Url,Domain,Sentiment,Page Type,Language,Country Code,Author,Full Name,Resource Id,Impressions,X Followers,X Likes,X Reposts,X Reply to",
  '1,Okapi,2026-07-01 14:03:22.0,"An okapi …","An okapi","An okapi ""walks"",\nhere",https://twitter.com/ann/status/1234567890123456789?s=20,twitter.com,negative,twitter,en,GBR,ann,Ann,r-1,"1,200",10,"1,234",5,http://twitter.com/bob/status/1234567890123456700',
  "1,Okapi,2026-01-01 00:30:00.0,News,A snippet,,https://paper.example/a,paper.example,neutral,news,fr,FR,,,r-2,,,,,",
  "1,Okapi,someday,Bad,,,https://paper.example/b,paper.example,neutral,news,fr,FR,,,r-3,,,,,",
].join("\r\n");

test("a Brandwatch export is read behind its preamble, in the preamble's time zone", async () => {
  assert.deepEqual(await linesOf(brandwatch), [
    {
      id: "1234567890123456789",
      platform: "x",
      createdAt: "2026-07-01T12:03:22.000Z",
      text: 'An okapi "walks",\nhere',
      author: { id: "ann", handle: "ann", name: "Ann", followers: 10 },
      url: "https://twitter.com/ann/status/1234567890123456789?s=20",
      language: "en",
      likes: 1234,
      shares: 5,
      replyTo: "1234567890123456700",
      vendor: {
        name: "brandwatch",
        "Query Id": "1",
        "Query Name": "Okapi",
        Domain: "twitter.com",
        Sentiment: "negative",
        "Page Type": "twitter",
        Language: "en",
        "Country Code": "GBR",
        "Resource Id": "r-1",
        Impressions: "1,200",
        Snippet: "An okapi",
      },
    },
    {
      id: "https://paper.example/a",
      platform: "web",
      createdAt: "2025-12-31T23:30:00.000Z",
      text: "News\n\nA snippet",
      url: "https://paper.example/a",
      language: "fr",
      country: "fr",
      vendor: {
        name: "brandwatch",
        "Query Id": "1",
        "Query Name": "Okapi",
        Domain: "paper.example",
        Sentiment: "neutral",
        "Page Type": "news",
        Language: "fr",
        "Country Code": "FR",
        "Resource Id": "r-2",
      },
    },
    { $rejected: "DATE_INVALID", reason: "expected a date that can be read; set dayFirst where day and month cannot be told apart" },
  ]);
});

const meltwater = [
  "Date\tHeadline\tURL\tOpening Text\tHit Sentence\tSource\tInfluencer\tCountry\tLanguage\tReach\tSentiment\tDocument ID\tTweet Id\tTwitter Id",
  '07-Jul-2025 05:12PM\t"Zoo opens"\thttps://news.example/zoo\t"The zoo opens."\t"... an okapi ..."\tNews\tJane Doe\tUnited Kingdom\tEnglish\t120000\tPositive\tdoc-1\t\t',
  '27-Mar-20 05:05AM\t\thttps://x.com/ann/statuses/42\t\tAn okapi!\tTwitter\t@ann\tUnited States\tGerman\t10\tNeutral\tdoc-2\t"""42"""\t"""777"""',
].join("\r\n");

test("a Meltwater export is read as UTF-16 with tabs, names of languages and countries as their codes", async () => {
  for (const bytes of [Buffer.from(meltwater), Buffer.from(`\ufeff${meltwater}`, "utf16le"), Buffer.from(`\ufeff${meltwater}`, "utf16le").swap16()]) {
    const [news, tweet] = await linesOf(bytes);
    assert.deepEqual(
      ["id", "platform", "createdAt", "text", "author", "language", "country"].map((name) => news?.[name]),
      ["https://news.example/zoo", "web", "2025-07-07T17:12:00.000Z", "Zoo opens\n\n... an okapi ...", { id: "Jane%20Doe", handle: "Jane Doe", name: "Jane Doe" }, "en", "gb"],
    );
    assert.match(JSON.stringify(news?.["vendor"]), /"Opening Text":"The zoo opens."/);
    assert.deepEqual(
      ["id", "platform", "createdAt", "text", "author", "language", "country"].map((name) => tweet?.[name]),
      ["42", "x", "2020-03-27T05:05:00.000Z", "An okapi!", { id: "777", handle: "ann", name: "@ann" }, "de", "us"],
    );
  }
});

test("a JSON export is read like the CSV, by its own names", async () => {
  const results = [
    {
      resourceId: "r-1",
      url: "https://www.reddit.com/r/zoo/comments/1AbC/title/9xYz/",
      fullText: "an okapi",
      title: "an okapi",
      date: "2026-07-01T14:03:22.000+0200",
      author: "Ann",
      sentiment: "positive",
      queryId: 1,
      pageType: "reddit",
      tags: ["mine"],
    },
  ];
  for (const file of [{ resultsTotal: 1, results }, results]) {
    const [line] = await linesOf(JSON.stringify(file), "export.json");
    assert.deepEqual(line, {
      id: "t1_9xyz",
      platform: "reddit",
      createdAt: "2026-07-01T12:03:22.000Z",
      text: "an okapi",
      author: { id: "u/ann", handle: "Ann" },
      url: "https://www.reddit.com/r/zoo/comments/1AbC/title/9xYz/",
      vendor: { name: "brandwatch", resourceId: "r-1", sentiment: "positive", queryId: 1, pageType: "reddit", tags: ["mine"] },
    });
  }
});

test("every line that is not rejected is one that the import takes", async () => {
  const parse = importLineParser();
  for (const line of [...(await linesOf(brandwatch)), ...(await linesOf(meltwater))]) {
    const [outcome] = parse(Buffer.from(JSON.stringify(line)));
    assert.ok(outcome);
    assert.equal("reject" in outcome, "$rejected" in line, JSON.stringify(outcome));
    if ("keep" in outcome && outcome.keep.type === "post") assert.deepEqual(outcome.keep.post.extra?.["vendor"], line["vendor"]);
  }
});

test("what is no export is refused, a broken row alone is rejected", async () => {
  await assert.rejects(linesOf("a,b\n1,2\n"), { code: "CSV_INVALID" });
  await assert.rejects(linesOf("{", "x.json"), { code: "JSON_INVALID" });
  const [header = ""] = meltwater.split("\r\n");
  const lines = await linesOf(`${header}\n"a"b\t1\n${meltwater.split("\r\n")[2]}\n"open\t`);
  assert.deepEqual(
    lines.map((line) => line["$rejected"] ?? line["id"]),
    ["CSV_INVALID", "42", "CSV_INVALID"],
  );
});

test("a mapping that was kept reads columns of other names, and its own time zone and order of day and month", async () => {
  const mapping = vendorMappingSchema.parse({ vendor: "other", fields: { url: ["Link"], text: ["Words"], date: ["When"] }, timeZone: "America/New_York", dayFirst: true });
  const [line] = await linesOf("Link,Words,When,More\nhttps://youtu.be/dQw4w9WgXcQ,hi,07/08/2026 17:12,x\n", "export.csv", mapping);
  assert.deepEqual([line?.["id"], line?.["platform"], line?.["createdAt"], line?.["vendor"]], ["dQw4w9WgXcQ", "youtube", "2026-08-07T21:12:00.000Z", { name: "other", More: "x" }]);
});

test("dates are read in each form that exports write; what is ambiguous is not guessed", () => {
  const at = (date: string, { time, zone = "UTC", dayFirst }: { time?: string; zone?: string; dayFirst?: boolean } = {}) => {
    const ms = readVendorDate(date, time, zone, dayFirst);
    return ms === undefined ? undefined : new Date(ms).toISOString();
  };
  const noon = "2026-07-08T12:00:00.000Z";
  for (const date of [
    "2026-07-08 12:00:00.0",
    "2026-07-08T12:00:00Z",
    "2026-07-08T14:00:00.000+0200",
    "08-Jul-2026 12:00PM",
    "8 July 2026 12:00",
    "Jul 8, 2026 12:00 PM",
    "Wed, Jul 8 2026 12:00",
    "2026/07/08 12:00",
    "1783512000",
    "1783512000000",
  ])
    assert.equal(at(date), noon, date);
  assert.equal(at("08-Jul-26", { time: "12:00 PM" }), noon);
  assert.equal(at("08-Jul-26", { time: "12:05 AM" }), "2026-07-08T00:05:00.000Z");
  assert.equal(at("07/08/2026 12:00"), undefined);
  assert.equal(at("07/08/2026 12:00", { dayFirst: false }), noon);
  assert.equal(at("13/07/2026 12:00"), "2026-07-13T12:00:00.000Z");
  assert.equal(at("2026-03-29 12:00", { zone: "Europe/Berlin" }), "2026-03-29T10:00:00.000Z");
  assert.equal(at("2026-03-28 12:00", { zone: "Europe/Berlin" }), "2026-03-28T11:00:00.000Z");
  for (const date of ["", "yesterday", "2026-02-30 12:00", "31-Foo-2026", "2026-07-08 25:00"]) assert.equal(at(date), undefined, date);
  assert.deepEqual(
    [dayFirstOf(["01/02/2026", "13/02/2026"]), dayFirstOf(["01/13/2026"]), dayFirstOf(["01/02/2026"]), dayFirstOf(["13/01/2026", "01/13/2026"])],
    [true, false, undefined, undefined],
  );
});

test("a post's address tells the platform and the id that its own connector gives", () => {
  const cases: Readonly<Record<string, string | undefined>> = {
    "https://x.com/ann/status/123": "x 123",
    "http://mobile.twitter.com/ann/statuses/123?x=1": "x 123",
    "https://x.com/i/web/status/123": "x 123",
    "https://x.com/ann": undefined,
    "https://old.reddit.com/r/a/comments/1abc/some_title/": "reddit t3_1abc",
    "https://www.reddit.com/r/a/comments/1abc/some_title/9xyz/?context=3": "reddit t1_9xyz",
    "https://redd.it/1abc": "reddit t3_1abc",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=1": "youtube dQw4w9WgXcQ",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ&lc=UgxAbc": "youtube UgxAbc",
    "https://youtube.com/shorts/dQw4w9WgXcQ": "youtube dQw4w9WgXcQ",
    "https://news.ycombinator.com/item?id=7": "hackernews 7",
    "https://bsky.app/profile/did:plc:abc/post/3k": "bluesky at://did:plc:abc/app.bsky.feed.post/3k",
    "https://bsky.app/profile/ann.example/post/3k": undefined,
    "https://www.facebook.com/12345/posts/67890": "facebook 12345_67890",
    "https://mastodon.example/@ann/116000000000000001": "mastodon mastodon.example/116000000000000001",
    "https://mastodon.example/@ann@far.example/116000000000000001": undefined,
    "https://paper.example/2026/a": undefined,
    "not an address": undefined,
  };
  for (const [address, wanted] of Object.entries(cases)) {
    const identity = postIdentityOf(address);
    assert.equal(identity && `${identity.platform} ${identity.id}`, wanted, address);
  }
  assert.deepEqual(["https://www.instagram.com/p/x", "https://paper.example", "x"].map(platformOf), ["instagram", "web", "web"]);
});

test("whatever stands in a row, a line comes of it", () => {
  const mapping = proposeMapping(["Date", "Headline", "URL", "Opening Text", "Hit Sentence", "Influencer", "Document ID", "Language", "Country", "Likes"]);
  const parse = importLineParser();
  return fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 10 }), async (cells) => {
      const row = Object.fromEntries(["Headline", "URL", "Opening Text", "Influencer", "Document ID", "Language", "Country", "Likes"].map((name, i) => [name, cells[i] ?? ""]));
      const [line] = await linesOf(JSON.stringify([{ ...row, Date: "2026-07-08 12:00" }]), "x.json", mapping);
      assert.ok(line);
      const [outcome] = parse(Buffer.from(JSON.stringify(line)));
      assert.ok(outcome && (!("reject" in outcome) || outcome.reject.code !== "PARSER_FAILED"));
    }),
    { numRuns: 300 },
  );
});

test("a preview of whatever bytes is one within its limits, or a refusal with a code", async () => {
  const cell = fc.oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.constantFrom("Url", "Date", "2026-07-01", '"', '""', "https://x.com/ann/status/1", ""));
  const table = fc
    .array(fc.array(cell, { maxLength: 6 }), { maxLength: 12 })
    .chain((rows) => fc.constantFrom(",", ";", "\t").map((delimiter) => Buffer.from(rows.map((row) => row.join(delimiter)).join("\n"))));
  const json = fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text));
  const file = fc.oneof(table, json, fc.uint8Array({ maxLength: 200 }));
  const mapping = fc.option(
    fc.record({
      vendor: fc.constantFrom("brandwatch" as const, "other" as const),
      fields: fc.dictionary(
        fc.constantFrom(...vendorFields),
        fc.array(
          cell.filter((name) => name !== ""),
          { minLength: 1, maxLength: 2 },
        ),
      ),
      timeZone: fc.constant("UTC"),
    }),
    { nil: undefined },
  );
  let shown = 0;
  await fc.assert(
    fc.asyncProperty(file, fc.constantFrom("csv" as const, "json" as const), fc.boolean(), mapping, async (bytes, format, isWhole, given) => {
      const found = await previewExport(format, chunksOf(bytes), isWhole, given).catch((thrown: unknown) => {
        assert.ok(thrown instanceof EarshotError && ["CSV_INVALID", "JSON_INVALID"].includes(thrown.code), String(thrown));
      });
      if (found === undefined) return;
      shown++;
      assert.equal(found.accepted + found.rejected.rows, found.rows);
      assert.ok(found.rows <= previewLimits.rows && found.posts.length <= previewLimits.posts && found.rejected.first.length <= previewLimits.rejected);
      for (const { samples, filled } of found.columns)
        assert.ok(filled <= found.rows && samples.length <= previewLimits.samples && samples.every((sample) => sample.length <= previewLimits.cellLetters));
    }),
    { numRuns: 1_000 },
  );
  assert.ok(shown > 100, `${shown} previews`);
});

test("an object of JSON that has no text of its own is shown, and what nests without end is refused", async () => {
  const odd = JSON.stringify([{ Date: "2026-07-08 12:00", URL: "https://paper.example/a", Title: { toString: 1, valueOf: 2 }, constructor: "x" }]);
  const { columns, accepted } = await previewExport("json", chunksOf(Buffer.from(odd)), true);
  assert.deepEqual([accepted, columns.find(({ name }) => name === "Title")?.samples], [1, ['{"toString":1,"valueOf":2}']]);
  assert.equal((await linesOf(odd, "export.json")).length, 1);
  const deep = `[{"Date":"2026-07-08","URL":${"[".repeat(50_000)}${"]".repeat(50_000)}}]`;
  for (const isWhole of [true, false])
    await assert.rejects(previewExport("json", chunksOf(Buffer.from(deep)), isWhole), (error) => error instanceof EarshotError && error.code === "ITEM_TOO_DEEP");
});

test("a quote that never closes costs each of its lines once, and no such record is taken for a header", async () => {
  async function* whole() {
    yield Buffer.from(`Place,When\nhere,"x"y\n"${"\n".repeat(400_000)}x`);
  }
  const before = process.cpuUsage();
  const { columns, rows, rejected } = await previewExport("csv", whole(), true);
  const { user } = process.cpuUsage(before);
  assert.deepEqual(
    columns.map(({ name }) => name),
    ["Place", "When"],
  );
  assert.deepEqual([rows, rejected.first.map(({ code }) => code)], [2, ["CSV_INVALID", "CSV_INVALID"]]);
  assert.ok(user < 4_000_000, `${user} microseconds`);
});

test("the beginning of a file is previewed as the whole is, as far as it reaches", async () => {
  const whole = await previewExport("csv", chunksOf(Buffer.from(brandwatch)), true);
  assert.deepEqual([whole.rows, whole.accepted, whole.rejected.first.map(({ row, code }) => [row, code])], [3, 2, [[3, "DATE_INVALID"]]]);
  assert.deepEqual([whole.mapping.vendor, whole.mapping.timeZone], ["brandwatch", "Europe/Paris"]);
  for (let end = brandwatch.indexOf("2026-01-01"); end < brandwatch.length; end += 29) {
    const part = await previewExport("csv", chunksOf(Buffer.from(brandwatch.slice(0, end))), false);
    assert.deepEqual(part.posts, whole.posts.slice(0, part.posts.length), `up to ${end}`);
    assert.ok(part.rows >= 1 && part.rows < 3, `${part.rows} rows up to ${end}`);
  }
});
