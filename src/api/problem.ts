import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { EarshotError, type ErrorCode, errorCodes } from "../core/errors.ts";

/** RFC 9457 problem details, with our stable code beside. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly instance?: string;
  readonly errors?: readonly { readonly place: string; readonly message: string }[];
}

const statusOf: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  ITEM_TOO_LARGE: 413,
  CONFIG_INVALID: 422,
  LIMIT_REACHED: 429,
  DISK_FULL: 507,
};

export function problemOf(error: EarshotError): Problem {
  const kindStatus = error.kind === "reject" || error.kind === "config" ? 400 : error.kind === "transient" ? 503 : 500;
  return {
    type: `urn:earshot:problem:${error.code.toLowerCase().replaceAll("_", "-")}`,
    title: errorCodes[error.code].doc,
    status: statusOf[error.code] ?? kindStatus,
    // What broke inside is for the log, not for whoever asks.
    detail: error.kind === "fault" ? "Something inside broke; the operator's log has it." : error.message,
    code: error.code,
  };
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).type("application/problem+json").send(problem);
}

export function handleError(thrown: FastifyError | EarshotError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (thrown instanceof EarshotError) {
    if (thrown.kind === "fault") request.log.error({ err: thrown }, "request failed");
    const problem = problemOf(thrown);
    if (thrown.retryAt !== undefined) void reply.header("retry-after", Math.max(1, Math.ceil((thrown.retryAt - Date.now()) / 1000)));
    return sendProblem(reply, problem);
  }
  if ("validation" in thrown && Array.isArray(thrown.validation)) {
    const errors = thrown.validation.map((fault) => ({
      place: `${thrown.validationContext ?? "request"}${fault.instancePath || (typeof fault.params["missingProperty"] === "string" ? `/${fault.params["missingProperty"]}` : "")}`,
      message: fault.message ?? "not as expected",
    }));
    return sendProblem(reply, { type: "urn:earshot:problem:usage", title: errorCodes.USAGE.doc, status: 400, detail: thrown.message, code: "USAGE", errors });
  }
  const status = "statusCode" in thrown && typeof thrown.statusCode === "number" ? thrown.statusCode : 500;
  if (status >= 500) {
    request.log.error({ err: thrown }, "request failed");
    return sendProblem(reply, problemOf(new EarshotError("INVARIANT", thrown.message, { cause: thrown })));
  }
  const code = status === 413 ? "ITEM_TOO_LARGE" : status === 429 ? "LIMIT_REACHED" : status === 404 ? "NOT_FOUND" : "USAGE";
  return sendProblem(reply, { type: `urn:earshot:problem:${code.toLowerCase().replaceAll("_", "-")}`, title: errorCodes[code].doc, status, detail: thrown.message, code });
}
