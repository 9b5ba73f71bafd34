import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";

describe("failed calls", () => {
  let api: RunningApi;
  let server: Server;
  let asked = 0;
  before(async () => {
    server = createServer((_request, response) => {
      asked++;
      response.writeHead(403, { "content-type": "text/plain", "x-request-id": `call-${asked}` }).end(`no right for jane.doe@zoo-mail.example, ask @keeper ${"x".repeat(2_000)}`);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const at = server.address();
    const port = typeof at === "object" && at !== null ? at.port : 0;
    api = await startApi({
      config: {
        alarms: { failuresPerHour: { auth: 1, permission: 1, request: 1 } },
        sources: { zoo: { use: "mastodon", server: `http://127.0.0.1:${port}`, transport: "polling", pollSeconds: 1 } },
      },
      collect: true,
    });
    await until("the call was refused", async () => rowsOf((await api.ask("GET", "/api/v1/failures?source=zoo")).body).length > 0);
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    server.close();
    server.closeAllConnections();
  });

  it("are records with kind, class, times and samples, free of personal data", async () => {
    const { body, text } = await api.ask("GET", "/api/v1/failures?source=zoo");
    const [record] = rowsOf(body);
    assert.match(String(record?.["failure"]), /^(client|mastodon)\./);
    assert.ok(Number(record?.["count"]) >= 1);
    assert.ok(String(record?.["firstAt"]) <= String(record?.["lastAt"]));
    const [sample] = rowsOf(record ?? {}, "samples");
    assert.match(String(sample?.["message"]), /127\.0\.0\.1/);
    assert.doesNotMatch(text, /jane\.doe|@keeper/);
    // It may have been asked again meanwhile: the newest sample says which call it was.
    assert.equal(`call-${String(record?.["count"])}`, sample?.["requestId"], "what the connector says of a call that the client met is no second call");
    assert.ok(String(sample?.["excerpt"] ?? "").length <= 500);
    assert.ok(rowsOf(record ?? {}, "samples").length <= 3);
  });

  it("are filtered by source, class and time, and counted by class over time", async () => {
    const [record] = rowsOf((await api.ask("GET", "/api/v1/failures")).body);
    const kind = String(record?.["class"]);
    assert.ok(rowsOf((await api.ask("GET", `/api/v1/failures?class=${kind}`)).body).length > 0);
    assert.equal(rowsOf((await api.ask("GET", "/api/v1/failures?class=quota")).body).length, 0);
    assert.equal(rowsOf((await api.ask("GET", "/api/v1/failures?source=other")).body).length, 0);
    assert.equal(rowsOf((await api.ask("GET", "/api/v1/failures?to=2020-01-01T00:00:00Z")).body).length, 0);
    const counts = rowsOf((await api.ask("GET", "/api/v1/failures/counts?source=zoo")).body);
    assert.deepEqual([counts[0]?.["source"], counts[0]?.["class"]], ["zoo", kind]);
  });

  it("are an alarm above what the configuration allows", async () => {
    const alarms = rowsOf((await api.ask("GET", "/api/v1/alarms")).body);
    assert.deepEqual(
      alarms.map((alarm) => [alarm["kind"], alarm["source"], alarm["limit"]]),
      [["failures", "zoo", 1]],
    );
    assert.equal((await api.ask("GET", "/api/v1/status")).body["alarms"], 1);
  });

  it("are told apart by one table of kinds, each with what to do", async () => {
    const kinds = rowsOf((await api.ask("GET", "/api/v1/failure-kinds")).body);
    const ids = kinds.map((kind) => String(kind["id"]));
    assert.equal(new Set(ids).size, ids.length);
    for (const kind of kinds) assert.ok(String(kind["id"]).startsWith(`${String(kind["connector"])}.`) && String(kind["todo"]) !== "", String(kind["id"]));
    const { classes } = (await api.ask("GET", "/api/v1/failure-kinds")).body;
    for (const kind of kinds) assert.ok(Object.hasOwn(recordAt({ classes }, "classes"), String(kind["class"])));
  });
});
