import assert from "node:assert/strict";
import { test } from "node:test";
import type { EntitySpan } from "../core/judgement.ts";
import { entityConfigSchema, type Gazetteer, type KnownEntity, type Place, type WordSpace } from "../core/linking.ts";
import type { Draft } from "../core/stage.ts";
import { makeLink } from "./link.ts";
import { register } from "./link.fixtures.ts";
import { stageContract } from "./stage.contract.ts";
import { readyDraft } from "./stage-fixtures.ts";

/** Words of no vector; `the` and `apple` are common. */
const space: WordSpace = { dimensions: 2, rankOf: (word) => (word === "apple" ? 2_000 : word === "the" ? 1 : undefined), add: () => false };
const place = (name: string, country: string, population: number, more: Partial<Place> = {}): Place => ({
  name,
  kind: "city",
  country,
  latitude: 1.5,
  longitude: 2.5,
  population,
  ...more,
});
const places: Readonly<Record<string, readonly Place[]>> = {
  paris: [place("Paris", "fr", 2_100_000, { region: "Île-de-France" }), place("Paris", "us", 25_000, { region: "Texas" })],
  texas: [place("Texas", "us", 21_000_000, { kind: "region", region: "Texas" })],
  france: [place("France", "fr", 60_000_000, { kind: "country" })],
};
const gazetteer: Gazetteer = { find: (words) => places[words] ?? [] };
const options = { space: () => space, gazetteer: () => gazetteer };
const entry = (id: string, config: object): KnownEntity => ({ id, ...entityConfigSchema.parse({ name: id, ...config }) });

stageContract("link", { open: () => makeLink({ ...options, entities: register }), input: "ready" });

function run(text: string, entities: readonly KnownEntity[], change: (draft: Draft) => void = () => undefined): readonly EntitySpan[] {
  using stage = makeLink({ ...options, entities });
  const draft = readyDraft(text);
  change(draft);
  stage.run([draft]);
  return draft.notes?.entities?.spans ?? [];
}
const tag = (text: string, name: string, kind: EntitySpan["kind"]) => (draft: Draft) => {
  const start = text.indexOf(name);
  draft.notes = { entities: { model: "entities@1", spans: [{ start, end: start + name.length, kind }] } };
};

test("a name, an alias, a hashtag and an account all lead to one entry, each where it stands", () => {
  const acme = entry("acme", { name: "Acme Widgets", aliases: ["AcmeCo"], hashtags: ["#AcmeDay"], handles: ["@acme.example"] });
  const text = "Acme Widgets, acmeco and #AcmeDay by @m_handlehere";
  const spans = run(text, [acme], (draft) => {
    draft.accountSpans = [{ start: text.indexOf("@"), end: text.length, handle: "Acme.example" }];
  });
  assert.deepEqual(
    spans.map(({ start, end, link }) => [text.slice(start, end), link?.entity]),
    [
      ["Acme Widgets", "acme"],
      ["acmeco", "acme"],
      ["AcmeDay", "acme"],
      ["@m_handlehere", "acme"],
    ],
  );
});

test("the longest name wins, and none is found within another or within a word", () => {
  const entities = [entry("york", { name: "York", kind: "place" }), entry("new-york", { name: "New York", kind: "place" })];
  assert.deepEqual(
    run("New York", entities).map(({ link }) => link?.entity),
    ["new-york"],
  );
  assert.deepEqual(run("Yorkshire", entities), []);
});

test("an account is one name, also where its handle is a name of the register itself", () => {
  const acme = entry("acme", { name: "Acme", handles: ["acme"] });
  const spans = run("@acme says", [acme], (draft) => {
    draft.accountSpans = [{ start: 0, end: 5, handle: "acme" }];
  });
  assert.deepEqual(
    spans.map(({ start, end }) => [start, end]),
    [[0, 5]],
  );
});

test("names in scripts without spaces are found in longer runs", () => {
  const [span] = run("新しい日産の車", [entry("nissan", { name: "日産", kind: "brand" })]);
  assert.deepEqual([span?.start, span?.end, span?.link?.entity], [3, 5, "nissan"]);
});

test("an entry that is not likely enough is told as a candidate, with its probability", () => {
  const apple = entry("apple", { name: "Apple", against: ["pie"] });
  const [span] = run("the best apple pie", [apple]);
  assert.equal(span?.link, undefined);
  assert.equal(span?.candidates?.[0]?.entity, "apple");
  assert.ok((span?.candidates?.[0]?.probability ?? 1) < 0.5);
});

test("words of an entry's context decide between two that bear one name", () => {
  const entities = [entry("brand", { name: "Quix", context: ["phone"] }), entry("place", { name: "Quix", kind: "place", context: ["river"] })];
  const linked = (text: string) => run(text, entities)[0]?.link?.entity;
  assert.equal(linked("my Quix phone"), "brand");
  assert.equal(linked("swimming at Quix, the river is cold"), "place");
});

test("a tagger's place has a country and a point: the larger one, or the one whose region stands beside", () => {
  const resolved = (text: string) => run(text, [], tag(text, "Paris", "place"))[0]?.place;
  assert.deepEqual(
    [resolved("Rain in Paris")?.country, resolved("Rain in Paris, Texas")?.region, resolved("Texas is hot, so is Paris")?.country, resolved("Paris, France")?.country],
    ["fr", "Texas", "us", "fr"],
  );
  assert.deepEqual([resolved("Rain in Paris")?.latitude, resolved("Rain in Paris")?.longitude], [1.5, 2.5]);
});

test("a place of the register is not linked where the text names another country's", () => {
  const paris = entry("paris", { name: "Paris", kind: "place", country: "fr" });
  assert.equal(run("Grey day in Paris", [paris])[0]?.link?.entity, "paris");
  const [other] = run("Rodeo in Paris, Texas", [paris]);
  assert.equal(other?.link, undefined);
});

test("the note says what found the names: the tagger's version and the register's", () => {
  const text = "Acme from Paris";
  using stage = makeLink({ ...options, entities: [entry("acme", { name: "Acme" })] });
  const modelOf = () => {
    const draft = readyDraft(text);
    tag(text, "Paris", "place")(draft);
    stage.run([draft]);
    return draft.notes?.entities?.model;
  };
  const before = modelOf();
  assert.match(before ?? "", /^entities@1 link@[0-9a-f]{8}$/);
  stage.setEntities([entry("acme", { name: "Acme", context: ["paris"] })]);
  assert.notEqual(modelOf(), before);
});

test("products and brands of the register are kinds of their own", () => {
  const kinds = (kind: string) => run("Novabook", [entry("novabook", { name: "Novabook", kind })])[0]?.kind;
  assert.deepEqual([kinds("product"), kinds("brand"), kinds("person"), kinds("place")], ["product", "organisation", "person", "place"]);
});

test("without a name of the register nothing is noted, and neither vectors nor places are read", () => {
  const refuse = (): never => assert.fail("asked");
  using stage = makeLink({ entities: register, space: refuse, gazetteer: refuse });
  const draft = readyDraft("nothing to see here");
  stage.run([draft]);
  assert.equal(draft.notes, undefined);
});
