import { makeFailureTable } from "../json/failure-table.ts";

/** Deliveries that were refused. Nothing of their bodies is kept: whoever knows the address can send. */
export const table = makeFailureTable("webhook", {
  method: ["request", "UPSTREAM_REFUSED", false, "Another method than POST came.", "Let the sender POST."],
  unsigned: [
    "auth",
    "UPSTREAM_AUTH",
    false,
    "A delivery came without the signature, id or time that the source expects.",
    "Set signature of the source to what the sender signs with.",
  ],
  expired: ["auth", "UPSTREAM_AUTH", false, "A delivery was signed too long ago, or in the future.", "Set the sender's clock and ours; toleranceSeconds bounds the difference."],
  signature: [
    "auth",
    "UPSTREAM_AUTH",
    false,
    "A signature does not fit: another key, or somebody else.",
    "Compare the key with the sender's; while it is changed, name the old and the new one in secrets.",
  ],
  body: [
    "content",
    "FIELD_INVALID",
    false,
    "A signed delivery came that is no post, list of posts, or one a line.",
    "Set itemsAt to the place where the posts stand, or mend the sender.",
  ],
});
