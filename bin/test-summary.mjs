// A reporter for node:test: failures with their cause, skips with their reason, and a count at the end.
import { spec } from "node:test/reporters";
import { Readable } from "node:stream";

export default async function* summary(source) {
  let passed = 0;
  let failed = 0;
  const skipped = [];
  const kept = [];
  for await (const event of source) {
    const leaf = event.data?.details?.type !== "suite";
    if (event.type === "test:pass" && leaf) {
      if (event.data.skip === undefined) passed++;
      else skipped.push(`${event.data.name}: ${event.data.skip === true || event.data.skip === "" ? "no reason given" : event.data.skip}`);
    }
    if (event.type === "test:fail") {
      if (leaf) failed++;
      kept.push(event);
    }
    if (event.type === "test:diagnostic" && event.data.level === "error") kept.push(event);
  }
  if (kept.length > 0) for await (const text of Readable.from(kept).compose(new spec())) yield text;
  for (const line of skipped) yield `skipped: ${line}\n`;
  yield `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}\n`;
}
