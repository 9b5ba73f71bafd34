import { systemClock } from "../core/clock.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { BakeoffText } from "../models/bakeoff.ts";
import type { MeasureAnswer, MeasureQuestion } from "./bakeoff-measure.ts";

/** A process that measures one model: what it adds to this process's memory is its own. */
interface Ready {
  readonly version: string;
  readonly licence: string;
  readonly labels: readonly string[];
  judge(texts: readonly BakeoffText[]): Promise<readonly (string | undefined)[]>;
}

const ours = "Apache-2.0";
/** Judged first, uncounted: a program that has just started is slower. */
const warmTexts = 64;

/** Undefined: an imported model of another task. */
async function open({ contestant }: MeasureQuestion): Promise<Ready | undefined> {
  switch (contestant.kind) {
    case "lexicon": {
      const [{ makeSentiment }, { makeDraft, setText }, { stageVersion }] = await Promise.all([
        import("../stages/sentiment.ts"),
        import("../core/stage.ts"),
        import("../stages/versions.ts"),
      ]);
      const stage = makeSentiment();
      const draftOf = ({ text, language }: BakeoffText) => {
        const draft = makeDraft("", "", { id: "", author: { id: "" }, createdAt: 0, revision: 0, text, format: "text", visibility: "public" }, 0);
        draft.language = language ?? "en";
        setText(draft, text);
        return draft;
      };
      return {
        version: `lexicon@${stageVersion("sentiment")}`,
        licence: ours,
        labels: ["negative", "neutral", "positive"],
        judge: async (texts) => stage.run(texts.map(draftOf)).map((outcome) => ("keep" in outcome ? outcome.keep.sentiment?.label : undefined)),
      };
    }
    case "embedded": {
      const { openLibrary } = await import("../models/library.ts");
      const library = openLibrary();
      const name = contestant.task === "spam" ? "spam" : "social";
      const judge = library.judge(name);
      const labels = judge.heads.get(contestant.task)?.names ?? [];
      return { version: library.version(name), licence: ours, labels, judge: async (texts) => texts.map(({ text }) => labels[judge.one(contestant.task, text).chosen]) };
    }
    case "trained": {
      const [{ openLibrary }, { makeEmbedded, openRegistryJudge, bareText }] = await Promise.all([import("../models/library.ts"), import("./registry-models.ts")]);
      const library = openLibrary();
      const { judge, reads } = openRegistryJudge(contestant, library, makeEmbedded(library).stack);
      const labels = judge.heads.get(contestant.task)?.names ?? [];
      return {
        version: contestant.id,
        licence: "yours",
        labels,
        judge: async (texts) => texts.map(({ text, language = "en" }) => (reads(language) ? labels[judge.one(contestant.task, bareText(text)).chosen] : undefined)),
      };
    }
    case "onnx": {
      const [{ openOnnxJudge }, { readManifest }] = await Promise.all([import("../models/deep/onnx-judge.ts"), import("../models/deep/folder.ts")]);
      const { task, kind } = await readManifest(contestant.folder);
      if (task !== contestant.task || kind !== "text") return undefined;
      const judge = await openOnnxJudge(contestant.folder);
      return {
        version: judge.version,
        licence: judge.manifest.licence,
        labels: judge.labels,
        judge: async (texts) => (await judge.judge(texts.map(({ text }) => text))).map(({ label }) => label),
      };
    }
    case "http": {
      const [{ makeHttpJudge }, { openHttp }, { readSecret }] = await Promise.all([import("../models/deep/http-judge.ts"), import("../http/client.ts"), import("./secrets.ts")]);
      const { http, task } = contestant.config;
      if (http === undefined) return undefined;
      const secret = (reference: string) => readSecret(reference, process.env);
      const client = openHttp({
        clock: systemClock,
        report: () => undefined,
        env: process.env,
        egress: { profiles: contestant.egress, readSecret: secret, onRefused: () => undefined },
      });
      const judge = makeHttpJudge({ ...http, task, client, ...(http.key !== undefined && { token: await secret(http.key) }) });
      return {
        version: judge.version,
        licence: "of the server's model",
        labels: http.labels,
        judge: async (texts) => (await judge.judge(texts.map(({ text }) => text))).map(({ label }) => label),
      };
    }
  }
}

async function measure(question: MeasureQuestion): Promise<MeasureAnswer> {
  const { texts, classes } = question;
  const memoryBefore = process.memoryUsage().rss;
  const model = await open(question);
  if (model === undefined) return { elsewhere: true };
  const known = new Set(model.labels.map((label) => label.toLowerCase()));
  const strange = classes.filter((name) => !known.has(name.toLowerCase()));
  if (strange.length > 0) throw new EarshotError("USAGE", `does not know ${strange.join(", ").slice(0, 100)}; its classes are ${model.labels.join(", ").slice(0, 100)}`);
  await model.judge(texts.slice(0, warmTexts));
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const labels = await model.judge(texts);
  const { user, system } = process.cpuUsage(before);
  return {
    version: model.version,
    licence: model.licence,
    labels: texts.map((_, i) => labels[i] ?? null),
    cpuSeconds: (user + system) / 1e6,
    seconds: (performance.now() - startedAt) / 1_000,
    memoryBytes: Math.max(0, process.memoryUsage().rss - memoryBefore),
  };
}

process.once("message", (question: MeasureQuestion) => {
  void measure(question).then(
    (answer) => process.send?.({ answer }),
    (thrown: unknown) => process.send?.({ fault: toEarshotError(thrown, "STAGE_FAILED", question.contestant.kind).message }),
  );
});
