import { gunzipSync } from "node:zlib";
import { toEarshotError } from "../../core/errors.ts";
import { failureMessage } from "../json/failed-answer.ts";
import { recordedAnswers } from "../json/recorded.ts";
import { entriesOf, newestDate, readFeed } from "./entry.ts";
import { feedKey } from "./identity.ts";

const recordedAddress = "https://recorded.example/feed";
/** Stands for an answer or a feed without items. */
const nothing = Buffer.from('{"nothing":true}');
const largestFeedBytes = 64 << 20;

/** Splits a recorded file: a feed's document, answers that hold one (also those that failed), or our own raw messages, one a line. */
export function* splitRecorded(file: Uint8Array): Generator<Uint8Array> {
  const bytes = file[0] === 0x1f && file[1] === 0x8b ? unpacked(file) : file;
  if (
    !/^\s*[[{]/.test(
      Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 64))
        .toString("utf8")
        .replace(/^\ufeff/, ""),
    )
  ) {
    yield* messagesOf(bytes, recordedAddress, undefined);
    return;
  }
  for (const answer of recordedAnswers(bytes)) {
    const failure = failureMessage(answer);
    const { body, url } = answer;
    if (failure !== undefined) yield failure;
    else if (answer.status === 304 || body === undefined || body === null || body === "") yield nothing;
    else if (typeof body === "object" && "feed" in body && "id" in body) yield Buffer.from(JSON.stringify(body));
    else
      yield* messagesOf(
        Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
        url !== undefined && URL.canParse(url) ? url : recordedAddress,
        answer.headers["date"],
      );
  }
}

/** @param date of the answer; absent: the newest date of the document stands for when it was read, and where it has none at all, now */
function messagesOf(bytes: Uint8Array, url: string, date: string | undefined): Uint8Array[] {
  try {
    const document = readFeed(bytes, undefined, true);
    const told = Date.parse(date ?? "");
    const seenAt = Number.isNaN(told) ? newestDate(document) || Date.now() : told;
    const messages = entriesOf(document, { feed: feedKey(url), url, seenAt }).map(({ raw }) => raw.bytes);
    return messages.length > 0 ? messages : [nothing];
  } catch (thrown) {
    const { code, message } = toEarshotError(thrown, "PARSER_FAILED", "feed");
    return [Buffer.from(JSON.stringify({ failed: { code, text: message } }))];
  }
}

/** What unpacks to more than a feed can be is left packed, and read as the garbage that it is. */
function unpacked(file: Uint8Array): Uint8Array {
  try {
    return gunzipSync(file, { maxOutputLength: largestFeedBytes });
  } catch {
    return file;
  }
}
