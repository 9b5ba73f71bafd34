import { Type, type Static } from "typebox";
import { instant, optionalInstant } from "./schemas.ts";

const figure = Type.Integer();
const optionalFigure = (description: string) => Type.Optional(Type.Integer({ description }));
const optionalShare = (description: string) => Type.Optional(Type.Number({ description }));

export const metricSchema = Type.Object({
  id: Type.String(),
  version: Type.Integer({ description: "Rises when the same posts would give another value." }),
  name: Type.String(),
  unit: Type.String(),
  definition: Type.String(),
  owner: Type.String({ description: "Who answers for the definition." }),
  kind: Type.Union([Type.Literal("count"), Type.Literal("share"), Type.Literal("balance"), Type.Literal("mean")]),
  part: Type.Array(Type.String(), { description: "Figures of a row that are added, …" }),
  less: Type.Optional(Type.Array(Type.String(), { description: "… these taken away, …" })),
  over: Type.Optional(Type.Array(Type.String(), { description: "… and the whole is divided by these." })),
  ofAll: Type.Boolean({ description: "The divisor is that of all rows beside it." }),
});
export type MetricView = Static<typeof metricSchema>;

const exploreRow = Type.Object({
  at: optionalInstant("Start of the bucket, UTC; absent in `whole` and `total`."),
  key: Type.String({ description: "Value of the dimension; hour-of-week: 1-00 (Monday, midnight UTC) to 7-23; none: not scored." }),
  value: Type.Union([Type.Number(), Type.Null()], { description: "Of the metric; null: there is nothing to speak of, which is not zero." }),
  low: optionalShare("Of a share: Wilson's 95% interval."),
  high: optionalShare("Of a share: Wilson's 95% interval."),
  posts: figure,
  negative: figure,
  neutral: figure,
  positive: figure,
  unscored: figure,
  negativeTowards: optionalFigure("Posts that speak badly of the brand that is asked for, or of each by term; where the metric needs them."),
  neutralTowards: optionalFigure("Posts that speak neither well nor badly of it."),
  positiveTowards: optionalFigure("Posts that speak well of it."),
  likes: optionalFigure("Absent where the question had no need to count it, as are shares, replies and views."),
  shares: optionalFigure("Passed on."),
  replies: optionalFigure("Replies that the platform told."),
  views: optionalFigure("Where the platform tells them."),
  authors: Type.Optional(Type.Integer({ description: "Distinct authors, where the metric needs them." })),
});
export type ExploreRowView = Static<typeof exploreRow>;

export const exploreSchema = Type.Object({
  metric: Type.Object({ id: Type.String(), version: Type.Integer() }),
  from: instant("As asked, widened to whole buckets."),
  to: instant("As asked, widened to whole buckets."),
  grain: Type.String(),
  by: Type.Union([Type.String(), Type.Null()]),
  answeredBy: Type.Union([Type.Literal("rollups"), Type.Literal("search"), Type.Literal("lake")], {
    description: "The store that answered. rollups: sums kept as posts come. search: the index. lake: files, up to a minute behind.",
  }),
  exact: Type.Boolean({ description: "false: scaled up from a sample." }),
  authorsExact: Type.Boolean({ description: "false: distinct authors are estimated." }),
  bytesScanned: Type.Union([Type.Number(), Type.Null()], { description: "Of the lake's files; null where it was not asked." }),
  freshAt: Type.Union([instant("When the newest change that is counted came in."), Type.Null()]),
  values: Type.Integer({ description: "Values of the dimension that there are, those that are not told included." }),
  placed: Type.Optional(Type.Integer({ description: "By linked name: of the total's posts, those that bear one at least." })),
  total: exploreRow,
  whole: Type.Array(exploreRow, { description: "Each value of the dimension over all the time, most posts first." }),
  rows: Type.Array(exploreRow, { description: "Each bucket and value of the dimension." }),
});
export type ExploreView = Static<typeof exploreSchema>;
