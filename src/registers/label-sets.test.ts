import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startTestPostgres, type TestPostgres } from "../catalog/catalog.fixtures.ts";
import { authorIdFrom, postIdFrom } from "../core/ids.ts";
import type { Sql } from "../core/sql.ts";
import { type LabelItems, type NewItem, openLabelItems } from "./label-items.ts";
import { type FrozenText, type LabelSet, type LabelSetFields, type LabelSets, openLabelSets } from "./label-sets.ts";
import { registerMigrations } from "./migrations.ts";

let postgres: TestPostgres;
let sql: Sql;
let nowMs = Date.UTC(2026, 10, 22);
let sets: LabelSets;
let items: LabelItems;
let set: LabelSet;
let number = 0;
before(async () => {
  postgres = await startTestPostgres();
  sql = await postgres.database("label-sets", registerMigrations);
  const now = () => nowMs++;
  sets = openLabelSets(sql, now);
  items = openLabelItems(sql, now);
});
after(() => postgres[Symbol.asyncDispose]());

const fields = (more: Partial<LabelSetFields> = {}): LabelSetFields => ({
  name: `complaints ${++number}`,
  kind: "classes",
  classes: ["complaint", "praise", "other"],
  guidelines: "A complaint names a fault.",
  perText: 1,
  splitBy: "author",
  ...more,
});
const author = (n: number) => authorIdFrom(1, Buffer.alloc(16, n));
const post = (n: number) => postIdFrom(Buffer.alloc(16, n));
const item = (n: number, more: Partial<NewItem> = {}): NewItem => ({
  text: `the ${n}. text`,
  post: post(n),
  author: author(n),
  createdAt: n,
  platform: "board",
  language: "en",
  origin: { by: "random" },
  rank: n,
  ...more,
});
beforeEach(async () => {
  set = await sets.add(fields(), "ann");
});

async function freeze(of = set) {
  const texts: FrozenText[] = (await items.settled(of.id)).map(({ set: _set, origin: _origin, post: _post, addedAt: _addedAt, state: _state, ...text }) => ({
    ...text,
    part: text.part ?? "train",
    isNew: text.part === undefined,
  }));
  return sets.freeze(of.id, { texts, leftOut: 0 }, "ann");
}

describe("labelling", () => {
  test("a text goes to an annotator once, in the order of its rank, and is settled when enough say the same", async () => {
    const two = await sets.add(fields({ perText: 2 }), "ann");
    assert.deepEqual(await items.add(two.id, [item(2), item(1), item(2)]), { added: 2, known: 1, labels: 0 });
    const [first, second] = await items.next(two.id, "ann", 10);
    assert.deepEqual([first?.text, second?.text], ["the 1. text", "the 2. text"]);
    const id = first?.id ?? "";
    assert.equal((await items.annotate(two.id, id, "ann", { label: "praise" }, 1_200)).state, "open");
    assert.deepEqual(
      (await items.next(two.id, "ann", 10)).map((one) => one.text),
      ["the 2. text"],
    );
    const settled = await items.annotate(two.id, id, "ben", { label: "praise" }, 800);
    assert.deepEqual([settled.state, settled.label], ["settled", "praise"]);
    assert.deepEqual(
      (await items.next(two.id, "cem", 10)).map((one) => one.text),
      ["the 2. text"],
    );
  });

  test("two who disagree leave a conflict, which an adjudicator settles and opens again", async () => {
    await items.add(set.id, [item(1)]);
    const [one] = await items.next(set.id, "ann", 1);
    const id = one?.id ?? "";
    await items.annotate(set.id, id, "ann", { label: "praise" }, 0);
    assert.deepEqual([(await items.annotate(set.id, id, "ben", { label: "other" }, 0)).state, (await items.get(set.id, id)).label], ["conflict", undefined]);
    const chosen = await items.settle(set.id, id, { label: "complaint" }, "eve");
    assert.deepEqual([chosen.state, chosen.label, chosen.settledBy], ["settled", "complaint", "eve"]);
    assert.equal((await items.annotate(set.id, id, "ben", { label: "praise" }, 0)).label, "complaint", "what an adjudicator chose stays");
    const again = await items.settle(set.id, id, undefined, "eve");
    assert.deepEqual([again.state, again.label, again.settledBy], ["settled", "praise", undefined]);
  });

  test("undo takes back the annotator's own newest word and nothing else", async () => {
    await items.add(set.id, [item(1), item(2)]);
    const [first, second] = await items.next(set.id, "ann", 2);
    await items.annotate(set.id, first?.id ?? "", "ann", { label: "praise" }, 0);
    await items.annotate(set.id, second?.id ?? "", "ann", "skipped", 0);
    await items.annotate(set.id, second?.id ?? "", "ben", { label: "other" }, 0);
    assert.equal((await items.undo(set.id, "ann"))?.id, second?.id);
    assert.equal((await items.get(set.id, second?.id ?? "")).state, "settled", "ben's word stands");
    assert.deepEqual([(await items.undo(set.id, "ann"))?.state, await items.undo(set.id, "ann")], ["open", undefined]);
  });

  test("spans are agreed on when they are the same", async () => {
    const spans = await sets.add(fields({ kind: "spans", classes: ["product"], perText: 2 }), "ann");
    await items.add(spans.id, [item(1)]);
    const [one] = await items.next(spans.id, "ann", 1);
    const value = { spans: [{ start: 0, end: 3, kind: "product" }] };
    await items.annotate(spans.id, one?.id ?? "", "ann", value, 0);
    const settled = await items.annotate(spans.id, one?.id ?? "", "ben", value, 0);
    assert.deepEqual([settled.state, settled.spans], ["settled", value.spans]);
    assert.equal((await items.annotate(spans.id, one?.id ?? "", "ben", { spans: [] }, 0)).state, "conflict");
  });

  test("what was said elsewhere is a label of its annotator, and the progress counts it", async () => {
    await items.add(set.id, [item(1, { said: { annotator: "import", value: { label: "praise" } } }), item(2)]);
    await items.annotate(set.id, (await items.next(set.id, "ann", 1))[0]?.id ?? "", "ann", { label: "other" }, 2_000);
    const { byState, left, annotators, byClass } = await items.progress(set.id, "ann");
    assert.deepEqual(byState, { open: 0, settled: 2, conflict: 0 });
    assert.equal(left, 0);
    assert.deepEqual(annotators, [
      { name: "ann", labelled: 1, skipped: 0, medianMs: 2_000 },
      { name: "import", labelled: 1, skipped: 0, medianMs: 0 },
    ]);
    assert.deepEqual(byClass, { praise: 1, other: 1 });
  });

  test("a class with labels stays, one without goes, and fewer labels a text settle more", async () => {
    const two = await sets.add(fields({ perText: 2 }), "ann");
    await items.add(two.id, [item(1, { said: { annotator: "import", value: { label: "praise" } } })]);
    await assert.rejects(sets.change(two.id, { classes: ["complaint"] }), { code: "CONFLICT" });
    assert.deepEqual((await sets.change(two.id, { classes: ["complaint", "praise"], perText: 1 })).classes, ["complaint", "praise"]);
    await items.resettle(two.id);
    assert.equal((await items.settled(two.id)).length, 1);
  });
});

describe("versions", () => {
  const labelled = (n: number, label = "praise") => item(n, { said: { annotator: "import", value: { label } } });

  test("a version says what it said when the set goes on", async () => {
    await items.add(set.id, [labelled(1), labelled(2, "other")]);
    const frozen = await freeze();
    assert.deepEqual([frozen.version, frozen.count, frozen.hash.length], [1, 2, 64]);
    await items.add(set.id, [labelled(3), labelled(1, "complaint")]);
    await sets.change(set.id, { guidelines: "New ones.", classes: ["complaint", "praise", "other", "question"] });
    const { version, texts, gone } = await sets.readVersion(set.id, 1);
    assert.deepEqual([version, gone], [frozen, 0]);
    assert.deepEqual(texts.map(({ text, label, part }) => [text, label, part]).toSorted(), [
      ["the 1. text", "praise", "train"],
      ["the 2. text", "other", "train"],
    ]);
    const next = await freeze();
    assert.deepEqual([next.version, next.task.guidelines], [2, "New ones."]);
    assert.notEqual(next.hash, frozen.hash);
    await assert.rejects(freeze(), { code: "CONFLICT" }, "nothing has changed since");
  });

  test("what is not what was frozen is refused", async () => {
    await items.add(set.id, [labelled(1)]);
    await freeze();
    await sql.query("update label_version_items set label = 'other' where label_set = $1", [set.id]);
    await assert.rejects(sets.readVersion(set.id, 1), { code: "STORE_CORRUPT" });
  });

  test("an erased author is in no table and no version, and the version counts what is gone", async () => {
    await items.add(set.id, [labelled(1), labelled(2), labelled(3)]);
    const frozen = await freeze();
    assert.equal(await sets.countOf([author(1)]), await countOf(author(1)));
    const before = await sets.countOf([author(1)]);
    assert.ok(before > 0);
    assert.equal(await sets.removeAuthors([author(1)]), before);
    assert.equal((await sets.removePosts([post(2)])) > 0, true);
    await sets.forget();
    const { version, texts, gone } = await sets.readVersion(set.id, 1);
    assert.deepEqual([version, texts.map((one) => one.text), gone], [frozen, ["the 3. text"], 2]);
    assert.deepEqual(
      (await sets.versions(set.id)).map((row) => [row.version, row.gone, row.parts.train]),
      [[1, 2, 1]],
    );
    for (const table of ["label_items", "label_annotations", "label_version_items"]) {
      const { rows } = await sql.query(`select t::text as row from ${table} t`);
      assert.ok(rows.every((row) => !String(row["row"]).includes(author(1))));
    }
    const { rows } = await sql.query("select count(*)::int as orphans from label_annotations a where not exists (select from label_items i where i.id = a.item)");
    assert.equal(rows[0]?.["orphans"], 0);
  });

  async function countOf(of: string) {
    const { rows } = await sql.query("select count(*)::int as n from label_items where author = $1", [of]);
    return rows[0]?.["n"];
  }
});
