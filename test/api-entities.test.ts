import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";

const at = "2026-11-01T00:00:00Z";
const post = (id: string, text: string, author = "ann") => ({ id, platform: "forum", author, text, createdAt: at });

describe("the register of names, over the API", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi({ config: { models: { entities: true } } });
  });
  after(async () => api[Symbol.asyncDispose]());

  const put = (id: string, body: object) => api.ask("PUT", `/api/v1/entities/${id}`, { body });

  it("links new posts by what it says, and finds and counts them by it", async () => {
    assert.equal((await put("apple", { name: "Apple", kind: "brand", context: ["iphone"], against: ["pie", "tree"] })).status, 200);
    await api.import([post("1", "The new iPhone of Apple is out"), post("2", "An apple pie from my tree"), post("3", "Rodeo weekend in Paris, Texas")]);
    await api.settle();
    const found = rowsOf((await api.ask("GET", "/api/v1/posts?q=entity:apple")).body);
    assert.deepEqual(
      found.map(({ text }) => text),
      ["The new iPhone of Apple is out"],
    );
    const span = rowsOf(recordAt(found[0]?.["entities"]), "spans").find((one) => one["link"] !== undefined);
    assert.deepEqual([span?.["start"], span?.["end"], recordAt(span?.["link"])["entity"]], [18, 23, "apple"]);
    const { facets } = (await api.ask("GET", "/api/v1/posts/facets?by=entity")).body;
    assert.deepEqual(rowsOf(recordAt(facets), "entity"), [{ value: "apple", posts: 1 }]);
    const [pie] = rowsOf((await api.ask("GET", "/api/v1/posts?q=pie")).body);
    assert.equal(recordAt(rowsOf(recordAt(rowsOf(recordAt(pie?.["entities"]), "spans")[0]), "candidates")[0])["entity"], "apple");
    const [rodeo] = rowsOf((await api.ask("GET", "/api/v1/posts?q=rodeo")).body);
    const places = rowsOf(recordAt(rodeo?.["entities"]), "spans").flatMap((one) => (one["place"] === undefined ? [] : [recordAt(one["place"])]));
    assert.deepEqual([places[0]?.["name"], places[0]?.["country"], places[0]?.["region"]], ["Paris", "us", "Texas"]);
  });

  it("lets a brand be what an entry of the register is: its figures are those of the meant posts alone", async () => {
    await api.ask("PUT", "/api/v1/terms/apple-inc", { body: { name: "Apple", query: "entity:apple" } });
    await api.import([post("11", "Apple sells the iPhone again"), post("12", "apple pie again")]);
    await api.settle();
    await until("history bears the tag", async () => rowsOf((await api.ask("GET", "/api/v1/posts?q=term:apple-inc")).body).length === 2);
    assert.equal((await api.ask("GET", "/api/v1/posts/count?q=apple")).body["posts"], 4);
  });

  it("links what is stored by a new entry, by changed words, and no more once it is removed", async () => {
    const texts = ["Nimbus ships a new router today", "A nimbus of fog over the river valley", "hello @nimbus-help where is my router", "nothing of the kind"];
    await api.import(texts.map((text, i) => post(`n${i}`, text, "nora")));
    await api.settle();
    const linked = async () => rowsOf((await api.ask("GET", "/api/v1/posts?q=entity:nimbus")).body).map(({ text }) => String(text));
    const isLinked = async () => rowsOf((await api.ask("GET", "/api/v1/entities")).body).every(({ relinked }) => relinked === 1);
    assert.deepEqual(await linked(), []);
    const routers = async () => rowsOf((await api.ask("GET", "/api/v1/posts?q=router")).body).map(({ entities: _entities, towards: _towards, ...rest }) => rest);
    const before = await routers();
    await put("nimbus", { name: "Nimbus", kind: "brand", context: ["router"], against: ["fog", "valley"] });
    await until("stored posts are linked", isLinked);
    assert.deepEqual(await linked(), [texts[0]]);
    assert.deepEqual(await routers(), before, "nothing else of them changes");
    assert.equal((await api.ask("GET", "/api/v1/posts/count?q=*")).body["posts"], 9, "each is counted once");
    const sums = await api.ask("GET", "/api/v1/explore?metric=posts&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z");
    assert.deepEqual([sums.body["answeredBy"], rowsOf(sums.body, "whole")[0]?.["posts"]], ["rollups", 9]);
    await put("nimbus", { name: "Nimbus", kind: "brand", context: ["fog", "valley", "river"], against: ["router", "ships", "today"], handles: ["nimbus-help"] });
    await until("changed words link others", isLinked);
    const [fog, hello, ...others] = (await linked()).toSorted();
    assert.equal(fog, texts[1]);
    assert.match(String(hello), /^hello @m_/, "by the mask of its account");
    assert.deepEqual(others, []);
    assert.equal((await api.ask("POST", "/api/v1/erasures", { body: { author: "nora", now: true } })).status < 300, true);
    await api.import([post("n9", "Nimbus of fog over a valley", "olga")]);
    await api.settle();
    await put("nimbus", { name: "Nimbus", kind: "brand", context: ["fog", "valley"] });
    await until("the register is linked", isLinked);
    assert.deepEqual(await linked(), ["Nimbus of fog over a valley"], "erased posts do not come back");
    assert.equal((await api.ask("DELETE", "/api/v1/entities/nimbus")).status, 204);
    await until("the links are gone", async () => (await linked()).length === 0);
    assert.equal((await api.ask("GET", "/api/v1/posts/count?q=nimbus")).body["posts"], 1);
  });

  it("keeps each change as a version, restores one, and tells a removed one", async () => {
    await put("acme", { name: "Acme" });
    await put("acme", { name: "Acme", aliases: ["AcmeCo"] });
    assert.equal((await put("acme", { name: "Acme", aliases: ["AcmeCo"] })).body["version"], 2);
    assert.equal((await api.ask("DELETE", "/api/v1/entities/acme")).status, 204);
    const restored = (await api.ask("POST", "/api/v1/entities/acme/versions/1/restore")).body;
    assert.deepEqual([restored["version"], restored["aliases"]], [4, []]);
    const versions = rowsOf((await api.ask("GET", "/api/v1/entities/acme/versions")).body);
    assert.deepEqual(
      versions.map(({ version, removed, restoredFrom }) => [version, removed, restoredFrom]),
      [
        [4, false, 1],
        [3, true, undefined],
        [2, false, undefined],
        [1, false, undefined],
      ],
    );
    const audit = new Set(rowsOf((await api.ask("GET", "/api/v1/audit")).body).map(({ action }) => action));
    for (const action of ["entity.put", "entity.remove", "entity.restore"]) assert.ok(audit.has(action), action);
  });

  it("takes many at once or none, as CSV or JSON, and gives them back", async () => {
    const csv = "id,name,kind,aliases\r\nnorvella,Norvella,brand,Norvela;Norv\r\nnovabook,Novabook,product,\r\n";
    assert.deepEqual((await api.ask("POST", "/api/v1/entities/import", { body: { csv } })).body, { added: 2, changed: 0, same: 0 });
    assert.deepEqual((await api.ask("POST", "/api/v1/entities/import", { body: { csv } })).body, { added: 0, changed: 0, same: 2 });
    const broken = await api.ask("POST", "/api/v1/entities/import", {
      body: {
        items: [
          { id: "zeta", name: "Zeta" },
          { id: "eta", name: "Eta", term: "no-such-brand" },
        ],
      },
    });
    assert.equal(broken.status, 400);
    assert.equal(
      rowsOf((await api.ask("GET", "/api/v1/entities")).body).some(({ id }) => id === "zeta"),
      false,
    );
    const exported = await api.ask("GET", "/api/v1/entities/export");
    assert.match(exported.text, /^id,name,kind,aliases,.*\r\n(?:.*\r\n)*norvella,Norvella,brand,Norvela;Norv,/);
  });

  it("forgets the accounts of somebody who is erased, in old versions too", async () => {
    await api.import([{ ...post("21", "hello"), author: { id: "did:plc:zed", handle: "zed.example" } }]);
    await put("zed", { name: "Zed", kind: "person", handles: ["zed.example"] });
    await put("zed", { name: "Zed", kind: "person", handles: ["@zed.example", "zed-work"] });
    await api.settle();
    const hits = async () =>
      rowsOf((await api.ask("POST", "/api/v1/find", { body: { author: "zed.example" } })).body, "stores").find(({ store }) => store === "entities")?.["hits"];
    const before = await hits();
    const { status, text } = await api.ask("POST", "/api/v1/erasures", { body: { author: "zed.example", now: true } });
    assert.equal(status < 300, true, text);
    const [zed] = rowsOf((await api.ask("GET", "/api/v1/entities?kind=person")).body);
    assert.deepEqual([before, zed?.["handles"]], [3, ["zed-work"]]);
    const versions = rowsOf((await api.ask("GET", "/api/v1/entities/zed/versions")).body);
    assert.deepEqual(
      versions.map(({ handles }) => handles),
      [["zed-work"], []],
    );
  });
});
