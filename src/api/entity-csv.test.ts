import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { entityConfigSchema } from "../core/linking.ts";
import { entityCsv, parseEntityCsv } from "./entity-csv.ts";

const word = fc.stringMatching(/^[A-Za-z@#=+"' ,äß東\n-]{1,12}$/u).filter((text) => text.trim() === text && text !== "" && !/^'[=+\-@]/u.test(text));
const entity = fc
  .record({
    name: word,
    kind: fc.constantFrom("brand", "person", "place"),
    aliases: fc.array(word, { maxLength: 3 }),
    context: fc.array(word, { maxLength: 3 }),
    country: fc.constantFrom("de", "us"),
    latitude: fc.integer({ min: -90, max: 90 }),
  })
  .map((config) => entityConfigSchema.parse(config));

test("what is exported is imported again as it was", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entity, { maxLength: 5 }), async (entities) => {
      const items = entities.map((config, i) => ({ id: `e-${i}`, ...config }));
      assert.deepEqual(
        await parseEntityCsv(entityCsv(items)),
        items.map(({ id, ...config }) => ({ id, entity: config })),
      );
    }),
    { numRuns: 200 },
  );
});

test("columns come in any order, and a fault is told with its line", async () => {
  const [item] = await parseEntityCsv("name,aliases,id\r\nAcme,AcmeCo; Acme Inc,acme\r\n");
  assert.deepEqual([item?.id, item?.entity.aliases], ["acme", ["AcmeCo", "Acme Inc"]]);
  await assert.rejects(parseEntityCsv("id,name\na,A\nB c,x\n"), { code: "CONFIG_INVALID", message: /line 3/ });
  await assert.rejects(parseEntityCsv("id,title\na,A\n"), { code: "CSV_INVALID", message: /title/ });
  await assert.rejects(parseEntityCsv('id,name\na,"A\n'), { code: "CSV_INVALID" });
});

test("a cell that a spreadsheet would run is marked as text", () => {
  assert.match(entityCsv([{ id: "e", ...entityConfigSchema.parse({ name: "=1+1" }) }]), /e,'=1\+1,/);
});
