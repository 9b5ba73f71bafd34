import type { Platform } from "./authors.ts";

export type DeliveryKind = "post" | "edit" | "delete" | "reaction" | "unreaction" | "counts" | "erase" | "account" | "identity" | "malformed" | "ambiguous";

/** One message as it leaves the platform. */
export interface Delivery {
  readonly platform: Platform;
  readonly kind: DeliveryKind;
  /** When it is sent, microseconds; rises strictly. */
  readonly atUs: number;
  /** bluesky: the Jetstream message; mastodon: the streaming WebSocket's message. */
  readonly wire: string;
  /** Sent before in the same bytes. */
  readonly redelivered: boolean;
  /** Of a post that was made long before it is sent. */
  readonly late: boolean;
  readonly drifted: boolean;
  /** bluesky: the repository, and the collection of a commit. */
  readonly did?: string;
  readonly collection?: string;
  /** mastodon. */
  readonly event?: string;
  readonly payload?: string;
}
