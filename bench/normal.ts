import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeAdditiveJudge, readAdditiveModel, writeAdditiveModel } from "../src/models/additive-model.ts";
import { readLabelled, type Labelled } from "../src/models/corpus.ts";
import { evaluateTask } from "../src/models/evaluate.ts";
import { openLibrary, weightsFile } from "../src/models/library.ts";
import { makeNormaliser } from "../src/models/normal.ts";
import { makeReader } from "../src/models/reader.ts";
import { splitTag } from "../src/models/segment.ts";
import { type Task, taskNamed } from "../src/models/tasks.ts";
import { trainModel } from "../src/models/train.ts";
import { readWordVectors } from "../src/models/word-vectors.ts";

/**
 * What normal forms are worth: figures of the embedded models on validation texts as they are and as normal forms, and on the same texts
 * with a third of their longer words hidden (a figure for a vowel, a Cyrillic letter, a character that shows nothing); how many hashtags
 * in CamelCase are parted alike once they are written small; and what a post costs.
 */
const { values } = parseArgs({ options: { data: { type: "string", default: "../shared/data/nlp" } } });
const root = join(values.data, "tweeteval");
if (!existsSync(root)) {
  console.log(`no ${root}: --data names the folder that holds tweeteval`);
  process.exit(0);
}
const vocabulary = openLibrary().vocabulary();
const { normalise } = makeNormaliser(vocabulary);
const reader = makeReader(readWordVectors(readFileSync(weightsFile("words"))));

const figures: Readonly<Record<string, string>> = { a: "4", e: "3", i: "1", o: "0" };
const lookalikes: Readonly<Record<string, string>> = { a: "а", e: "е", o: "о", c: "с", p: "р", i: "і" };
let state = 1;
/** Mulberry32: the same texts each time. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
function hide(text: string): string {
  return text.replace(/(?<![@#\w])[a-z]{4,}(?!\w)/gi, (word) => {
    if (random() > 1 / 3) return word;
    const way = Math.floor(random() * 3);
    const from = 1 + Math.floor(random() * (word.length - 2));
    if (way === 2) return `${word.slice(0, from)}\u200b${word.slice(from)}`;
    const table = way === 0 ? figures : lookalikes;
    for (let at = from; at < word.length - 1; at++) {
      const instead = table[word.charAt(at)];
      if (instead !== undefined) return word.slice(0, at) + instead + word.slice(at + 1);
    }
    return word;
  });
}

type Change = (text: string) => string;
const changed = (labelled: Labelled, change: Change): Labelled => ({ ...labelled, texts: labelled.texts.map(change) });

/** A model of the training texts, changed; the validation texts, which the shipped weights were trained on too, are left for the figures. */
function trained(task: Task, train: Labelled, change: Change) {
  const part = (isCheck: boolean): Labelled => ({
    texts: train.texts.filter((_, i) => (i % 10 === 0) === isCheck),
    labels: train.labels.filter((_, i) => (i % 10 === 0) === isCheck),
  });
  const data = { task, train: changed(part(false), change), check: changed(part(true), change) };
  return makeAdditiveJudge(readAdditiveModel(writeAdditiveModel(trainModel([data], reader, { version: "1", rows: 65_536, dense: true, heldOut: true }, () => {}))), reader);
}

const asIs: Change = (text) => text;
const normal: Change = (text) => normalise(text).text;
const percent = (share: number): string => (share * 100).toFixed(1).padStart(6);
console.log("macro-F1    trained on texts as they are              trained on normal forms");
console.log("task         as is  normal  hidden  hidden, normal   normal  hidden, normal");
for (const name of ["emotion", "irony", "offensive", "hate"]) {
  const task = taskNamed(name);
  if (task === undefined) continue;
  const read = (part: string): Labelled => readLabelled(join(root, name, `${part}_text.txt`), join(root, name, `${part}_labels.txt`), task.classes.length);
  const [train, check] = [read("train"), read("val")];
  const hidden = changed(check, hide);
  const [plainJudge, normalJudge] = [trained(task, train, asIs), trained(task, train, normal)];
  const figure = (judge: typeof plainJudge, labelled: Labelled): number => evaluateTask(judge, name, labelled, { adapts: false }).macroF1;
  const row = [
    figure(plainJudge, check),
    figure(plainJudge, changed(check, normal)),
    figure(plainJudge, hidden),
    figure(plainJudge, changed(hidden, normal)),
    figure(normalJudge, changed(check, normal)),
    figure(normalJudge, changed(hidden, normal)),
  ];
  console.log(`${name.padEnd(11)} ${row.map(percent).join("  ")}`);
}

const { texts } = readLabelled(join(root, "emoji", "val_text.txt"), join(root, "emoji", "val_labels.txt"), 20);
const before = process.cpuUsage();
for (const text of texts) normalise(text);
const used = process.cpuUsage(before);
console.log(`\n${((used.user + used.system) / texts.length).toFixed(1)} µs of CPU a post`);

const humps = /#((?:[A-Z][a-z]+){2,5})\b/g;
const tags = new Set(texts.flatMap((text) => [...text.matchAll(humps)].map((found) => found[1] ?? "")));
const same = [...tags].filter((tag) => splitTag(tag.toLowerCase(), vocabulary).join(" ") === tag.replace(/(?!^)(?=[A-Z])/g, " ").toLowerCase());
console.log(`${tags.size} hashtags in CamelCase, ${percent(same.length / tags.size).trim()}% parted alike when written small`);
