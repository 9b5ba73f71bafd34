import type { EarshotError, ErrorCode } from "./errors.ts";
import type { FailureKind } from "./failure.ts";
import type { FailureClass } from "./failure-class.ts";

/** Kinds that no platform names: what the client finds by itself, for every connector. Their ids stay. */
export const clientFailures: readonly FailureKind[] = [
  {
    id: "client.auth",
    class: "auth",
    code: "UPSTREAM_AUTH",
    retryable: false,
    doc: "The credential was refused.",
    todo: "Renew the credential that the source refers to.",
  },
  {
    id: "client.permission",
    class: "permission",
    code: "UPSTREAM_AUTH",
    retryable: false,
    doc: "The credential lives, and does not allow this.",
    todo: "Give the credential the right that the platform names, or do not ask for this.",
  },
  {
    id: "client.rate-limit",
    class: "rate-limit",
    code: "UPSTREAM_RATE_LIMITED",
    retryable: true,
    doc: "Too many calls in a window.",
    todo: "Nothing: it waits. When it lasts, see who else uses the credential, or ask for less.",
  },
  {
    id: "client.quota",
    class: "quota",
    code: "UPSTREAM_QUOTA",
    retryable: true,
    doc: "The allowance of a day, a month or a plan is used up.",
    todo: "Wait until it is full again, ask for less, or get a larger plan.",
  },
  {
    id: "client.request",
    class: "request",
    code: "UPSTREAM_REFUSED",
    retryable: false,
    doc: "The platform does not accept what was asked.",
    todo: "Check the source's options: query, timeline, address.",
  },
  {
    id: "client.not-found",
    class: "not-found",
    code: "UPSTREAM_NOT_FOUND",
    retryable: false,
    doc: "There is nothing under this id or address.",
    todo: "Check ids and addresses in the source's options.",
  },
  {
    id: "client.version",
    class: "version",
    code: "UPSTREAM_VERSION",
    retryable: false,
    doc: "This version or endpoint of the API is retired.",
    todo: "Update Earshot.",
  },
  {
    id: "client.blocked",
    class: "blocked",
    code: "UPSTREAM_REFUSED",
    retryable: false,
    doc: "The platform, or its terms, bar us.",
    todo: "Read what the platform says; collect elsewhere.",
  },
  {
    id: "client.robots",
    class: "blocked",
    code: "UPSTREAM_REFUSED",
    retryable: false,
    doc: "The site's robots.txt does not allow the address (RFC 9309).",
    todo: "Take the address out, or ask the site to allow the user agent Earshot.",
  },
  {
    id: "client.address-change",
    class: "blocked",
    code: "UPSTREAM_REFUSED",
    retryable: false,
    doc: "The platform has barred the address; asking from another one would evade that, and is not done.",
    todo: "Settle it with the platform. The source's first address is asked again when it is well; the bar is forgotten after a day.",
  },
  {
    id: "client.server",
    class: "server",
    code: "UPSTREAM_UNAVAILABLE",
    retryable: true,
    doc: "The platform answered 5xx, or not at all.",
    todo: "Nothing: it is tried again. When it lasts, look at the platform's status page.",
  },
  {
    id: "client.network",
    class: "network",
    code: "UPSTREAM_UNAVAILABLE",
    retryable: true,
    doc: "No answer: name, route, certificate or time.",
    todo: "Check name resolution, proxy and certificates (earshot doctor).",
  },
  {
    id: "client.cut",
    class: "network",
    code: "UPSTREAM_CUT",
    retryable: true,
    doc: "An open connection broke.",
    todo: "Nothing: it is opened again where it stood. When it happens all the time, a proxy may cut long connections.",
  },
  {
    id: "client.cursor-too-old",
    class: "request",
    code: "CURSOR_TOO_OLD",
    retryable: true,
    doc: "The platform no longer holds what follows the place where reading stopped.",
    todo: "Nothing: reading goes on and the gap is told. Where the platform has a history, import it.",
  },
  {
    id: "client.content",
    class: "content",
    code: "FIELD_INVALID",
    retryable: false,
    doc: "An answer came, and it cannot be read as expected.",
    todo: "Look at Drift; update Earshot when the platform has changed.",
  },
];

const byCode: Partial<Record<ErrorCode, string>> = {
  UPSTREAM_UNAVAILABLE: "client.server",
  UPSTREAM_CUT: "client.cut",
  UPSTREAM_RATE_LIMITED: "client.rate-limit",
  UPSTREAM_QUOTA: "client.quota",
  UPSTREAM_AUTH: "client.auth",
  UPSTREAM_REFUSED: "client.request",
  UPSTREAM_NOT_FOUND: "client.not-found",
  UPSTREAM_VERSION: "client.version",
  CURSOR_TOO_OLD: "client.cursor-too-old",
};

/** The client's kind of an error, by its code and by what is known of the call; undefined: it is not about the platform (no space on the disk, say). */
export function clientFailureOf(error: Pick<EarshotError, "code" | "kind" | "failure">, told?: FailureClass): FailureKind | undefined {
  const named = clientFailures.find((kind) => kind.id === error.failure?.id);
  if (named !== undefined) return named;
  const id = byCode[error.code] ?? (error.kind === "reject" ? "client.content" : undefined);
  const found = clientFailures.find((kind) => kind.id === id);
  return found === undefined || told === undefined || found.class === told ? found : clientFailures.find((kind) => kind.class === told);
}
