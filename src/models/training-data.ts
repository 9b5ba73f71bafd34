import { join } from "node:path";
import { type Labelled, readLabelled, readText, readTsv } from "./corpus.ts";
import { languageTask, multilingualNames, multilingualTask, spamTask, type Task } from "./tasks.ts";
import type { TaskData } from "./train.ts";

const stancePrefix = "stance-";
const folderOf = (task: string): string => (task.startsWith(stancePrefix) ? join("stance", task.slice(stancePrefix.length)) : task);

/** TweetEval's tasks. @param folder of the data: `tweeteval/TASK/train_text.txt` and so on */
export function tweetEvalData(folder: string, tasks: readonly Task[]): readonly TaskData[] {
  return tasks.map((task) => {
    const at = join(folder, "tweeteval", folderOf(task.name));
    const read = (part: string) => readLabelled(join(at, `${part}_text.txt`), join(at, `${part}_labels.txt`), task.classes.length);
    return { task, train: read("train"), check: read("val") };
  });
}

export function multilingualData(folder: string): readonly TaskData[] {
  const read = (part: string): Labelled => {
    const sets = multilingualNames.map((name) => ({
      name,
      ...readLabelled(join(folder, "multilingual", name, `${part}_text.txt`), join(folder, "multilingual", name, `${part}_labels.txt`), multilingualTask.classes.length),
    }));
    return { texts: sets.flatMap(({ texts }) => texts), labels: sets.flatMap(({ labels }) => labels), hints: sets.flatMap(({ name, texts }) => texts.map(() => name)) };
  };
  return [{ task: multilingualTask, train: read("train"), check: read("val") }];
}

/** Short messages, and comments of YouTube; every tenth is kept back. */
export function spamData(folder: string): readonly TaskData[] {
  const sms = readTsv(join(folder, "spam", "sms.train.tsv"));
  const texts = [...sms.texts];
  const labels = sms.labels.map((label) => spamTask.classes.indexOf(label));
  for (const file of ["youtube-1.csv", "youtube-2.csv", "youtube-3.csv"]) {
    const [header, ...records] = csvRecords(readText(join(folder, "spam", file)));
    const [content, kind] = [header?.indexOf("CONTENT") ?? -1, header?.indexOf("CLASS") ?? -1];
    for (const record of records) {
      if (record.length <= kind) continue;
      texts.push(record[content] ?? "");
      labels.push(record[kind] === "1" ? 1 : 0);
    }
  }
  return [{ task: spamTask, ...keptBack({ texts, labels }, 10) }];
}

/** TweetLID; texts of several languages are left out. */
export function languageData(folder: string): readonly TaskData[] {
  const { texts, labels } = readTsv(join(folder, "language", "tweetlid.tsv"));
  const pure = texts.flatMap((text, i) => {
    const label = labels[i] === "other" ? "und" : (labels[i] ?? "");
    const number = languageTask.classes.indexOf(label);
    return number < 0 ? [] : [{ text, number }];
  });
  return [{ task: languageTask, ...keptBack({ texts: pure.map(({ text }) => text), labels: pure.map(({ number }) => number) }, 10) }];
}

function keptBack({ texts, labels }: Labelled, every: number): Pick<TaskData, "train" | "check"> {
  const part = (isCheck: boolean): Labelled => ({
    texts: texts.filter((_, i) => (i % every === 0) === isCheck),
    labels: labels.filter((_, i) => (i % every === 0) === isCheck),
  });
  return { train: part(false), check: part(true) };
}

/** Records of RFC 4180, quotes and line ends inside of them. */
function csvRecords(text: string): readonly (readonly string[])[] {
  const records: string[][] = [];
  let record: string[] = [];
  let field = "";
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? "";
    if (isQuoted) {
      if (char === '"' && text[i + 1] === '"') field += text[i++];
      else if (char === '"') isQuoted = false;
      else field += char;
    } else if (char === '"') isQuoted = true;
    else if (char === ",") {
      record.push(field);
      field = "";
    } else if (char === "\n") {
      records.push([...record, field.replace(/\r$/, "")]);
      [record, field] = [[], ""];
    } else field += char;
  }
  if (field !== "" || record.length > 0) records.push([...record, field]);
  return records;
}
