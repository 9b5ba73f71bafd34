import type { z } from "zod";
import type { Clock } from "./clock.ts";
import type { AuthorizationSpec } from "./authorization.ts";
import type { Credential, CredentialSpec } from "./credential.ts";
import type { EarshotError } from "./errors.ts";
import type { ExpectedFields } from "./expected.ts";
import type { FailureKind } from "./failure.ts";
import type { Files } from "./files.ts";
import type { Http } from "./http.ts";
import type { Parse, Raw, Source, SourceStatus } from "./source.ts";

export interface Report {
  /** A line for the operator; fields never hold a secret or a personal datum. */
  (level: "debug" | "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, string | number | boolean>>): void;
}

/** Reads a secret by its reference (`env:NAME`, `file:/path`); throws CONFIG_SECRET_MISSING. */
export type ReadSecret = (reference: string) => Promise<string>;

export interface SourceContext {
  readonly id: string;
  readonly clock: Clock;
  readonly files: Files;
  readonly http: Http;
  readonly readSecret: ReadSecret;
  /** The credential that the spec describes; the same one for all who ask for the same. */
  readonly credential: (spec: CredentialSpec) => Promise<Credential>;
  readonly report: Report;
  readonly status: (status: SourceStatus) => void;
  /** Records a failure that is not thrown, since the source goes on; calls of `http` that fail are recorded without. */
  readonly failed: (error: EarshotError) => void;
}

export interface SourceForecast {
  /** Posts in the time looked at, as the platform counts them; absent: it does not tell. */
  readonly posts?: number;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly perDay?: number;
  /** What a day of collecting draws on each allowance. */
  readonly costs: readonly { readonly budget: string; readonly perDay: number; readonly allowedPerDay?: number }[];
  readonly note?: string;
}

/** Something that the account behind a credential can read, as a value of one option. */
export interface Offer {
  /** One of the connector's `offers.of`. */
  readonly option: string;
  readonly value: string;
  readonly name: string;
  /** What tells it from others of the same name. */
  readonly detail?: string;
}

/** A request that a platform sent to us. */
export interface IncomingRequest {
  readonly method: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** As it came: signatures are over these bytes. */
  readonly body: Uint8Array;
  /** Milliseconds UTC. */
  readonly receivedAt: number;
}

/** What is answered, and what is to be durable before it is. */
export interface Received {
  readonly status: number;
  readonly body?: string;
  readonly raws: readonly Raw[];
  /** The sender's id of this delivery: what comes again under it within the next minutes is answered and not taken twice. */
  readonly delivery?: string;
  /** Why it was refused, for the record of failures. */
  readonly failure?: EarshotError;
}

/** Default export of a file in src/connectors: a platform is one file and its test. */
export interface Connector<S extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly doc: string;
  /** The platform name on its posts; two connectors may speak of one platform, and then share native ids. */
  readonly platform: (options: z.output<S>) => string;
  readonly options: S;
  /** Whole-network streams default to keeping only what matches a term. */
  readonly keepDefault: "everything" | "matching";
  readonly simulated?: (options: z.output<S>) => boolean;
  /** one-address: the platform knows callers by credential and bars evasion, so that its calls never rotate over addresses. */
  readonly egress?: "one-address";
  open(options: z.output<S>, context: SourceContext): Promise<Source>;
  parser(options: z.output<S>): Parse;
  /** One message as it was recorded or received, as the raw messages that its source would yield, with their keys. */
  raws?(options: z.output<S>, message: Uint8Array, receivedAt: number): readonly Raw[];
  /** The kinds of failure that the platform's answers are told apart by. */
  readonly failures?: readonly FailureKind[];
  /** What the platform's entities are expected to carry: drift is measured against it. */
  expected?(options: z.output<S>): ExpectedFields;
  /** The version of the platform's API that is asked for, and when it ends, where the platform tells. */
  readonly apiVersion?: { readonly name: string; readonly retiresAt?: string; readonly source: string };
  /** Its sources may go without the credential that they can be given. */
  readonly anonymous?: true;
  /** Feeds in which the platform tells of changes to its API. */
  readonly changelogs?: readonly string[];
  /** One cheap call that fails when the credential is dead. */
  canary?(options: z.output<S>, context: SourceContext): Promise<void>;
  /** What collecting with these options would bring and spend, asked before anything is spent. */
  forecast?(options: z.output<S>, context: SourceContext): Promise<SourceForecast>;
  /** Present where a person grants access in the browser. */
  authorization?(options: z.output<S>): AuthorizationSpec | undefined;
  /** Present where the platform tells what an account can read: `of` names the options that are chosen from it, which a grant can therefore go without. */
  readonly offers?: {
    readonly of: readonly string[];
    /** With the options that there are by then; what stands under `of` is not looked at. */
    list(options: z.output<S>, context: SourceContext): Promise<readonly Offer[]>;
  };
  /** Present where the platform sends (webhooks): checks who sent, answers its challenge, and gives what came. Never throws for what a stranger may send: 401, 403 or 400 and nothing. */
  receive?(options: z.output<S>, request: IncomingRequest, readSecret: ReadSecret): Promise<Received>;
  /** Splits a recorded file (`earshot parse`) into raw messages; absent: one message a line. */
  split?(file: Uint8Array): Iterable<Uint8Array>;
}
