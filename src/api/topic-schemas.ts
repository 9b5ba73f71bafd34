import { type Static, Type } from "typebox";
import { leastTopicAuthors, type SampledTopic } from "../runtime/topics.ts";
import { instant } from "./schemas.ts";

const mixSchema = Type.Object({ negative: Type.Integer(), neutral: Type.Integer(), positive: Type.Integer(), unscored: Type.Integer() });
const topicFields = {
  language: Type.String(),
  words: Type.Array(Type.String(), { description: `The most telling first; each was written by ${leastTopicAuthors} authors or more.` }),
  posts: Type.Integer({ description: "Scaled up, where a sample was read." }),
  authors: Type.Integer({ description: "Of the posts that were read." }),
  series: Type.Array(Type.Integer(), { description: "Posts by part of the span." }),
  sentiment: mixSchema,
  middle: Type.Array(Type.String(), { description: "Ids of posts that stand for it, of different authors." }),
};
const topicSchema = Type.Object(topicFields);
export const answerSchema = Type.Object({
  from: instant("Inclusive."),
  to: instant("Exclusive."),
  posts: Type.Integer({ description: "That match, reshares left out." }),
  read: Type.Integer({ description: "Of these, how many were read: the newest of each part of the span, as many as it has of all." }),
  none: Type.Number({ minimum: 0, maximum: 1, description: "Share of the posts that is of no topic." }),
  partSeconds: Type.Number({ description: "Length of a part of the span." }),
  topics: Type.Array(
    Type.Object({
      ...topicFields,
      change: Type.Optional(Type.Union([Type.Literal("new"), Type.Literal("goes-on"), Type.Literal("split")], { description: "Against the period of the same length before." })),
      before: Type.Optional(Type.Integer({ description: "Its posts in that period." })),
    }),
    { description: `The largest first; none of fewer than ${leastTopicAuthors} authors.` },
  ),
  ended: Type.Optional(Type.Array(topicSchema, { description: "Topics of the period before that are no more." })),
  postsBefore: Type.Optional(Type.Integer()),
});
export type TopicsView = Static<typeof answerSchema>;

const lineSchema = Type.Object({
  id: Type.String(),
  language: Type.String(),
  words: Type.Array(Type.String()),
  bornAt: instant("The first hour in which it was met."),
  lastAt: instant("The last one."),
  parents: Type.Array(Type.String(), { description: "Lines that it split from." }),
  into: Type.Optional(Type.String({ description: "The line that it went into." })),
  hours: Type.Array(Type.Object({ at: instant("Start of the hour."), posts: Type.Integer(), authors: Type.Integer(), sentiment: mixSchema })),
  middle: Type.Array(Type.String()),
});
export const linesSchema = Type.Object({
  items: Type.Array(lineSchema),
  hours: Type.Array(Type.Object({ at: instant("Start of the hour."), posts: Type.Integer(), read: Type.Integer(), none: Type.Number() }), {
    description: "Hours that were looked at.",
  }),
});
export type TopicLinesView = Static<typeof linesSchema>;

export const mixOf = ({ negative, neutral, positive, unscored }: SampledTopic["sentiment"]): Static<typeof mixSchema> => ({ negative, neutral, positive, unscored });

export function viewTopic({ language, words, posts, authors, series, sentiment, middle }: SampledTopic): Static<typeof topicSchema> {
  return { language, words: words.slice(0, 12).map(({ word }) => word), posts, authors, series: [...series], sentiment: mixOf(sentiment), middle: middle.map(({ post }) => post) };
}
