import type { EgressProfile } from "../core/config.ts";
import type { DeepModelConfig } from "../core/deep-config.ts";
import type { BakeoffRun, BakeoffText } from "../models/bakeoff.ts";

/** Who is compared, as the process that measures it is told. */
export type Contestant =
  | { readonly kind: "embedded" | "lexicon"; readonly task: string }
  | { readonly kind: "trained"; readonly task: string; readonly id: string; readonly bytes: Uint8Array; readonly judges: boolean }
  | { readonly kind: "onnx"; readonly folder: string; readonly task: string }
  | { readonly kind: "http"; readonly task: string; readonly config: DeepModelConfig; readonly egress: Readonly<Record<string, EgressProfile>> };

/** What the measuring process answers. */
export interface Measured extends BakeoffRun {
  /** Name and fingerprint. */
  readonly version: string;
  readonly licence: string;
}

/** elsewhere: an imported model of another task. */
export type MeasureAnswer = Measured | { readonly elsewhere: true };
export interface MeasureQuestion {
  readonly contestant: Contestant;
  readonly classes: readonly string[];
  readonly texts: readonly BakeoffText[];
}
