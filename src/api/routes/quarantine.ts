import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import type { QuarantineChoice, QuarantineItem } from "../../runtime/engine.ts";
import type { ApiContext } from "../context.ts";
import { maskText } from "../../core/mask.ts";
import { maskRaw } from "../../policies/mask-raw.ts";
import { viewerOf } from "../access.ts";
import { maskedRawSchema } from "../provenance-view.ts";
import { cursorParameter, instant, iso, limitParameter, optionalInstant, problems, sentimentLabel } from "../schemas.ts";

const itemFields = {
  id: Type.String(),
  source: Type.String(),
  code: Type.String(),
  message: Type.String(),
  at: instant("When it was rejected."),
  state: Type.String(),
};
const itemSchema = Type.Object(itemFields);
const wholeSchema = Type.Object({
  ...itemFields,
  masked: Type.Optional(maskedRawSchema),
  raw: Type.Optional(Type.String({ description: "What came, as far as it is kept; with `reveal` only." })),
  encoding: Type.Optional(Type.String({ description: "Of `raw`: utf8 or base64." })),
});
const view = ({ id, source, code, message, at, state: now }: QuarantineItem) => ({ id, source, code, message, at: iso(at), state: now });
const state = Type.Union([Type.Literal("open"), Type.Literal("dismissed"), Type.Literal("replayed")]);
const ids = Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 10_000 });
const reasonFields = { code: Type.Optional(Type.String({ maxLength: 60 })), source: Type.Optional(Type.String({ maxLength: 63 })) };
const choice = Type.Object({ ids: Type.Optional(ids), ...reasonFields }, { additionalProperties: false, description: "By id, or all of a reason (code, source)." });
/** @throws USAGE for a choice of everything: that is never meant by accident */
function choiceOf({ ids: chosen, code, source }: { readonly ids?: readonly string[]; readonly code?: string; readonly source?: string }): QuarantineChoice {
  if (chosen !== undefined) return { ids: chosen };
  if (code === undefined && source === undefined) throw new EarshotError("USAGE", "expected ids, a code or a source");
  return { ...(code !== undefined && { code }), ...(source !== undefined && { source }) };
}
const counts = { read: Type.Integer(), kept: Type.Integer(), unchanged: Type.Integer(), rejected: Type.Integer() };
const counted = Type.Object({ read: Type.Integer(), kept: Type.Integer(), unchanged: Type.Integer(), rejected: Type.Integer() });

export function addQuarantineRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/quarantine",
    {
      config: { access: "analyst" },
      schema: {
        tags: ["quarantine"],
        summary: "What could not be kept, and why",
        querystring: Type.Object(
          {
            code: Type.Optional(Type.String({ maxLength: 60 })),
            source: Type.Optional(Type.String({ maxLength: 63 })),
            state: Type.Optional(state),
            limit: Type.Optional(limitParameter(500, 50)),
            cursor: cursorParameter,
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            items: Type.Array(itemSchema),
            next: Type.Union([Type.String(), Type.Null()]),
            reasons: Type.Array(
              Type.Object({
                code: Type.String(),
                source: Type.String(),
                count: Type.Integer(),
                firstAt: instant("Of the oldest."),
                lastAt: instant("Of the newest."),
                sample: Type.String({ description: "Id of the newest." }),
              }),
              { description: "Of the state asked for, else of the open ones." },
            ),
            counts: Type.Object({ open: Type.Integer(), dismissed: Type.Integer(), replayed: Type.Integer() }),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { limit, ...rest } = request.query;
      const page = await engine.quarantine({ ...rest, limit: limit ?? 50 });
      return {
        items: page.items.map(view),
        next: page.next ?? null,
        reasons: page.reasons.map(({ firstAt, lastAt, ...reason }) => ({ ...reason, firstAt: iso(firstAt), lastAt: iso(lastAt) })),
        counts: { ...page.counts },
      };
    },
  );

  app.get(
    "/api/v1/quarantine/replay",
    {
      config: { access: "admin" },
      schema: {
        tags: ["quarantine"],
        summary: "The replay that runs, or ran last since the start",
        response: {
          200: Type.Object({
            run: Type.Union([
              Type.Null(),
              Type.Object({
                ...counts,
                of: Type.Integer(),
                state: Type.String({ description: "running, done, cancelled or failed." }),
                startedAt: instant("Begin."),
                endedAt: optionalInstant("End."),
              }),
            ]),
          }),
          ...problems,
        },
      },
    },
    () => {
      const run = engine.replayRun();
      if (run === undefined) return { run: null };
      const { startedAt, endedAt, ...rest } = run;
      return { run: { ...rest, startedAt: iso(startedAt), ...(endedAt !== undefined && { endedAt: iso(endedAt) }) } };
    },
  );

  app.delete(
    "/api/v1/quarantine/replay",
    {
      config: { access: "admin" },
      schema: { tags: ["quarantine"], summary: "Cancel the replay; what is read stays read", response: { 204: Type.Null(), ...problems } },
    },
    async (_request, reply) => {
      engine.cancelReplay();
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/quarantine/:id",
    {
      config: { access: "analyst" },
      schema: {
        tags: ["quarantine"],
        summary: "One rejected message: its shape, and for a purpose what came",
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        querystring: Type.Object(
          { reveal: Type.Optional(Type.String({ minLength: 5, maxLength: 300, description: "Why the message must be seen. Admins; it is written into the audit log." })) },
          { additionalProperties: false },
        ),
        response: { 200: wholeSchema, ...problems },
      },
    },
    async (request) => {
      const { reveal } = request.query;
      const viewer = viewerOf(request);
      if (reveal !== undefined && viewer.role !== "admin") throw new EarshotError("FORBIDDEN", `what came is shown to admins only; yours is the role ${viewer.role}`);
      const item = await engine.quarantineItem(request.params.id);
      if (item === undefined) throw new EarshotError("NOT_FOUND", "there is no rejected message under this id");
      const { raw, encoding = "utf8", sizeBytes } = item;
      const masked = raw === undefined ? undefined : maskRaw(Buffer.from(raw, encoding));
      const shown = { ...view(item), ...(masked && { masked: { ...masked, sizeBytes: sizeBytes ?? masked.sizeBytes } }) };
      if (reveal === undefined || raw === undefined) return shown;
      await engine.noteAccess({ actor: viewer.name, action: "quarantine.raw", subject: item.id, purpose: reveal });
      return { ...shown, raw, encoding };
    },
  );

  app.post(
    "/api/v1/quarantine/preview",
    {
      config: { access: "analyst", reads: true },
      schema: {
        tags: ["quarantine"],
        summary: "What today's parser and stages would make of rejected messages; nothing changes",
        body: choice,
        response: {
          200: Type.Object({
            of: Type.Integer({ description: "How many were meant; at most 20 are looked at." }),
            items: Type.Array(
              Type.Object({
                item: itemSchema,
                made: Type.Optional(
                  Type.Object(
                    {
                      outcome: Type.String({ description: "kept, dropped or rejected." }),
                      code: Type.Optional(Type.String()),
                      message: Type.Optional(Type.String()),
                      posts: Type.Array(
                        Type.Object({
                          text: Type.String(),
                          createdAt: instant("Of the post."),
                          language: Type.String(),
                          sentiment: Type.Union([sentimentLabel, Type.Null()]),
                          terms: Type.Array(Type.String()),
                        }),
                      ),
                      others: Type.Record(Type.String(), Type.Integer(), { description: "Events that are no posts, by kind." }),
                    },
                    { description: "Absent: the raw is no longer kept." },
                  ),
                ),
              }),
            ),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { of, items } = await engine.previewQuarantine(choiceOf(request.body));
      return {
        of,
        items: items.map(({ item, made }) => ({
          item: view(item),
          ...(made && {
            made: {
              outcome: made.outcome,
              ...(made.code !== undefined && { code: made.code }),
              ...(made.message !== undefined && { message: made.message }),
              posts: made.posts.map(({ text, createdAt, language, sentiment, terms, pii }) => ({
                text: maskText(text, pii).text,
                createdAt: iso(createdAt),
                language,
                sentiment: sentiment?.label ?? null,
                terms: [...terms],
              })),
              others: { ...made.others },
            },
          }),
        })),
      };
    },
  );

  app.post(
    "/api/v1/quarantine/dismiss",
    {
      config: { access: "admin" },
      schema: { tags: ["quarantine"], summary: "Take items off the list", body: choice, response: { 200: Type.Object({ dismissed: Type.Integer() }), ...problems } },
    },
    async (request) => ({ dismissed: await engine.dismiss(choiceOf(request.body)) }),
  );

  app.post(
    "/api/v1/quarantine/reopen",
    {
      config: { access: "admin" },
      schema: { tags: ["quarantine"], summary: "Put dismissed items back on the list", body: choice, response: { 200: Type.Object({ reopened: Type.Integer() }), ...problems } },
    },
    async (request) => ({ reopened: await engine.reopen(choiceOf(request.body)) }),
  );

  app.post(
    "/api/v1/quarantine/replay",
    {
      config: { access: "admin" },
      schema: {
        tags: ["quarantine"],
        summary: "Read rejected messages again with today's parsers",
        body: Type.Object(
          { ids: Type.Optional(ids), code: Type.Optional(Type.String({ maxLength: 60 })), source: Type.Optional(Type.String({ maxLength: 63 })) },
          { additionalProperties: false },
        ),
        response: { 200: counted, ...problems },
      },
    },
    (request) => engine.replay({ kind: "quarantine", ...request.body }),
  );

  app.post(
    "/api/v1/replay",
    {
      config: { access: "admin" },
      schema: {
        tags: ["quarantine"],
        summary: "Read kept raw again; what a better parser makes of it replaces what was",
        body: Type.Object(
          { source: Type.Optional(Type.String({ maxLength: 63 })), from: optionalInstant("Absent: the oldest kept."), to: optionalInstant("Absent: now.") },
          { additionalProperties: false },
        ),
        response: { 200: counted, ...problems },
      },
    },
    (request) => {
      const { source, from, to } = request.body;
      return engine.replay({
        kind: "raw",
        fromMs: from === undefined ? 0 : Date.parse(from),
        toMs: to === undefined ? Date.now() : Date.parse(to),
        ...(source !== undefined && { source }),
      });
    },
  );
}
