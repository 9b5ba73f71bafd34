import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { type Env, extraCertificates, proxyFor } from "./proxy.ts";

/** Connections of undici, straight or through the proxy that the environment names, trusting its certificates. */
export interface Dispatchers extends AsyncDisposable {
  readonly ca: readonly string[] | undefined;
  for(url: URL): Dispatcher;
}

/** @throws CONFIG_INVALID for an unreadable proxy address or certificate file */
export function makeDispatchers(env: Env): Dispatchers {
  const ca = extraCertificates(env);
  const tls = ca ? { ca: [...ca] } : {};
  for (const probe of ["http://proxy-check.invalid", "https://proxy-check.invalid"]) proxyFor(new URL(probe), env);
  const direct = new Agent({ connect: { timeout: 15_000, ...tls }, keepAliveTimeout: 10_000, autoSelectFamily: true });
  const proxies = new Map<string, ProxyAgent>();
  return {
    ca,
    for(url) {
      const proxy = proxyFor(url, env);
      if (!proxy) return direct;
      let agent = proxies.get(proxy.href);
      if (!agent) {
        const login = proxy.username === "" ? undefined : `Basic ${Buffer.from(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`).toString("base64")}`;
        agent = new ProxyAgent({ uri: proxy.origin, requestTls: tls, proxyTls: tls, ...(login && { token: login }) });
        proxies.set(proxy.href, agent);
      }
      return agent;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([direct, ...proxies.values()].map((agent) => agent.destroy()));
    },
  };
}
