import { z } from "zod";
import { EarshotError } from "./errors.ts";
import { deepModelSchema } from "./deep-config.ts";
import { signInSchema } from "./sign-in.ts";

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected lower-case letters, digits and hyphens, at most 63");

const gigabytes = z.number().positive().max(1_000_000);
const days = z.number().positive().max(36_500);

/** A secret never stands in a configuration: it is named. world: what the simulated world made itself. */
export const secretReference = z
  .string()
  .regex(/^(?:env|file|world):\S+$/, "expected a reference, env:NAME or file:/path, never the secret itself")
  .meta({ secret: true });

/** How a schema marks the option that names an account whose owner granted access in the browser; `with`: what must be chosen beside it. */
export const grantMark = (also: Readonly<Record<string, string>> = {}) => ({ grant: true, ...(Object.keys(also).length > 0 && { with: also }) });

export const sourceConfigSchema = z.looseObject({
  use: id.describe("The connector: a file's name in src/connectors."),
  keep: z.enum(["everything", "matching"]).optional().describe("Keep all posts, or only those that match a term."),
  paused: z.boolean().default(false),
  egress: id.optional().describe("The egress profile that its calls take; absent: straight, or the proxy of the environment."),
  region: z
    .string()
    .regex(/^[a-z]{2}$/)
    .optional()
    .describe("ISO 3166-1 alpha-2, where all subjects of this source live; else unknown."),
});
/** `use`, `keep`, `paused`, `egress`, `region`; whatever else stands there are the connector's own options. */
export type SourceConfig = z.output<typeof sourceConfigSchema>;

export const termKinds = ["brand", "competitor", "campaign", "topic"] as const;

export const termConfigSchema = z.strictObject({
  name: z.string().min(1).max(200),
  kind: z.enum(termKinds).default("brand"),
  query: z.string().min(1).max(10_000).describe('Boolean query: words, "phrases", prefix*, AND OR NOT, NEAR/n, field:value.'),
  handles: z.array(z.string().min(1).max(300)).max(1_000).default([]).describe("Accounts of the organisation itself: not masked in texts."),
  colour: z
    .string()
    .regex(/^#[0-9a-f]{6}$/, "expected a colour such as #1f5fbf")
    .optional()
    .describe("The term's colour on the pages."),
});
export type TermConfig = z.output<typeof termConfigSchema>;

const proxyAddress = z
  .url({ protocol: /^https?$/ })
  .refine(
    (text) => !URL.canParse(text) || (new URL(text).username === "" && new URL(text).password === ""),
    "expected an address without login; one with a login is named: env:NAME or file:/path",
  );

export const egressSchema = z
  .strictObject({
    proxies: z
      .array(z.union([secretReference, proxyAddress]))
      .min(1)
      .max(200)
      .describe("HTTP proxies that know CONNECT: http:// or https:// addresses, or references to them."),
    rotation: z
      .enum(["each-call", "sticky", "none"])
      .default("none")
      .describe("each-call: the next proxy for every call. sticky: a source keeps one while it is well. none: the first that is well."),
    fixed: z.boolean().default(false).describe("One address that a partner has on a list: nothing ever goes out another way."),
    healthEverySeconds: z.number().min(1).max(86_400).default(60).describe("A proxy that fails is left out so long before a call tries it again; doubled while it fails."),
  })
  .refine(({ fixed, proxies }) => !fixed || proxies.length === 1, { path: ["proxies"], error: "expected one proxy, since the address is fixed" });
export type EgressProfile = Readonly<z.output<typeof egressSchema>>;

const often = (standard: number) => z.int().min(1).max(1_000_000).default(standard);

const sources = z.array(id).min(1).max(1_000).optional().describe("Posts of these sources alone.");
const languages = z
  .array(z.string().regex(/^[a-z]{2,3}$/, "expected a language tag such as en"))
  .min(1)
  .max(100)
  .optional()
  .describe("Posts in these languages alone.");
/** Absent: by the switch on the page Models, off until somebody turns it on. */
const modelUse = z.union([z.boolean(), z.strictObject({ sources, languages })]).optional();

const modelsSchema = z
  .strictObject({
    social: modelUse.describe("Sentiment, emotion, irony, offence and hate of English posts. Their sentiment is then this model's, not the lexicon's."),
    multilingual: modelUse.describe(
      "Sentiment of posts in Arabic, French, German, Hindi, Italian, Portuguese and Spanish. It is then this model's, not the lexicon's, where there is one.",
    ),
    spam: modelUse.describe("Unasked advertising."),
    entities: modelUse.describe("Names of persons, organisations and places."),
    languages: modelUse.describe("Stretches of posts that hold more than one language, and Hindi in Latin letters."),
    leastProbability: z.number().min(0).max(1).default(0.5).describe("A model that is less sure says nothing."),
    drift: z
      .union([
        z.literal(false),
        z.strictObject({
          referenceDays: z.int().min(1).max(365).default(28).describe("A day is held against so many days before it."),
          label: z.int().min(0).max(500).default(25).describe("Where a day's texts are others, so many of them are put into a label set of the task. 0: none."),
          texts: z.int().min(100).max(4_000).default(2_000).describe("Posts of each side that are looked at, for each task and slice."),
        }),
      ])
      .prefault({})
      .describe("Each day that is over is looked at once: whether its posts, or what the models say of them, moved."),
    promotion: z
      .strictObject({
        leastGold: z.int().min(10).max(100_000).default(100).describe("Gold texts on which a model must be better before it may be promoted."),
        leastPerClass: z.int().min(1).max(10_000).default(10).describe("Gold texts of each class, no fewer."),
      })
      .prefault({})
      .describe("How much must speak for a model that was trained here before it judges. An admin may promote one with less, with a reason that is written down."),
    deep: z
      .array(deepModelSchema)
      .max(8)
      .default([])
      .describe("Larger models: transformers as ONNX, or behind HTTP. Each has a budget; refining waits for them, and for no longer than that."),
  })
  .prefault({})
  .describe(
    "The embedded language models. What is not named here is turned on and off on the page Models, by the API or by `earshot models on`; it is off until then. Each judgement stands beside the post with the model's version. What is stored already is judged on wish.",
  );
export type ModelsConfig = z.output<typeof modelsSchema>;

/** Embedded models that can be turned on and off. */
export const switchedModels = ["social", "multilingual", "spam", "entities", "languages"] as const;
export type SwitchedModel = (typeof switchedModels)[number];
type ModelUse = NonNullable<ModelsConfig[SwitchedModel]>;
/** What is asked of the embedded models. */
export type ModelsUse = ModelsConfig & Readonly<Record<SwitchedModel, ModelUse>>;

/** What the configuration names holds; the rest is as it was switched. */
export function usedModels(config: ModelsConfig, switched: Readonly<Partial<Record<SwitchedModel, boolean>>> = {}): ModelsUse {
  const { social, multilingual, spam, entities, languages } = switched;
  return {
    ...config,
    social: config.social ?? social ?? false,
    multilingual: config.multilingual ?? multilingual ?? false,
    spam: config.spam ?? spam ?? false,
    entities: config.entities ?? entities ?? false,
    languages: config.languages ?? languages ?? false,
  };
}

export const configSchema = z.strictObject({
  partitions: z.int().min(1).max(64).default(4).describe("Fixed when the data folder is made."),
  workers: z.int().min(1).max(64).optional().describe("Refining threads; by default one a core, at most one a partition."),
  sources: z.record(id, sourceConfigSchema).default({}),
  terms: z.record(id, termConfigSchema).default({}),
  egress: z.record(id, egressSchema).default({}).describe("Named pools of proxies that sources send their calls through."),
  world: z
    .union([
      z.literal(false),
      z.strictObject({
        seed: z.int().min(0).default(1),
        ratePerSecond: z.number().positive().max(10_000).default(0.1).describe("New posts from then on: about the pace of the history, so that no figure breaks."),
        historyPosts: z.int().min(0).max(2_000_000).default(50_000).describe("About so many posts were made before the first start."),
        historyDays: z.int().min(1).max(30).default(30).describe("Over so many days."),
      }),
    ])
    .default({ seed: 1, ratePerSecond: 0.1, historyPosts: 50_000, historyDays: 30 })
    .describe("The simulated world: on until a real source is configured."),
  limits: z
    .strictObject({
      logMaxAgeDays: days.default(7).describe("How long raw and refined messages can be replayed."),
      logMaxGb: gigabytes.default(20).describe("Room of the log; above a third of it a topic's oldest segments go."),
      lakeMaxAgeDays: days.default(730).describe("Posts made earlier leave the lake."),
      lakeMaxGb: gigabytes.default(200).describe("Collection pauses when the lake is larger."),
      searchMaxAgeDays: days.default(90).describe("Posts made earlier leave the search."),
      searchMaxGb: gigabytes.default(50).describe("Collection pauses when the index is larger."),
      minFreeGb: z.number().nonnegative().default(1).describe("Collection pauses below this much free disk."),
    })
    .prefault({}),
  nearDuplicates: z.boolean().default(true).describe("Find posts that are copies of each other but for a few words, so that pages can fold them."),
  models: modelsSchema,
  alarms: z
    .strictObject({
      failuresPerHour: z
        .strictObject({
          auth: often(1),
          permission: often(5),
          "rate-limit": often(60),
          quota: often(1),
          request: often(10),
          "not-found": often(20),
          version: often(1),
          blocked: often(1),
          server: often(20),
          network: often(20),
          content: often(20),
        })
        .prefault({})
        .describe("Failed calls of a source, by class, from which on it is said aloud."),
      driftShare: z
        .number()
        .positive()
        .max(1)
        .default(0.05)
        .describe("Share of a source's messages in which a field is new, missing or of another type, from which on it is said aloud."),
    })
    .prefault({}),
  deprecations: z
    .strictObject({
      changelogs: z.boolean().default(true).describe("Once a day the platforms' own changelogs are asked for, of those that a source collects from."),
      warnDays: z.int().min(1).max(365).default(30).describe("So many days before something ends it is said aloud."),
    })
    .prefault({}),
  forgetWithinHours: z.number().min(0).max(720).default(24),
  signIn: signInSchema.prefault({}),
  backup: z
    .strictObject({
      folder: z.string().min(1).max(1_000).optional().describe("Where a running Earshot writes its backup; absent: beside the data folder, with `-backup` after its name."),
      mostPauseSeconds: z.number().positive().max(3_600).default(60).describe("Collection is held no longer for it; a backup that would need more is given up."),
    })
    .prefault({}),
});
export type Config = z.output<typeof configSchema>;
export type ConfigInput = z.input<typeof configSchema>;

/** For earshot.config.ts: types and completion, no work. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}

/** A fault of the configuration: its place (dotted path) and what was expected. */
export interface ConfigFault {
  readonly place: string;
  readonly message: string;
}

export function faultsOf(error: z.ZodError, prefix: readonly PropertyKey[] = []): ConfigFault[] {
  return error.issues.flatMap((issue) => {
    const place = (...rest: readonly PropertyKey[]) => [...prefix, ...issue.path, ...rest].map(String).join(".") || "(root)";
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => ({ place: place(key), message: "there is no such setting" }));
    if (issue.code === "invalid_key") return issue.issues.map((inner) => ({ place: place(), message: inner.message }));
    return [{ place: place(), message: issue.message }];
  });
}

/** @throws CONFIG_INVALID naming every fault at once */
export function refuseFaults(where: string, faults: readonly ConfigFault[]): void {
  if (faults.length === 0) return;
  const lines = faults.map((fault) => `  ${fault.place}: ${fault.message}`);
  throw new EarshotError("CONFIG_INVALID", `${where}: ${faults.length} fault${faults.length === 1 ? "" : "s"}\n${lines.join("\n")}`);
}

const port = z
  .string()
  .regex(/^\d{1,5}$/, { error: ({ input }) => `expected a port from 0 to 65535, came ${JSON.stringify(String(input).slice(0, 50))}` })
  .transform(Number)
  .pipe(z.int().max(65_535, "expected a port from 0 to 65535"));

/** Where the configuration lies unless EARSHOT_CONFIG names another file; without it all is default. */
export const usualConfig = "./earshot.config.ts";

/** The environment: one table gives variable, type, default and help. */
export const environmentSchema = z.object({
  EARSHOT_PORT: port.default(4310).describe("Port of the pages and the API."),
  EARSHOT_HOST: z.string().min(1).default("127.0.0.1").describe("Address to listen on."),
  EARSHOT_DATA: z.string().min(1).default("./data").describe("The data folder."),
  EARSHOT_CONFIG: z.string().min(1).default(usualConfig).describe("The configuration file. One that is named must be there."),
  EARSHOT_TOKEN: z.string().min(16, "expected at least 16 characters").optional().describe("An admin API token, for automation."),
  EARSHOT_DATABASE_URL: z.string().min(1).optional().describe("A Postgres to use instead of the embedded one."),
  EARSHOT_LOG: z.enum(["debug", "info", "warn", "error"]).default("info").describe("How much the program says."),
});
export type Environment = z.output<typeof environmentSchema>;

/** @throws CONFIG_INVALID naming every fault at once */
export function parseEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const known = Object.fromEntries(Object.keys(environmentSchema.shape).map((name) => [name, env[name] === "" ? undefined : env[name]]));
  const parsed = environmentSchema.safeParse(known);
  if (!parsed.success) refuseFaults("environment", faultsOf(parsed.error));
  return environmentSchema.parse(known);
}
