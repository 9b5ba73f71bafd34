import { Type } from "typebox";
import type { ApiContext } from "../context.ts";
import { problems } from "../schemas.ts";

const maxBodyBytes = 8 * 1024 * 1024 * 1024;

export function addImportRoutes({ plain, engine }: ApiContext): void {
  void plain.register(async (scope) => {
    // Streams pass through: an import is as long as it is.
    for (const type of ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/json", "text/plain", "application/octet-stream"]) {
      scope.removeContentTypeParser(type);
      scope.addContentTypeParser(type, { bodyLimit: maxBodyBytes }, (_request, payload, done) => done(null, payload));
    }
    scope.post<{ Querystring: { platform?: string } }>(
      "/api/v1/import",
      {
        bodyLimit: maxBodyBytes,
        config: { access: "admin" },
        schema: {
          tags: ["import"],
          summary: "Import posts, one JSON object a line",
          description: "Lines hold `id platform author text createdAt` and what else is known (`language url replyTo likes …`). Answers when all of it is refined.",
          querystring: Type.Object(
            { platform: Type.Optional(Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$", default: "import", description: "Platform of lines that name none." })) },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              accepted: Type.Integer(),
              duplicate: Type.Integer({ description: "Known already, in this form or a newer one, or erased." }),
              rejected: Type.Integer(),
              dropped: Type.Integer({ description: "Not kept by the configuration." }),
              errors: Type.Array(Type.Object({ line: Type.Integer(), code: Type.String(), message: Type.String() }), { description: "The first of the rejected." }),
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
        const chunks = async function* (): AsyncIterable<Uint8Array> {
          for await (const chunk of request.raw) if (chunk instanceof Uint8Array) yield chunk;
        };
        const answer = await engine.import(chunks(), { platform: request.query.platform ?? "import", signal: abort.signal });
        return { ...answer, errors: answer.errors.map((error) => ({ ...error })) };
      },
    );
  });
}
