import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { systemClock } from "../core/clock.ts";
import { egressSchema } from "../core/config.ts";
import { EarshotError } from "../core/errors.ts";
import { openHttp } from "./client.ts";
import { callFor } from "./counted.ts";
import { listenAsProxy, quiet } from "./loopback.fixtures.ts";
import { proxyFor } from "./proxy.ts";

test("the proxy follows the scheme, and NO_PROXY takes hosts, suffixes, ports and *", () => {
  const env = { HTTPS_PROXY: "http://secure:3128", HTTP_PROXY: "plain:3128", NO_PROXY: "localhost, .example.org,10.0.0.1:8080, [::1]" };
  const via = (url: string) => proxyFor(new URL(url), env)?.host;
  assert.equal(via("https://a.test/"), "secure:3128");
  assert.equal(via("wss://a.test/"), "secure:3128");
  assert.equal(via("http://a.test/"), "plain:3128");
  assert.equal(via("ws://a.test/"), "plain:3128");
  assert.equal(via("https://localhost/"), undefined);
  assert.equal(via("https://example.org/"), undefined);
  assert.equal(via("https://deep.example.org/"), undefined);
  assert.equal(via("https://notexample.org/"), "secure:3128");
  assert.equal(via("http://10.0.0.1:8080/"), undefined);
  assert.equal(via("http://10.0.0.1:8081/"), "plain:3128");
  assert.equal(via("http://[::1]/"), undefined);
  assert.equal(proxyFor(new URL("https://a.test"), { ...env, NO_PROXY: "*" }), undefined);
  assert.equal(proxyFor(new URL("https://a.test"), { https_proxy: "" }), undefined);
});

test("a proxy address that is none is a fault of the configuration", () => {
  assert.throws(
    () => openHttp({ clock: systemClock, report: quiet, env: { HTTPS_PROXY: "socks5://x:1" } }),
    (error) => error instanceof EarshotError && error.code === "CONFIG_INVALID" && error.message.startsWith("HTTPS_PROXY"),
  );
});

function makeCertificates(folder: string): boolean {
  const run = (...words: string[]) => execFileSync("openssl", words, { cwd: folder, stdio: "ignore" });
  try {
    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority");
    run(
      "req",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-keyout",
      "server.key",
      "-out",
      "server.csr",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost,IP:127.0.0.1",
    );
    run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem", "-days", "2", "-copy_extensions", "copy");
    return true;
  } catch {
    return false;
  }
}

test("NODE_EXTRA_CA_CERTS makes an own authority trusted, for requests and sockets, direct and through a proxy", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "earshot-ca-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  if (!makeCertificates(folder)) return t.skip("openssl is not there or too old");
  const server = createServer({ key: readFileSync(path.join(folder, "server.key")), cert: readFileSync(path.join(folder, "server.pem")) }, (_request, response) =>
    response.end("secure"),
  );
  new WebSocketServer({ server }).on("connection", (socket) => socket.send("secure"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const asked: string[] = [];
  await using proxy = await listenAsProxy(asked);
  const certificates = { NODE_EXTRA_CA_CERTS: path.join(folder, "ca.pem") };
  for (const env of [certificates, { ...certificates, HTTPS_PROXY: proxy.url }]) {
    await using http = openHttp({ clock: systemClock, report: quiet, env });
    assert.equal(Buffer.from((await http.request(`https://localhost:${address.port}/`)).bytes).toString(), "secure");
    for await (const bytes of await http.webSocket(`wss://localhost:${address.port}/`)) {
      assert.equal(Buffer.from(bytes).toString(), "secure");
      break;
    }
  }
  assert.deepEqual(asked, [`localhost:${address.port}`, `localhost:${address.port}`]);
  const profile = egressSchema.parse({ proxies: [proxy.url], fixed: true });
  await using through = openHttp({
    clock: systemClock,
    report: quiet,
    env: certificates,
    egress: { profiles: { partner: profile }, readSecret: async () => "", onRefused: () => undefined },
  });
  const sourced = callFor(through, { source: "one", egress: "partner" });
  assert.equal(Buffer.from((await sourced.request(`https://localhost:${address.port}/`)).bytes).toString(), "secure");
  assert.equal(asked.length, 3);
  await using untrusting = openHttp({ clock: systemClock, report: quiet, env: {} });
  await assert.rejects(untrusting.request(`https://localhost:${address.port}/`, { deadlineMs: 100 }), /certificate/i);
});
