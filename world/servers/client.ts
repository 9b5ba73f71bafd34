import { once } from "node:events";
import { WebSocket } from "ws";
import { textOf } from "./frame.ts";

/** Small clients for the tests of the servers. */
export interface Listener extends AsyncDisposable {
  readonly messages: string[];
  /** Resolves with the first `count` messages. */
  take(count: number): Promise<readonly string[]>;
  /** Resolves when this message has come, or the connection is gone. */
  until(message: string): Promise<void>;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  send(text: string): void;
}

export async function listen(url: string): Promise<Listener> {
  const socket = new WebSocket(url);
  const messages: string[] = [];
  let wake: (() => void) | undefined;
  socket.on("message", (data) => {
    messages.push(textOf(data));
    wake?.();
  });
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => {
      resolve();
      wake?.();
    });
  });
  await once(socket, "open");
  socket.on("error", () => {});
  return {
    messages,
    closed,
    send: (text) => socket.send(text),
    async take(count) {
      while (messages.length < count) {
        if (socket.readyState === WebSocket.CLOSED) throw new Error(`expected ${count} messages, the connection ended after ${messages.length}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages.slice(0, count);
    },
    async until(message) {
      while (!messages.includes(message) && socket.readyState !== WebSocket.CLOSED) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async [Symbol.asyncDispose]() {
      socket.terminate();
      await closed;
    },
  };
}

/** The status with which a WebSocket is refused. */
export async function refusal(url: string): Promise<number> {
  const socket = new WebSocket(url);
  const status = new Promise<number>((resolve, reject) => {
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    socket.on("open", () => reject(new Error("expected a refusal, the socket opened")));
    socket.on("error", () => {});
  });
  try {
    return await status;
  } finally {
    socket.terminate();
  }
}

export interface Status {
  readonly id: string;
  readonly content: string;
  readonly edited_at: string | null;
  readonly tags: readonly { readonly name: string }[];
  readonly uri: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body is JSON. */
  readonly whole: boolean;
  readonly statuses: readonly Status[];
}

function isStatus(value: unknown): value is Status {
  return typeof value === "object" && value !== null && "id" in value && typeof value.id === "string" && "content" in value && typeof value.content === "string";
}

export async function get(url: string, token?: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, { headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) } });
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return { status: response.status, headers: response.headers, whole: body !== undefined, statuses: (Array.isArray(body) ? body : [body]).filter(isStatus) };
}

/** The address behind a relation of a Link header. */
export function linkOf(headers: Headers, relation: string): string | undefined {
  return new RegExp(`<([^>]+)>; rel="${relation}"`, "u").exec(headers.get("link") ?? "")?.[1];
}
