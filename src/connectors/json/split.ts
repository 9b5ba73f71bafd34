import { failureMessage } from "./failed-answer.ts";
import type { Json } from "./decode.ts";
import { type RecordedAnswer, recordedAnswers } from "./recorded.ts";

/**
 * Splits a recorded file into messages: a failed answer is one, what is no JSON another as it came, and of the rest what `find` finds in its body.
 * @param none stands for an answer in which nothing is found
 */
export function* splitAnswers(file: Uint8Array, find: (answer: RecordedAnswer) => readonly Json[], none: Json): Generator<Uint8Array> {
  for (const answer of recordedAnswers(file)) {
    const failure = failureMessage(answer);
    if (failure !== undefined) yield failure;
    else if (typeof answer.body === "string") {
      if (answer.body.trim() !== "") yield Buffer.from(answer.body);
    } else {
      const found = find(answer);
      for (const message of found.length === 0 ? [none] : found) yield Buffer.from(JSON.stringify(message));
    }
  }
}
