import assert from "node:assert/strict";
import { PassThrough, Writable } from "node:stream";
import { test } from "node:test";
import type { SourceConfig } from "../core/config.ts";
import type { SourceCheck } from "../runtime/source-setup.ts";
import { askAnswers } from "./init-ask.ts";

const enter = "\r";
const space = " ";
const down = "\u001b[B";

/** A person who answers each question when it stands there. */
async function drive(script: readonly (readonly [question: RegExp, ...keys: string[]])[], check: (source: SourceConfig) => Promise<SourceCheck>) {
  const input = new PassThrough();
  let shown = "";
  let read = 0;
  let waiting: (() => void) | undefined;
  const output = new Writable({
    write(chunk, _encoding, done) {
      shown += String(chunk);
      waiting?.();
      done();
    },
  });
  const asking = askAnswers({ check, estimate: (query, keep) => Promise.resolve(`${keep} of ${query}`), input, output });
  let isOver = false;
  void asking.then(() => {
    isOver = true;
    waiting?.();
  });
  for (const [question, ...keys] of script) {
    while (!question.test(shown.slice(read))) {
      assert.ok(!isOver, `${question} was not asked: ${shown.slice(read)}`);
      await new Promise<void>((resolve) => (waiting = resolve));
    }
    read = shown.length;
    for (const key of keys) {
      input.write(key);
      // Each key is one that was pressed, not a part of what was pasted.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { answers: await asking, shown };
}

test("the questions make the answers, servers are tried, and a token is asked for before anything is saved", async () => {
  const tried: SourceConfig[] = [];
  const { answers, shown } = await drive(
    [
      [/Your brands/, "Acme, Beta", enter],
      [/Accounts of Acme/, "acme.example", enter],
      [/Accounts of Beta/, enter],
      [/Competitors/, "Globex", enter],
      [/Topics/, enter],
      [/Where from/, space, down, space, enter],
      [/Mastodon servers/, "closed.example", enter],
      [/wants a token/, "env:TOKEN", enter],
      [/What is stored/, down, enter],
      [/how many hours/, enter],
    ],
    (source) => {
      tried.push(source);
      return Promise.resolve(source["token"] === undefined ? { ok: false, code: "UPSTREAM_AUTH", message: "it shows nothing to strangers" } : { ok: true });
    },
  );
  assert.deepEqual(answers, {
    brands: [
      { name: "Acme", handles: ["acme.example"] },
      { name: "Beta", handles: [] },
    ],
    competitors: ["Globex"],
    topics: [],
    bluesky: true,
    hackerNews: false,
    feeds: [],
    mastodon: [{ server: "https://closed.example", token: "env:TOKEN" }],
    keep: "matching",
    forgetWithinHours: 24,
  });
  assert.deepEqual(
    tried.map((source) => source["token"]),
    [undefined, "env:TOKEN"],
  );
  assert.match(shown, /matching of Acme OR "acme.example" OR/);
});

test("Ctrl-C at any question gives no answers", async () => {
  const { answers } = await drive(
    [
      [/Your brands/, "Acme", enter],
      [/Accounts of Acme/, "\u0003"],
    ],
    () => Promise.resolve({ ok: true }),
  );
  assert.equal(answers, undefined);
});
