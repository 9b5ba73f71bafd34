/** What goes wrong, as shares of requests; drawn from the world's seed, in the order of the requests. */
export interface Faults {
  readonly serverErrors: number;
  readonly tooManyRequests: number;
  /** A 429 says that it lasts this long. */
  readonly limitedMs: number;
  readonly slow: number;
  readonly slowMs: number;
  /** The connection is reset without an answer. */
  readonly resets: number;
  /** Status 200, a body that is no JSON. */
  readonly garbage: number;
  /** A stream is cut after so many messages on average; 0: never. */
  readonly cutAfterMessages: number;
  /** A new stream is refused with 503. */
  readonly refused: number;
}

export type FaultLevel = "off" | "mild" | "storm";

export const faultLevels: Readonly<Record<FaultLevel, Faults>> = {
  off: { serverErrors: 0, tooManyRequests: 0, limitedMs: 0, slow: 0, slowMs: 0, resets: 0, garbage: 0, cutAfterMessages: 0, refused: 0 },
  mild: { serverErrors: 0.01, tooManyRequests: 0.01, limitedMs: 2_000, slow: 0.02, slowMs: 400, resets: 0.002, garbage: 0.001, cutAfterMessages: 4_000, refused: 0.05 },
  storm: { serverErrors: 0.2, tooManyRequests: 0.15, limitedMs: 1_000, slow: 0.1, slowMs: 1_500, resets: 0.05, garbage: 0.02, cutAfterMessages: 150, refused: 0.3 },
};

export function faultsOf(wish: FaultLevel | Partial<Faults> | undefined): Faults {
  if (wish === undefined) return faultLevels.off;
  return typeof wish === "string" ? faultLevels[wish] : { ...faultLevels.off, ...wish };
}
