import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { EarshotError } from "../core/errors.ts";
import { connect, serve } from "./rpc.ts";

function open<H extends Parameters<typeof serve>[1]>(handlers: H) {
  const { port1, port2 } = new MessageChannel();
  serve(port1, handlers);
  return {
    caller: connect<H>(port2),
    port: port2,
    [Symbol.dispose]() {
      port1.close();
    },
  };
}

test("answers find their calls, in whatever order they come", async () => {
  const slow = Promise.withResolvers<string>();
  using line = open({ slow: () => slow.promise, double: (value: number) => value * 2 });
  const first = line.caller.call("slow", undefined);
  assert.equal(await line.caller.call("double", 21), 42);
  slow.resolve("at last");
  assert.equal(await first, "at last");
});

test("an error keeps its code, its words and when to try again", async () => {
  using line = open({
    refuse(): never {
      throw new EarshotError("LIMIT_REACHED", "full", { retryAt: 99 });
    },
    break(): never {
      throw new TypeError("no such thing");
    },
  });
  await assert.rejects(line.caller.call("refuse", undefined), { code: "LIMIT_REACHED", message: "full", retryAt: 99 });
  await assert.rejects(line.caller.call("break", undefined), { code: "INVARIANT" });
});

test("an unknown name is refused, and what is no call is left alone", async () => {
  using line = open({ one: () => 1 });
  const { port } = line;
  port.postMessage("noise");
  port.postMessage({ id: 7 });
  assert.equal(await line.caller.call("one", undefined), 1);
  const other: { call(name: string, argument: unknown): Promise<unknown> } = line.caller;
  await assert.rejects(other.call("constructorless", undefined), { code: "INVARIANT" });
});

test("when the other side is gone, calls under way and later ones fail with the reason", async () => {
  using line = open({ never: () => new Promise(() => undefined) });
  const under = line.caller.call("never", undefined);
  line.caller.fail(new EarshotError("INVARIANT", "the thread ended"));
  await assert.rejects(under, { message: "the thread ended" });
  await assert.rejects(line.caller.call("never", undefined), { message: "the thread ended" });
});
