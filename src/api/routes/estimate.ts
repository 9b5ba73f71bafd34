import { Type, type Static } from "typebox";
import { toEarshotError } from "../../core/errors.ts";
import { emptyForm, formOf, type QueryForm, writeForm } from "../../core/query-form.ts";
import { formatQuery } from "../../core/query-format.ts";
import { parseQuery } from "../../core/query-parser.ts";
import { queryFields, queryLimits } from "../../core/query.ts";
import { queryFault } from "../../runtime/load-config.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, problems } from "../schemas.ts";

const entries = (description: string) => Type.Array(Type.String({ maxLength: 500 }), { maxItems: 300, description });
const formRows = {
  all: entries("Each of these words."),
  phrases: entries("Each of these phrases, word for word."),
  any: entries("At least one of these words or phrases; a beginning ends in *."),
  none: entries("None of these words or phrases."),
  languages: entries("One of these languages."),
  platforms: entries("One of these platforms."),
  authors: entries("By one of these pseudonyms."),
  others: entries("What the rows cannot say, each as the text of a query."),
};
const formSchema = Type.Object(formRows, { description: "The query as rows that need no syntax; all of them hold together." });
const problemSchema = Type.Object({ column: Type.Optional(Type.Integer({ description: "From 1, in UTF-16 units." })), message: Type.String() });
const readSchema = Type.Object({
  q: Type.String({ description: "The query as text: as asked, or as the form says it." }),
  canonical: Type.Optional(Type.String({ description: "The same query, written in one way; absent where there are problems." })),
  tree: Type.Optional(Type.Unknown({ description: "As it was understood." })),
  form: Type.Optional(formSchema),
  problems: Type.Array(problemSchema, { description: "Empty: the query can be asked." }),
});
export type QueryReading = Static<typeof readSchema>;

const estimate = Type.Object({ low: Type.Number(), value: Type.Number(), high: Type.Number() }, { description: "With its 95% interval." });
const estimateSchema = Type.Object({
  state: Type.Union([Type.Literal("ok"), Type.Literal("few-posts"), Type.Literal("short-time"), Type.Literal("no-sample")], {
    description: "few-posts, short-time: too little is stored to say. no-sample: no source stores all that it reads.",
  }),
  sample: Type.Object({
    posts: Type.Integer(),
    matching: Type.Integer(),
    exact: Type.Boolean({ description: "false: the work limit was reached, `matching` is a scaled estimate." }),
    from: instant("The first post that was looked at."),
    to: instant("Now."),
    sources: Type.Array(Type.String()),
    simulated: Type.Boolean({ description: "true: a made-up world; says nothing of the real one." }),
  }),
  matchingPerDay: Type.Optional(estimate),
  storedPerDay: Type.Optional(estimate),
  storedGbPerDay: Type.Optional(estimate),
  bytesPerPost: Type.Optional(Type.Number({ description: "In search and lake together; absent while too few are stored to say." })),
});
export type EstimateView = Static<typeof estimateSchema>;

/** A fault of a query, its column apart from what it says. */
function problemOf(message: string): Static<typeof problemSchema> {
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
