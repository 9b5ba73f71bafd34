import { Type, type Static } from "typebox";
import { instant, optionalInstant } from "./schemas.ts";

export const annotationSchema = Type.Object({
  id: Type.String(),
  at: instant("What it speaks of."),
  text: Type.String(),
  term: Type.Optional(Type.String({ description: "The brand or topic that it belongs to; absent: all." })),
  actor: Type.String({ description: "Who changed it last." }),
  createdAt: instant("When it was added."),
  changedAt: instant("When it was changed last."),
});
export type AnnotationView = Static<typeof annotationSchema>;

export const viewPathSchema = Type.Union([Type.Literal("/explore"), Type.Literal("/search"), Type.Literal("/live")]);
export const viewSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  path: viewPathSchema,
  query: Type.String({ description: "The page's whole state: what stands behind the question mark." }),
  shared: Type.Boolean({ description: "All may open it; what they see of the data is theirs." }),
  owner: Type.String(),
  pinned: Type.Boolean({ description: "By the one who asks." }),
  mine: Type.Boolean({ description: "Whether the one who asks may change it." }),
  createdAt: instant("When it was saved."),
  changedAt: instant("When it was changed last."),
});
export type SavedView = Static<typeof viewSchema>;

const unlessKept = "Absent for who is kept to a part of the data.";
export const coverageSchema = Type.Object({
  from: instant("As asked."),
  to: instant("As asked."),
  posts: Type.Integer({ description: "Posts made in the time, as far as the one who asks may see them." }),
  unscored: Type.Integer({ description: "Of these, posts whose sentiment is not known." }),
  since: optionalInstant("Day of the oldest post that is stored; absent: none is."),
  freshAt: Type.Union([instant("When the newest change that is counted came in."), Type.Null()]),
  rejected: Type.Optional(
    Type.Object(
      { messages: Type.Integer(), reasons: Type.Array(Type.Object({ code: Type.String(), messages: Type.Integer() })) },
      { description: `Messages that came in the time and could not be read. ${unlessKept}` },
    ),
  ),
  gaps: Type.Optional(
    Type.Array(
      Type.Object({ source: Type.String(), from: optionalInstant("Absent: not known."), to: instant("Its end."), reason: Type.String(), at: instant("When it was met.") }),
      { description: `Times that a platform could no longer give. ${unlessKept}` },
    ),
  ),
  sources: Type.Optional(
    Type.Array(
      Type.Object({
        id: Type.String(),
        state: Type.String(),
        detail: Type.Optional(Type.String()),
        simulated: Type.Boolean(),
        keep: Type.String({ description: "everything, or what matches a term." }),
      }),
      { description: unlessKept },
    ),
  ),
});
export type CoverageView = Static<typeof coverageSchema>;
