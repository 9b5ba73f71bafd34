import type { MessagePort, Worker } from "node:worker_threads";
import { EarshotError, isErrorCode, toEarshotError } from "../core/errors.ts";

/** Calls between threads: a name, one argument, one answer; arguments are structured clones. */
export type Handlers = Readonly<Record<string, (argument: never) => unknown>>;

export interface Caller<H extends Handlers> {
  call<Name extends keyof H & string>(name: Name, argument: Parameters<H[Name]>[0]): Promise<Awaited<ReturnType<H[Name]>>>;
  /** Every call under way and to come fails with this error. */
  fail(error: EarshotError): void;
}

interface Request {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}
interface Plain {
  readonly code: string;
  readonly message: string;
  readonly retryAt: number | undefined;
}
type Reply = { readonly reply: number; readonly value: unknown } | { readonly reply: number; readonly error: Plain };

type End = Pick<MessagePort | Worker, "postMessage"> & { on(name: "message", listener: (message: unknown) => void): unknown };

/** Answers the other thread's calls. */
export function serve(end: End, handlers: Handlers): void {
  end.on("message", (message) => {
    if (!isRequest(message)) return;
    const { id, name, argument } = message;
    void answer(handlers, name, argument).then(
      (value) => end.postMessage({ reply: id, value } satisfies Reply),
      (thrown: unknown) => {
        const error = toEarshotError(thrown, "INVARIANT", name);
        end.postMessage({ reply: id, error: { code: error.code, message: error.message, retryAt: error.retryAt } } satisfies Reply);
      },
    );
  });
}

async function answer(handlers: Handlers, name: string, argument: unknown): Promise<unknown> {
  const handler: unknown = handlers[name];
  if (typeof handler !== "function") throw new TypeError(`no handler ${name}`);
  return await Reflect.apply(handler, undefined, [argument]);
}

export function connect<H extends Handlers>(end: End): Caller<H> {
  let lastId = 0;
  let failure: EarshotError | undefined;
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: EarshotError) => void }>();
  end.on("message", (message) => {
    if (!isReply(message)) return;
    const waiter = waiting.get(message.reply);
    if (waiter === undefined) return;
    waiting.delete(message.reply);
    if ("error" in message) {
      const { code, message: text, retryAt } = message.error;
      waiter.reject(new EarshotError(isErrorCode(code) ? code : "INVARIANT", text, retryAt === undefined ? {} : { retryAt }));
    } else waiter.resolve(message.value as never);
  });
  return {
    call(name, argument) {
      if (failure !== undefined) return Promise.reject(failure);
      const id = ++lastId;
      const { promise, resolve, reject } = Promise.withResolvers<never>();
      waiting.set(id, { resolve, reject });
      end.postMessage({ id, name, argument } satisfies Request);
      return promise;
    },
    fail(error) {
      failure = error;
      for (const waiter of waiting.values()) waiter.reject(error);
      waiting.clear();
    },
  };
}

function isRequest(message: unknown): message is Request {
  return typeof message === "object" && message !== null && "id" in message && "name" in message;
}

function isReply(message: unknown): message is Reply {
  return typeof message === "object" && message !== null && "reply" in message;
}
