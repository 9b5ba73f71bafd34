import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { Engine } from "../runtime/engine.ts";
import type { Access } from "../runtime/access.ts";
import type { ScopeArea } from "./scopes.ts";

/** Fastify with TypeBox types; named here so that routes need not repeat its parameters. */
export type ApiApp = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;

/** For routes whose answer is no JSON. */
export type PlainApp = FastifyInstance;

export interface ApiContext {
  readonly app: ApiApp;
  readonly plain: PlainApp;
  readonly engine: Engine;
  readonly access: Access;
  /** What tokens can be kept to: the areas of the routes that are served. */
  readonly scopes: () => readonly ScopeArea[];
  readonly makeLink: () => Promise<string>;
  /** How long a stream of a request may pause between two pieces. */
  readonly bodyPatienceMs: number;
}
