import type { Counts, Outcome, SourceEvent } from "../../core/event.ts";
import type { Message } from "../graph/answers.ts";
import { graphId } from "../graph/fields.ts";
import { engagement, graphParser } from "../graph/parse.ts";
import type { Json } from "../json/decode.ts";
import { checkInstant } from "../json/fields.ts";
import { readChange } from "./change.ts";
import { type Around, readComment, readCounts, readPost, readRating } from "./post.ts";
import { facebookShapes } from "./shapes.ts";

/*
 * Native ids are the platform's: posts `PAGE_POST`, comments `POST_COMMENT`, photos and videos bare numbers, accounts numbers.
 * People's ids are of the page (or app) that sees them: the same person on two pages is two accounts.
 */
export const parseFacebook = graphParser("facebook", facebookShapes, read);

function read(message: Message, value: Json): Outcome<SourceEvent> | undefined {
  const around = aroundOf(message);
  switch (message.graph) {
    case "post":
      return { keep: { type: "post", post: readPost(value, around) } };
    case "comment":
      return { keep: { type: "post", post: readComment(value, around) } };
    case "rating":
      return { keep: { type: "post", post: readRating(value, around) } };
    case "change":
      return readChange(value, message["field"], checkInstant(message["at"], "message.at"), around);
    case "gone":
      return { keep: { type: "delete", id: graphId(value["id"], "message.value.id"), at: checkInstant(message["at"], "message.at") } };
    case "counts": {
      const held: { counts?: Partial<Counts> } = {};
      readCounts(held, value, {});
      return held.counts === undefined ? { drop: "no-count" } : engagement(message, graphId(value["id"], "counts.id"), held.counts);
    }
    default:
      return undefined;
  }
}

function aroundOf({ object, edge, owner, root }: Message): Around {
  return {
    ...(typeof object === "string" && { object }),
    ...(typeof edge === "string" && { edge }),
    ...(typeof owner === "string" && { owner }),
    ...(typeof root === "string" && { root }),
  };
}
