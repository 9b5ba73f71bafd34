import { Readable } from "node:stream";
import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import {
  agreementSchema,
  changeSetSchema,
  drawAnswerSchema,
  drawSchema,
  formatSchema,
  importAnswerSchema,
  newSetSchema,
  setSchema,
  versionRowSchema,
  versionSchema,
  viewSet,
  viewVersion,
  viewVersionRow,
} from "../label-set-schemas.ts";
import { problems } from "../schemas.ts";
import { addLabelItemRoutes } from "./label-items.ts";

const tags = ["labels"];
const config = { access: "analyst" as const };
const id = Type.String({ pattern: "^[A-Za-z0-9_-]{1,40}$" });
const setParameter = Type.Object({ id });
const mostFileBytes = 32 * 1024 * 1024;
const fileTypes = { csv: "text/csv; charset=utf-8", jsonl: "application/x-ndjson", conll: "text/plain; charset=utf-8" } as const;

export function addLabelSetRoutes(context: ApiContext): void {
  const { app, plain, engine } = context;
  const { labelSets } = engine;
  addLabelItemRoutes(context);

  app.get(
    "/api/v1/label-sets",
    { config, schema: { tags, summary: "Label sets with their progress", response: { 200: Type.Object({ items: Type.Array(setSchema) }), ...problems } } },
    async (request) => ({ items: (await labelSets.list(viewerOf(request))).map(viewSet) }),
  );
  app.post("/api/v1/label-sets", { config, schema: { tags, summary: "Make a label set", body: newSetSchema, response: { 200: setSchema, ...problems } } }, async (request) => {
    const { perText = 1, splitBy = "author", ...rest } = request.body;
    return viewSet(await labelSets.add({ ...rest, perText, splitBy }, viewerOf(request)));
  });
  app.get(
    "/api/v1/label-sets/:id",
    { config, schema: { tags, summary: "A label set with its progress", params: setParameter, response: { 200: setSchema, ...problems } } },
    async (request) => viewSet(await labelSets.get(request.params.id, viewerOf(request))),
  );
  app.patch(
    "/api/v1/label-sets/:id",
    {
      config,
      schema: {
        tags,
        summary: "Change name, classes or guidelines: its owner, or an admin",
        description: "Frozen versions keep theirs. A class that bears labels stays.",
        params: setParameter,
        body: changeSetSchema,
        response: { 200: setSchema, ...problems },
      },
    },
    async (request) => viewSet(await labelSets.change(request.params.id, request.body, viewerOf(request))),
  );
  app.delete(
    "/api/v1/label-sets/:id",
    {
      config,
      schema: {
        tags,
        summary: "Remove a label set with its texts, labels and versions: its owner, or an admin",
        params: setParameter,
        response: { 204: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      await labelSets.remove(request.params.id, viewerOf(request));
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/api/v1/label-sets/:id/draw",
    {
      config,
      schema: {
        tags,
        summary: "Choose stored posts to label next",
        description:
          "uncertain: those that a model doubts most (the set's own labels teach it; before there are enough, an embedded model of the same classes), some that lie far from each other, and a fifth for lying far alone. diverse, random: that alone.",
        params: setParameter,
        body: drawSchema,
        response: { 200: drawAnswerSchema, ...problems },
      },
    },
    async (request) => {
      const { q, count, how = "uncertain", sample = 2_000 } = request.body;
      return labelSets.draw(request.params.id, { q, count, how, sample }, viewerOf(request));
    },
  );
  app.post(
    "/api/v1/label-sets/:id/reorder",
    {
      config,
      schema: { tags, summary: "Put the texts that wait into the order in which the model doubts them", params: setParameter, response: { 200: drawAnswerSchema, ...problems } },
    },
    async (request) => labelSets.reorder(request.params.id, viewerOf(request)),
  );
  app.post(
    "/api/v1/label-sets/:id/corrections",
    {
      config,
      schema: {
        tags,
        summary: "Take people's corrections of posts as labels",
        description: "Those whose text is still the one that was read, and whose value is a class of the set.",
        params: setParameter,
        body: Type.Object({ what: Type.Union([Type.Literal("sentiment"), Type.Literal("language")]) }, { additionalProperties: false }),
        response: { 200: importAnswerSchema, ...problems },
      },
    },
    async (request) => {
      const { faults, ...rest } = await labelSets.importCorrections(request.params.id, request.body.what, viewerOf(request));
      return { ...rest, faults: [...faults] };
    },
  );

  app.get(
    "/api/v1/label-sets/:id/agreement",
    { config, schema: { tags, summary: "How far annotators agree", params: setParameter, response: { 200: agreementSchema, ...problems } } },
    async (request) => {
      const { confusion, ...rest } = await labelSets.agreement(request.params.id);
      return { ...rest, perClass: { ...rest.perClass }, perAnnotator: { ...rest.perAnnotator }, confusion: [...confusion] };
    },
  );
  app.get(
    "/api/v1/label-sets/:id/versions",
    {
      config,
      schema: { tags, summary: "Frozen versions, newest first", params: setParameter, response: { 200: Type.Object({ items: Type.Array(versionRowSchema) }), ...problems } },
    },
    async (request) => ({ items: (await labelSets.versions(request.params.id)).map(viewVersionRow) }),
  );
  app.post(
    "/api/v1/label-sets/:id/versions",
    {
      config,
      schema: {
        tags,
        summary: "Freeze what is labelled as a version to train on",
        description: "Authors and copies of a text stand in one part. A part that was given stays with its text.",
        params: setParameter,
        response: { 200: versionSchema, ...problems },
      },
    },
    async (request) => viewVersion(await labelSets.freeze(request.params.id, viewerOf(request))),
  );

  plain.get<{ Params: { id: string }; Querystring: { version?: number; as?: keyof typeof fileTypes } }>(
    "/api/v1/label-sets/:id/export",
    {
      config,
      schema: {
        tags,
        summary: "A version, or all texts as they are now, as a file",
        params: setParameter,
        querystring: Type.Object({ version: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })), as: Type.Optional(formatSchema) }, { additionalProperties: false }),
        response: {
          200: {
            description: "CSV, JSONL or CoNLL.",
            content: Object.fromEntries(["text/csv", "application/x-ndjson", "text/plain"].map((type) => [type, { schema: Type.String() }] as const)),
          },
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { version, as = "jsonl" } = request.query;
      const pieces = await labelSets.export(request.params.id, version, as, viewerOf(request));
      const name = `labels-${request.params.id}${version === undefined ? "" : `-v${version}`}.${as}`;
      void reply.type(fileTypes[as]).header("content-disposition", `attachment; filename="${name}"`);
      return reply.send(Readable.from(pieces));
    },
  );

  void plain.register(async (scope) => {
    for (const type of ["text/csv", "text/plain", "application/x-ndjson", "application/octet-stream"]) {
      scope.removeContentTypeParser(type);
      scope.addContentTypeParser(type, { bodyLimit: mostFileBytes, parseAs: "buffer" }, (_request, body, done) => done(null, body));
    }
    scope.post<{ Params: { id: string }; Querystring: { as: keyof typeof fileTypes }; Body: unknown }>(
      "/api/v1/label-sets/:id/import",
      {
        bodyLimit: mostFileBytes,
        config,
        schema: {
          tags,
          summary: "Add texts, with labels or without, from a file",
          description:
            "CSV with a header, JSONL: `text`, and perhaps `label` or `spans`, `author post created_at platform language part annotator`. CoNLL: a word and its tag a line. At most 32 MiB; accounts and personal data are masked.",
          params: setParameter,
          querystring: Type.Object({ as: formatSchema }, { additionalProperties: false }),
          response: { 200: importAnswerSchema, ...problems },
        },
      },
      async (request) => {
        const { body } = request;
        if (!Buffer.isBuffer(body)) throw new EarshotError("USAGE", "body: expected a file as text/csv, application/x-ndjson or text/plain");
        let file: string;
        try {
          file = new TextDecoder("utf-8", { fatal: true }).decode(body);
        } catch {
          throw new EarshotError("UTF8_INVALID", "file: expected UTF-8");
        }
        const { faults, ...rest } = await labelSets.import(request.params.id, file, request.query.as, viewerOf(request));
        return { ...rest, faults: [...faults] };
      },
    );
  });
}
