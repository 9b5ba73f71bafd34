import { Type, type Static } from "typebox";
import { toEarshotError } from "../../core/errors.ts";
import { emptyForm, formOf, type QueryForm, writeForm } from "../../core/query-form.ts";
import { formatQuery } from "../../core/query-format.ts";
import { parseQuery } from "../../core/query-parser.ts";
import { queryFields, queryLimits } from "../../core/query.ts";
import { queryFault } from "../../runtime/load-config.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { iso, problems } from "../schemas.ts";
import { estimateSchema, formRows, type formSchema, type queryProblemSchema, type QueryReading, readSchema } from "../term-schemas.ts";

/** A fault of a query, its column apart from what it says. */
function problemOf(message: string): Static<typeof queryProblemSchema> {
  const found = /^query, column (\d+): ([^]*)$/.exec(message);
  return found === null ? { message } : { column: Number(found[1]), message: found[2] ?? message };
}

/** Never throws for what people type: a query that is wrong is an answer. */
function readQuery(asked: { readonly q: string } | { readonly form: QueryForm }, isTerm: boolean): QueryReading {
  let q = "q" in asked ? asked.q : "";
  try {
    if ("form" in asked) q = writeForm(asked.form);
    const tree = parseQuery(q);
    const fault = isTerm && q.trim() !== "" ? queryFault(q) : undefined;
    return { q, canonical: formatQuery(tree), tree, form: copyOf(formOf(tree)), problems: fault === undefined ? [] : [problemOf(fault)] };
  } catch (thrown) {
    const error = toEarshotError(thrown, "INVARIANT", "query");
    if (error.code !== "QUERY_INVALID") throw error;
    return { q, problems: [problemOf(error.message)] };
  }
}

function copyOf(form: QueryForm): Static<typeof formSchema> {
  const { all, phrases, any, none, languages, platforms, authors, others } = form;
  return {
    all: [...all],
    phrases: [...phrases],
    any: [...any],
    none: [...none],
    languages: [...languages],
    platforms: [...platforms],
    authors: [...authors],
    others: [...others],
  };
}

export function addEstimateRoutes({ app, engine }: ApiContext): void {
  app.post(
    "/api/v1/query/parse",
    {
      config: { reads: true, forKept: true },
      schema: {
        tags: ["posts"],
        summary: "How a query is understood: its text, its tree, its rows, and what is wrong with it",
        description: `Give the text or the form; the answer has both. Fields: ${queryFields.join(", ")}, created.`,
        body: Type.Object(
          {
            q: Type.Optional(Type.String({ maxLength: queryLimits.length * 2 })),
            form: Type.Optional(Type.Partial(Type.Object(formRows), { additionalProperties: false })),
            use: Type.Optional(Type.Union([Type.Literal("search"), Type.Literal("term")], { default: "search", description: "A term cannot ask for authors and terms." })),
          },
          { additionalProperties: false },
        ),
        response: { 200: readSchema, ...problems },
      },
    },
    async ({ body }) => readQuery(body.form === undefined ? { q: body.q ?? "" } : { form: { ...emptyForm, ...body.form } }, body.use === "term"),
  );

  app.post(
    "/api/v1/estimate",
    {
      config: { reads: true },
      schema: {
        tags: ["terms"],
        summary: "What a query would bring and cost in a day, by the posts of the last week",
        body: Type.Object(
          {
            query: Type.String({ minLength: 1, maxLength: queryLimits.length }),
            keep: Type.Optional(
              Type.Union([Type.Literal("everything"), Type.Literal("matching")], { default: "matching", description: "Whether sources would store all, or what matches." }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: estimateSchema, ...problems },
      },
    },
    async (request) => {
      const { query, keep } = request.body;
      const { state, sample, ...figures } = await engine.estimate({ query, keep: keep ?? "matching", filter: viewerOf(request).filter });
      const { fromMs, toMs, sources, ...counts } = sample;
      return { state, sample: { ...counts, sources: [...sources], from: iso(fromMs), to: iso(toMs) }, ...figures };
    },
  );
}
