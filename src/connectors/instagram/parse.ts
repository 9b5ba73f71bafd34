import type { Counts, Outcome, SourceEvent } from "../../core/event.ts";
import type { Message } from "../graph/answers.ts";
import { graphId } from "../graph/fields.ts";
import { engagement, graphParser } from "../graph/parse.ts";
import type { Json } from "../json/decode.ts";
import { checkInstant } from "../json/fields.ts";
import { readComment, readCounts, readMedia } from "./media.ts";
import { instagramShapes } from "./shapes.ts";

/*
 * Native ids are the platform's: media, comments and accounts are numbers. Who writes a comment is told by an id that belongs to the app;
 * an account of which the name alone is told is known by its name.
 */
export const parseInstagram = graphParser("instagram", instagramShapes, read);

function read(message: Message, value: Json): Outcome<SourceEvent> | undefined {
  switch (message.graph) {
    case "media":
      return { keep: { type: "post", post: readMedia(value, message) } };
    case "comment":
      return { keep: { type: "post", post: readComment(value, message) } };
    case "gone":
      return { keep: { type: "delete", id: graphId(value["id"], "message.value.id"), at: checkInstant(message["at"], "message.at") } };
    case "mention":
      return { drop: "mention-without-text" };
    case "other":
      return { drop: "not-a-post" };
    case "counts": {
      const held: { counts?: Partial<Counts> } = {};
      readCounts(held, value);
      return held.counts === undefined ? { drop: "no-count" } : engagement(message, graphId(value["id"], "counts.id"), held.counts);
    }
    default:
      return undefined;
  }
}
