import type { Socket } from "node:net";
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
  SIGN_IN_EXPIRED: 403,
  SIGN_IN_REFUSED: 403,
  SIGN_IN_INVALID: 403,
  SIGN_IN_NO_ROLE: 403,
  SIGN_IN_REMOVED: 403,
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
  // A download that fails is none.
  void reply.removeHeader("content-disposition");
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
    const where = thrown.validationContext ?? "request";
    const errors = thrown.validation
      // Of what should not be there two are told, one of them without a word of why.
      .filter((fault, _at, all) => fault.message !== "schema is false" || all.every((other) => other.message === fault.message))
      .slice(0, mostErrors)
      .flatMap((fault) => placesOf(fault.params).map((name) => ({ place: `${where}${fault.instancePath}${name}`, message: fault.message ?? "not as expected" })));
    const detail = errors
      .map((fault) => `${fault.place}: ${fault.message}`)
      .slice(0, 3)
      .join("; ");
    return sendProblem(reply, { type: "urn:earshot:problem:usage", title: errorCodes.USAGE.doc, status: 400, detail, code: "USAGE", errors });
  }
  const status = "code" in thrown && thrown.code === "ECONNRESET" ? 400 : "statusCode" in thrown && typeof thrown.statusCode === "number" ? thrown.statusCode : 500;
  if (status >= 500) {
    request.log.error({ err: thrown }, "request failed");
    return sendProblem(reply, problemOf(new EarshotError("INVARIANT", thrown.message, { cause: thrown })));
  }
  const code = status === 413 ? "ITEM_TOO_LARGE" : status === 429 ? "LIMIT_REACHED" : status === 404 ? "NOT_FOUND" : "USAGE";
  return sendProblem(reply, { type: `urn:earshot:problem:${code.toLowerCase().replaceAll("_", "-")}`, title: errorCodes[code].doc, status, detail: thrown.message, code });
}

const mostErrors = 100;

/** Faults of an object's own properties name the object as their place; the property stands in the parameters. */
function placesOf(params: Readonly<Record<string, unknown>>): readonly string[] {
  for (const key of ["requiredProperties", "additionalProperties", "missingProperty", "additionalProperty"]) {
    const named = params[key];
    const names = Array.isArray(named) ? named.map(String) : typeof named === "string" ? [named] : [];
    if (names.length > 0) return names.map((name) => `/${name.slice(0, 100)}`);
  }
  return [""];
}

/** What Node could not read as HTTP, or waited for in vain. */
export function answerBrokenRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const [status, reason]: readonly [number, string] =
    error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? [408, "Request Timeout"] : error.code === "HPE_HEADER_OVERFLOW" ? [431, "Request Header Fields Too Large"] : [400, "Bad Request"];
  const problem: Problem = { type: "urn:earshot:problem:usage", title: errorCodes.USAGE.doc, status, detail: reason, code: "USAGE" };
  const body = JSON.stringify(problem);
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
}
