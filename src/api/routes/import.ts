import type { IncomingMessage } from "node:http";
import { Type } from "typebox";
import { fieldNames } from "../../connectors/files/import-line.ts";
import { vendorLines } from "../../connectors/files/vendor/lines.ts";
import { EarshotError } from "../../core/errors.ts";
import type { ApiContext } from "../context.ts";
import { problems } from "../schemas.ts";

const maxBodyBytes = 8 * 1024 * 1024 * 1024;
const types = ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/json", "text/plain", "application/octet-stream"];
const parquetTypes = ["application/vnd.apache.parquet", "application/x-parquet"];
const csvTypes = ["text/csv", "text/tab-separated-values"];
const fieldPattern = `(?:${Object.keys(fieldNames).join("|")}):[^,]{1,200}`;
const lines = Type.Unknown({ description: "UTF-8; one JSON object a line, at most 10 MiB each." });
const exported = Type.Unknown({ description: "A vendor's export, with `mapping`; UTF-8 or UTF-16." });
const parquet = Type.Unknown({ description: "One Parquet file." });

/** `text:body,author:writer`: common field, then the column's own name. */
function fieldsOf(text: string | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((text === undefined ? [] : text.split(",")).map((pair) => [pair.slice(0, pair.indexOf(":")), pair.slice(pair.indexOf(":") + 1)]));
}

/** Ends the request when its sender pauses too long while we wait for it; our own pauses do not count. */
async function* piecesOf(request: IncomingMessage, patienceMs: number): AsyncGenerator<Uint8Array> {
  const wait = () => setTimeout(() => request.destroy(new EarshotError("UPSTREAM_CUT", `import: no byte came for ${patienceMs / 1000} s`)), patienceMs);
  let timer = wait();
  try {
    for await (const piece of request) {
      clearTimeout(timer);
      if (piece instanceof Uint8Array) yield piece;
      timer = wait();
    }
  } finally {
    clearTimeout(timer);
  }
}

export function addImportRoutes({ plain, engine, bodyPatienceMs }: ApiContext): void {
  void plain.register(async (scope) => {
    // Streams pass through: an import is as long as it is.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { bodyLimit: maxBodyBytes }, (_request, payload, done) => done(null, payload));
    scope.post<{ Querystring: { platform?: string; fields?: string; mapping?: string; version?: number } }>(
      "/api/v1/import",
      {
        bodyLimit: maxBodyBytes,
        config: { access: "admin", streams: true },
        schema: {
          tags: ["import"],
          summary: "Import posts: one JSON object a line, or a Parquet file",
          description:
            "Lines hold `id platform author text createdAt` and what else is known (`language url replyTo likes …`). A Parquet file has columns of these names. A body of another type, or of none, is read as lines. Answers when all of it is refined.",
          querystring: Type.Object(
            {
              platform: Type.Optional(Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$", default: "import", description: "Platform of lines that name none." })),
              fields: Type.Optional(
                Type.String({ pattern: `^${fieldPattern}(?:,${fieldPattern})*$`, maxLength: 4_000, description: "Parquet: columns of other names, as `text:body,author:writer`." }),
              ),
              mapping: Type.Optional(
                Type.String({
                  pattern: "^[a-z0-9][a-z0-9-]{0,62}$",
                  description: "The body is an export (CSV, or JSON as application/json) that the mapping of this name reads.",
                }),
              ),
              version: Type.Optional(Type.Integer({ minimum: 1, description: "Of the mapping; absent: the newest." })),
            },
            { additionalProperties: false },
          ),
          body: {
            content: Object.fromEntries([
              ...csvTypes.map((type) => [type, { schema: exported }] as const),
              ...types.map((type) => [type, { schema: lines }] as const),
              ...parquetTypes.map((type) => [type, { schema: parquet }] as const),
            ]),
          },
          response: {
            200: Type.Object({
              accepted: Type.Integer(),
              duplicate: Type.Integer({ description: "Known already, in this form or a newer one, or erased." }),
              rejected: Type.Integer(),
              dropped: Type.Integer({ description: "Not kept by the configuration." }),
              errors: Type.Array(Type.Object({ line: Type.Integer({ description: "Or row, from 1." }), code: Type.String(), message: Type.String() }), {
                description: "The first of the rejected.",
              }),
            }),
            ...problems,
          },
        },
      },
      async (request) => {
        const abort = new AbortController();
        request.raw.once("close", () => {
          if (!request.raw.complete) abort.abort();
        });
        const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
        const isParquet = parquetTypes.includes(type);
        const { mapping } = request.query;
        if (mapping === undefined && csvTypes.includes(type)) throw new EarshotError("USAGE", "mapping: expected the name of a mapping for a CSV file, came none");
        const pieces = piecesOf(request.raw, bodyPatienceMs);
        const lines =
          mapping === undefined
            ? pieces
            : vendorLines(type === "application/json" ? "export.json" : "export.csv", pieces, await engine.mappings.get(mapping, request.query.version));
        const answer = await engine.import(lines, {
          platform: request.query.platform ?? "import",
          signal: abort.signal,
          ...(isParquet && { parquet: fieldsOf(request.query.fields) }),
        });
        return { ...answer, errors: answer.errors.map((error) => ({ ...error })) };
      },
    );
  });
}
