import type { EgressFigures } from "../http/egress.ts";
import type { HostFigures } from "../http/hosts.ts";

/** A way out that was refused, since another address or a rotation would have evaded a platform's bar. */
export interface RefusedWay {
  readonly at: number;
  readonly source: string;
  /** Absent: it was refused with the configuration, before any call. */
  readonly host?: string;
  /** The profile that was asked for; absent: straight. */
  readonly egress?: string;
}

/** What the one client knows of hosts and of ways out, since the start; and what was refused, from the audit. */
export interface Connections {
  readonly hosts: readonly HostFigures[];
  readonly egress: readonly EgressFigures[];
  /** The newest first. */
  readonly refused: readonly RefusedWay[];
}

export interface ConnectionBook {
  connections(): Promise<Connections>;
}
