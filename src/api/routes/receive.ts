import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { EarshotError, type ErrorCode } from "../../core/errors.ts";
import type { ApiContext } from "../context.ts";
import { problems } from "../schemas.ts";

const codes: Readonly<Record<number, ErrorCode>> = { 401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND", 413: "ITEM_TOO_LARGE", 429: "LIMIT_REACHED" };
const idParameter = Type.Object({ id: Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" }) });
const plainText = { content: { "text/plain": { schema: Type.String() } } };

function only(fields: Readonly<Record<string, string | readonly string[] | undefined>>): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) single[name] = typeof value === "string" ? value : (value[0] ?? "");
  return single;
}

/** Where others send to: no session is asked for, the source's connector checks the signature. */
export function addReceiveRoutes({ plain, engine }: ApiContext): void {
  void plain.register(async (scope) => {
    // A signature is over the bytes as they came.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    const config = { access: "public", rateLimit: { max: 1_200, timeWindow: "1 minute" } } as const;

    const receive = async (request: FastifyRequest<{ Params: { id: string } }>, reply: FastifyReply) => {
      const { status, body, received } = await engine.receive(request.params.id, {
        method: request.method,
        headers: only(request.headers),
        query: only(Object.fromEntries(new URL(request.url, "http://localhost").searchParams)),
        body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
        receivedAt: Date.now(),
      });
      if (status >= 300) throw new EarshotError(codes[status] ?? "USAGE", body ?? "refused");
      if (status === 200)
        return reply
          .code(200)
          .type("text/plain; charset=utf-8")
          .send(body ?? "");
      return reply.code(202).send({ received });
    };

    scope.post<{ Params: { id: string } }>(
      "/api/v1/in/:id",
      {
        config,
        schema: {
          tags: ["import"],
          summary: "Send posts to a source that receives, signed as the source's options say",
          description:
            "Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature; or the platform's own form. Answered once everything is durable; the same webhook-id is taken once.",
          security: [],
          params: idParameter,
          body: { content: { "application/json": { schema: Type.Unknown() }, "application/x-ndjson": { schema: Type.Unknown() } } },
          response: { 200: plainText, 202: Type.Object({ received: Type.Integer({ description: "Messages that are durable." }) }), ...problems },
        },
      },
      receive,
    );
    scope.get<{ Params: { id: string } }>(
      "/api/v1/in/:id",
      {
        config,
        schema: {
          tags: ["import"],
          summary: "Answer a platform that asks whether a receiving source is ours",
          security: [],
          params: idParameter,
          response: { 200: plainText, ...problems },
        },
      },
      receive,
    );
  });
}
