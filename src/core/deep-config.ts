import { z } from "zod";

const word = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected lower-case letters, digits and hyphens, at most 63");
const loopback = (url: string): boolean => URL.canParse(url) && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);

const httpModelSchema = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).describe("Where texts are sent: the whole address, such as http://127.0.0.1:11434/v1/chat/completions."),
    speaks: z
      .enum(["chat", "classify"])
      .default("chat")
      .describe(
        'chat: completions as OpenAI has them. classify: {"task", "labels", "texts"} in, {"items": [{"label", "probabilities"}]} out, one a text; a label of null is an abstention.',
      ),
    model: z.string().min(1).max(200).optional().describe("Its name on the server; chat needs it."),
    labels: z.array(z.string().min(1).max(100)).min(2).max(50).describe("What it may answer."),
    instructions: z.string().max(4_000).optional().describe("Said to a chat model beside the labels: what they mean."),
    key: z
      .string()
      .regex(/^(?:env|file):\S+$/, "expected a reference, env:NAME or file:/path, never the secret itself")
      .meta({ secret: true })
      .optional()
      .describe("Sent as a bearer token."),
    egress: word.optional().describe("The egress profile that its calls take."),
    leavesMachine: z.boolean().default(false).describe("Texts may be sent to another machine. Without it only loopback addresses are allowed."),
    timeoutMs: z.int().min(100).max(60_000).default(5_000).describe("A call that takes longer is given up."),
  })
  .refine(({ url, leavesMachine }) => leavesMachine || loopback(url), {
    path: ["url"],
    error: "expected a loopback address; `leavesMachine: true` allows that posts' texts are sent to another machine",
  })
  .refine(({ speaks, model }) => speaks === "classify" || model !== undefined, { path: ["model"], error: "expected the name of the model on the server" });
export type HttpModelConfig = Readonly<z.output<typeof httpModelSchema>>;

export const deepModelSchema = z
  .strictObject({
    task: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,40}$/)
      .describe("sentiment, emotion, irony, offensive, hate, spam, or another; entities: names, by an imported tagger."),
    model: word.optional().describe("A model that `earshot models import` took into the data folder."),
    http: httpModelSchema.optional().describe("A model behind HTTP, such as a local language model's server."),
    use: z
      .enum(["all", "sample", "abstained"])
      .default("abstained")
      .describe("Which posts it judges: all, a fixed share of them, or those of which no embedded model says anything for this task, as it is unsure or not asked."),
    sampleShare: z.number().min(0).max(1).default(0.01).describe("sample: this share of the posts, always the same ones."),
    budgetShare: z
      .number()
      .min(0.001)
      .max(16)
      .default(0.25)
      .describe("CPU-seconds a second that it may use (behind HTTP: seconds of waiting). When that is spent, the embedded model's answer stands, and the judgement says so."),
    sources: z.array(word).min(1).max(1_000).optional().describe("Posts of these sources alone."),
    languages: z
      .array(z.string().regex(/^[a-z]{2,3}$/))
      .min(1)
      .max(100)
      .optional()
      .describe("Posts in these languages alone."),
    leastProbability: z.number().min(0).max(1).default(0.5).describe("When it is less sure, it says nothing."),
  })
  .refine(({ task, http }) => task !== "entities" || http === undefined, { path: ["http"], error: "expected an imported tagger for entities" })
  .refine(({ model, http }) => (model === undefined) !== (http === undefined), { path: ["model"], error: "expected one of `model` and `http`" });
export type DeepModelConfig = Readonly<z.output<typeof deepModelSchema>>;
