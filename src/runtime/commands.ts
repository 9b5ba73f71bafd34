import { z } from "zod";
import { isAuthorId, isPostId, type AuthorId, type PostId } from "../core/ids.ts";
import { EarshotError } from "../core/errors.ts";

/** Our own words in `events`: they take the same durable, ordered way as what platforms send. */
const authorId = z.custom<AuthorId>(isAuthorId, "expected an AuthorId");
const postId = z.custom<PostId>(isPostId, "expected a PostId");

export const commandSchema = z.discriminatedUnion("command", [
  /** To every partition: forget the author's posts made up to a time. */
  z.object({
    command: z.literal("erase"),
    author: authorId,
    upToMs: z.number(),
    objection: z.boolean(),
    reason: z.enum(["account-deleted", "subject-request", "objection", "platform-takedown", "retention"]),
  }),
  /** To the post's partition: a term of the user is new, changed or gone. */
  z.object({ command: z.literal("retag"), id: postId, add: z.array(z.string()), remove: z.array(z.string()) }),
  /** To every partition: forget whatever one source brought, without tombstones. */
  z.object({ command: z.literal("remove-source"), source: z.string() }),
]);
export type Command = z.output<typeof commandSchema>;

export function encodeCommand(command: Command): Uint8Array {
  return Buffer.from(JSON.stringify(command), "utf8");
}

export function parseCommand(bytes: Uint8Array): Command {
  const parsed = commandSchema.safeParse(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")));
  if (!parsed.success) throw new EarshotError("FORMAT_UNKNOWN", `events: a command that this version does not know: ${parsed.error.message}`);
  return parsed.data;
}
