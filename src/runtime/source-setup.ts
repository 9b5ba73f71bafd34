import type { Offer, SourceForecast } from "../core/component.ts";
import type { SourceConfig } from "../core/config.ts";

/** What is asked before a source is saved. Nothing of it is kept. */
export interface SourceSetup {
  /** Opens it and reads until something comes or it listens. */
  checkSource(config: SourceConfig): Promise<SourceCheck>;
  /** Asks the platform what it would bring and spend, through the same client and its budgets. @throws LIMIT_REACHED while too many are asked at once */
  forecastSource(config: SourceConfig): Promise<SourceForecastAnswer>;
  /** What the account behind these options can read, where the platform tells. @throws LIMIT_REACHED as above, CONFIG_INVALID, UPSTREAM_*; USAGE for a connector that offers nothing */
  offersOf(use: string, options: Readonly<Record<string, unknown>>): Promise<readonly Offer[]>;
  /** Whether secrets can be read under these references; nothing of a secret is told, not even its length. */
  checkSecrets(references: readonly string[]): Promise<readonly SecretCheck[]>;
}

export interface SourceCheck {
  readonly ok: boolean;
  readonly code?: string;
  readonly message?: string;
}

export interface SecretCheck {
  readonly reference: string;
  readonly there: boolean;
  readonly message?: string;
}

export type SourceForecastAnswer = {
  /** Calls that asking took. */
  readonly requests: number;
  readonly size?: ForecastSize;
} & (
  | { readonly state: "told"; readonly forecast: SourceForecast }
  /** The platform does not tell in advance. */
  | { readonly state: "untold" }
  | { readonly state: "failed"; readonly code: string; readonly message: string }
);

/** Gigabytes of a day in search and lake, by the size of the posts that are stored. */
export interface ForecastSize {
  readonly bytesPerPost: number;
  readonly everythingGbPerDay?: number;
  /** With its 95% interval, by the share of stored posts of this connector that match a term; absent: too few are stored to say. */
  readonly matchingGbPerDay?: { readonly low: number; readonly value: number; readonly high: number };
  readonly sample?: { readonly posts: number; readonly matching: number; readonly exact: boolean };
}
