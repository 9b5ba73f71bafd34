import type { ExpectedFields } from "../../core/expected.ts";
import type { FailureKind } from "../../core/failure.ts";

/** What relays refuse with (NIP-01 and NIP-42, 2025-11). */
export const failures: readonly FailureKind[] = [
  {
    id: "nostr.auth-required",
    class: "auth",
    code: "UPSTREAM_AUTH",
    retryable: false,
    doc: "The relay shows events to accounts that signed in only (NIP-42).",
    todo: "Set secretKey to the key of an account that the relay takes, or take another relay.",
  },
  {
    id: "nostr.refused",
    class: "blocked",
    code: "UPSTREAM_REFUSED",
    retryable: false,
    doc: "The relay is restricted, or does not take the filter.",
    todo: "Take another relay, or fewer kinds.",
  },
  {
    id: "nostr.rate-limited",
    class: "rate-limit",
    code: "UPSTREAM_RATE_LIMITED",
    retryable: true,
    doc: "Too many requests.",
    todo: "Nothing: it is tried again, more slowly each time.",
  },
  { id: "nostr.error", class: "server", code: "UPSTREAM_UNAVAILABLE", retryable: true, doc: "The relay failed.", todo: "Nothing: it is tried again." },
  { id: "nostr.cut", class: "network", code: "UPSTREAM_CUT", retryable: true, doc: "The connection broke.", todo: "Nothing: what was missed is read after the next connection." },
  {
    id: "nostr.forged",
    class: "content",
    code: "SIGNATURE_INVALID",
    retryable: false,
    doc: "An event's hash or signature is not its own.",
    todo: "Leave out the relay that gives forged events.",
  },
];

export const expected: ExpectedFields = {
  entities: {
    event: { required: { id: "text", pubkey: "text", created_at: "instant", kind: "number", tags: "list", content: "text", sig: "text" }, optional: {} },
  },
  *find(message) {
    if ("pubkey" in message) yield ["event", message];
  },
};
