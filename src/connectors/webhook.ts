import { once } from "node:events";
import { z } from "zod";
import { secretReference } from "../core/config.ts";
import type { Connector } from "../core/component.ts";
import type { Raw } from "../core/source.ts";
import { type FieldName, fieldNames, importLineKey, importLineParser, type ImportShape } from "./files/import-line.ts";
import { expectedLines } from "./files/expected.ts";
import { itemsOf } from "./webhook/body.ts";
import { table } from "./webhook/failures.ts";
import { checkSignature } from "./webhook/signature.ts";

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,100}$/, "expected a header's name");

const options = z.strictObject({
  platform: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
    .default("webhook")
    .describe("Platform of the posts."),
  secrets: z
    .array(secretReference)
    .min(1)
    .max(5)
    .describe("References to the keys that posts are signed with (env:NAME or file:/path): one, or the old and the new while it is changed. whsec_… is read as base64."),
  signature: z
    .strictObject({
      header: headerName.describe("The header that bears the signature."),
      prefix: z.string().max(50).default("sha256=").describe("What stands before it."),
      encoding: z.enum(["hex", "base64"]).default("hex").describe("How its bytes are written."),
      timestampHeader: headerName.optional().describe("The header with the time of signing, in seconds; absent: the signature bears none."),
      idHeader: headerName.optional().describe("The header with the delivery's id, which makes repeats harmless."),
      signs: z.enum(["body", "timestamp.body"]).default("body").describe("What is signed with HMAC-SHA256: the body, or the body after its time and a dot."),
    })
    .refine(({ signs, timestampHeader }) => signs === "body" || timestampHeader !== undefined, "signs timestamp.body: expected a timestampHeader")
    .optional()
    .describe("How the sender signs, where it does not follow Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature)."),
  toleranceSeconds: z.int().min(10).max(3_600).default(300).describe("A signature that is older, or from further in the future, is refused."),
  itemsAt: z
    .string()
    .regex(/^[\w-]+(?:\.[\w-]+){0,5}$/, "expected names with dots between")
    .optional()
    .describe("Where in a body the posts stand, as data.items; absent: the body is a post, a list of posts, or one a line."),
  fields: z
    .partialRecord(
      z.string().refine((name): name is FieldName => Object.hasOwn(fieldNames, name), `expected one of ${Object.keys(fieldNames).join(", ")}`),
      z.string().min(1),
    )
    .default({})
    .describe("Common field to the sender's own name of it; the usual names are found without."),
  language: z
    .string()
    .regex(/^[a-z]{2,3}$/)
    .optional()
    .describe("Language of the texts, where it is known."),
});

function shapeOf({ fields, language }: z.output<typeof options>): ImportShape {
  return { fields, ...(language !== undefined && { language }) };
}

function rawOf(shape: ImportShape, bytes: Uint8Array, receivedAt: number): Raw {
  const { key, actor } = importLineKey(shape)(bytes);
  return { key, ...(actor !== undefined && { actor }), bytes, receivedAt };
}

/** Posts that others send to us, signed, at /api/v1/in/ID of the source. */
const webhook: Connector<typeof options> = {
  name: "webhook",
  doc: "Webhook in: posts that another system sends, signed, to /api/v1/in/ID of this source.",
  options,
  platform: ({ platform }) => platform,
  keepDefault: "everything",
  async open({ secrets }, context) {
    for (const reference of secrets) await context.readSecret(reference);
    return {
      async *read(_cursor, signal) {
        context.status({ state: "live", detail: `POST /api/v1/in/${context.id}` });
        // What comes is taken by `receive`; the source is open as long as it runs.
        if (!signal.aborted) await once(signal, "abort");
        yield* [];
      },
      async [Symbol.asyncDispose]() {},
    };
  },
  failures: table.kinds,
  expected: ({ fields }) => expectedLines(fields),
  parser: (chosen) => importLineParser(shapeOf(chosen)),
  raws: (chosen, message, receivedAt) => [rawOf(shapeOf(chosen), message, receivedAt)],
  async receive(chosen, request, readSecret) {
    const refuse = (status: number, name: Parameters<typeof table.error>[0], body: string) => ({
      status,
      body,
      raws: [],
      failure: table.error(name, `webhook: ${body}`, `${request.method} /api/v1/in`),
    });
    if (request.method !== "POST") return refuse(405, "method", "expected POST");
    const secrets = await Promise.all(chosen.secrets.map(async (reference) => (await readSecret(reference)).trim()));
    const checked = checkSignature(request, { secrets, toleranceSeconds: chosen.toleranceSeconds, form: chosen.signature });
    if (!checked.ok) return refuse(checked.status, checked.failure, checked.reason);
    const items = itemsOf(request.body, chosen.itemsAt);
    if (items === undefined) return refuse(400, "body", "expected JSON: a post, a list of posts, or one a line");
    const shape = shapeOf(chosen);
    return { status: 202, raws: items.map((bytes) => rawOf(shape, bytes, request.receivedAt)), ...(checked.delivery !== undefined && { delivery: checked.delivery }) };
  },
};

export default webhook;
