import { readFileSync } from "node:fs";
import { connect as netConnect, type Socket } from "node:net";
import { connect as tlsConnect, getCACertificates } from "node:tls";
import { EarshotError } from "../core/errors.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** The proxy for a URL as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say (lower case wins, as in curl); undefined: direct. ws counts as http, wss as https. */
export function proxyFor(url: URL, env: Env): URL | undefined {
  const secure = url.protocol === "https:" || url.protocol === "wss:";
  const text = secure ? (env["https_proxy"] ?? env["HTTPS_PROXY"]) : (env["http_proxy"] ?? env["HTTP_PROXY"]);
  if (text === undefined || text.trim() === "") return undefined;
  if (isExcepted(url, env["no_proxy"] ?? env["NO_PROXY"] ?? "")) return undefined;
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full) || !/^https?:$/.test(new URL(full).protocol)) {
    throw new EarshotError("CONFIG_INVALID", `${secure ? "HTTPS_PROXY" : "HTTP_PROXY"}: expected an http:// or https:// address`);
  }
  return new URL(full);
}

function isExcepted(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = url.port || (url.protocol === "https:" || url.protocol === "wss:" ? "443" : "80");
  for (const entry of noProxy.toLowerCase().split(/[\s,]+/)) {
    if (entry === "") continue;
    if (entry === "*") return true;
    // A port stands after a name, an IPv4 address, or an IPv6 address in brackets.
    const [, bracketed, plain, ported] = /^(?:\[(.*)\]|([^:]*|.*:.*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
    const bare = plain !== undefined && plain.split(":").length > 2;
    const name = bare ? entry : (bracketed ?? plain ?? entry).replace(/^\*?\./, "");
    if (!bare && ported !== undefined && ported !== port) continue;
    if (host === name || host.endsWith(`.${name}`)) return true;
  }
  return false;
}

/** Certificates to trust: the usual ones and those of NODE_EXTRA_CA_CERTS; undefined where nothing is added. */
export function extraCertificates(env: Env): readonly string[] | undefined {
  const path = env["NODE_EXTRA_CA_CERTS"];
  if (path === undefined || path === "") return undefined;
  try {
    return [...getCACertificates("default"), readFileSync(path, "utf8")];
  } catch (cause) {
    throw new EarshotError("CONFIG_INVALID", `NODE_EXTRA_CA_CERTS: the file cannot be read: ${path}`, { cause });
  }
}

/** The call never reached the platform: says nothing of its health. */
export class WayFailed extends EarshotError {}

const connectTimeoutMs = 15_000;
const longestHeadBytes = 16_384;

/** A socket to `host:port` through an HTTP proxy's CONNECT (RFC 9110, 9.3.6), not yet encrypted to the host. */
export function openTunnel(proxy: URL, host: string, port: number, ca: readonly string[] | undefined, signal?: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const proxyPort = Number(proxy.port || (proxy.protocol === "https:" ? 443 : 80));
  const proxyHost = proxy.hostname.replace(/^\[|\]$/g, "");
  const socket =
    proxy.protocol === "https:"
      ? tlsConnect({ host: proxyHost, port: proxyPort, servername: proxyHost, ...(ca && { ca: [...ca] }) })
      : netConnect({ host: proxyHost, port: proxyPort });
  const target = `${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
  let head = Buffer.alloc(0);
  const fail = (reason: string, cause?: unknown) => {
    stop();
    socket.destroy();
    reject(new WayFailed("UPSTREAM_UNAVAILABLE", `proxy ${proxy.host}: ${reason}`, { cause }));
  };
  const onAbort = () => {
    stop();
    socket.destroy();
    reject(signal?.reason);
  };
  const onError = (error: Error) => fail(error.message, error);
  const onClose = () => fail("closed the connection before the tunnel stood");
  const onTimeout = () => fail(`no answer within ${connectTimeoutMs} ms`);
  const onData = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) {
      if (head.length > longestHeadBytes) fail("answered CONNECT with too long a head");
      return;
    }
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString("latin1"))?.[1];
    if (status === undefined || !status.startsWith("2")) return fail(`refused CONNECT to ${target} with ${status ?? "no HTTP status"}`);
    stop();
    socket.pause();
    const rest = head.subarray(end + 4);
    if (rest.length > 0) socket.unshift(rest);
    resolve(socket);
  };
  const stop = () => {
    socket.off("error", onError).off("close", onClose).off("timeout", onTimeout).off("data", onData);
    socket.setTimeout(0);
    signal?.removeEventListener("abort", onAbort);
  };
  if (signal?.aborted) {
    onAbort();
    return promise;
  }
  signal?.addEventListener("abort", onAbort, { once: true });
  socket.on("error", onError).on("close", onClose).on("timeout", onTimeout).on("data", onData);
  socket.setTimeout(connectTimeoutMs);
  socket.once(proxy.protocol === "https:" ? "secureConnect" : "connect", () => {
    const user = decodeURIComponent(proxy.username);
    const login = user === "" ? "" : `Proxy-Authorization: Basic ${Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString("base64")}\r\n`;
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${login}\r\n`);
  });
  return promise;
}
