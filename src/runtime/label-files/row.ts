import { EarshotError, toEarshotError } from "../../core/errors.ts";
import { type LabelPart, labelParts, type LabelSpan, type LabelTask } from "../../core/label-set.ts";
import { isPostId, type PostId } from "../../core/ids.ts";

/** One text of a file, checked against the task. */
export interface LabelRow {
  readonly text: string;
  readonly label?: string;
  readonly spans?: readonly LabelSpan[];
  readonly annotator?: string;
  /** As the file names it: a pseudonym, or a native id. */
  readonly author?: string;
  readonly post?: PostId;
  readonly createdAt?: number;
  readonly platform?: string;
  readonly language?: string;
  readonly part?: LabelPart;
}

export interface LabelFault {
  /** From 1; of CSV and CoNLL the line at which the record begins. */
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

export interface LabelFile {
  readonly rows: readonly LabelRow[];
  readonly faults: readonly LabelFault[];
}

export type LabelFields = Readonly<Record<string, unknown>>;
export type CheckedTask = Pick<LabelTask, "kind" | "classes">;

/** UTF-16 units of a text. */
const mostUnits = 4_000;
const mostSpans = 200;

function textOf(fields: LabelFields, names: readonly string[], pattern: RegExp, expected: string): string | undefined {
  const name = names.find((one) => fields[one] !== undefined && fields[one] !== null && fields[one] !== "");
  const value = name === undefined ? undefined : fields[name];
  if (value === undefined) return undefined;
  if (typeof value !== "string" || !pattern.test(value)) throw new EarshotError("FIELD_INVALID", `${name}: expected ${expected}`);
  return value;
}

function timeOf(fields: LabelFields): number | undefined {
  const value = fields["created_at"] ?? fields["createdAt"];
  if (value === undefined || value === null || value === "") return undefined;
  const at = typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (!(at >= Date.UTC(1990) && at < Date.UTC(2100))) throw new EarshotError("DATE_INVALID", "created_at: expected an ISO 8601 time from 1990 on");
  return at;
}

/** In order; the ends lie in the text, none overlaps another, and none parts a pair of surrogates. @throws FIELD_INVALID */
export function checkSpans(spans: readonly LabelSpan[], text: string, classes: readonly string[]): readonly LabelSpan[] {
  if (spans.length > mostSpans) throw new EarshotError("ITEM_TOO_LARGE", `spans: ${mostSpans} a text at most`);
  const sorted = spans.toSorted((a, b) => a.start - b.start);
  const parts = (at: number) => at > 0 && at < text.length && /[\uD800-\uDBFF]/.test(text[at - 1] ?? "") && /[\uDC00-\uDFFF]/.test(text[at] ?? "");
  let end = 0;
  for (const span of sorted) {
    if (!Number.isInteger(span.start) || !Number.isInteger(span.end) || span.start < 0 || span.end <= span.start || span.end > text.length)
      throw new EarshotError("FIELD_INVALID", `spans: expected start < end within 0 and ${text.length}`);
    if (span.start < end) throw new EarshotError("FIELD_INVALID", `spans: the one at ${span.start} overlaps the one before`);
    if (parts(span.start) || parts(span.end)) throw new EarshotError("FIELD_INVALID", `spans: the one at ${span.start} parts a character`);
    refuseUnknown(span.kind, classes, "spans");
    end = span.end;
  }
  return sorted;
}

export function refuseUnknown(label: string, classes: readonly string[], where: string): void {
  if (!classes.includes(label)) throw new EarshotError("FIELD_INVALID", `${where}: expected one of ${classes.join(", ")}`);
}

function spansOf(fields: LabelFields): readonly LabelSpan[] | undefined {
  let value = fields["spans"] ?? fields["entities"];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") {
    try {
      value = JSON.parse(value);
    } catch {
      throw new EarshotError("FIELD_INVALID", "spans: expected a JSON list");
    }
  }
  if (!Array.isArray(value)) throw new EarshotError("FIELD_INVALID", "spans: expected a list");
  return value.map((one: unknown) => {
    const [start, end, kind]: readonly unknown[] = Array.isArray(one)
      ? one
      : typeof one === "object" && one !== null
        ? ["start", "end", "kind"].map((name) => Reflect.get(one, name) as unknown)
        : [];
    if (typeof start !== "number" || typeof end !== "number" || typeof kind !== "string") throw new EarshotError("FIELD_INVALID", "spans: expected each as start, end, kind");
    return { start, end, kind };
  });
}

/** Checks what a record says. @throws FIELD_MISSING, FIELD_INVALID, DATE_INVALID, ITEM_TOO_LARGE */
export function rowOf(fields: LabelFields, task: CheckedTask): LabelRow {
  const { text } = fields;
  if (typeof text !== "string" || text.trim() === "") throw new EarshotError("FIELD_MISSING", "text: expected a text, came none");
  if (text.length > mostUnits) throw new EarshotError("ITEM_TOO_LARGE", `text: expected at most ${mostUnits} characters, came ${text.length}`);
  // Postgres holds no such character.
  if (text.includes("\u0000")) throw new EarshotError("FIELD_INVALID", "text: it holds a zero character");
  if (!text.isWellFormed()) throw new EarshotError("FIELD_INVALID", "text: it holds half of a character");
  const label = textOf(fields, ["label"], /^.{1,100}$/s, "the name of a class");
  const spans = spansOf(fields);
  if (task.kind === "classes") {
    if (spans !== undefined) throw new EarshotError("FIELD_INVALID", "spans: this set has classes, not spans");
    if (label !== undefined) refuseUnknown(label, task.classes, "label");
  } else if (label !== undefined) throw new EarshotError("FIELD_INVALID", "label: this set has spans, not classes");
  const post = textOf(fields, ["post"], /^p_[A-Za-z0-9_-]{22}$/, "the id of a stored post");
  const author = textOf(fields, ["author"], /^[^\u0000]{1,300}$/, "at most 300 characters");
  const platform = textOf(fields, ["platform"], /^[a-z0-9][a-z0-9-]{0,62}$/, "a platform's name in small letters");
  const language = textOf(fields, ["language"], /^[a-z]{2,3}$/, "a language of two or three letters");
  const annotator = textOf(fields, ["annotator"], /^[^\u0000-\u001f]{1,100}$/, "at most 100 characters");
  const part = textOf(fields, ["part", "split"], /^(?:train|validation|gold)$/, labelParts.join(", "));
  const createdAt = timeOf(fields);
  return {
    text,
    ...(label !== undefined && { label }),
    ...(spans !== undefined && { spans: checkSpans(spans, text, task.classes) }),
    ...(annotator !== undefined && { annotator }),
    ...(author !== undefined && { author }),
    ...(isPostId(post) && { post }),
    ...(createdAt !== undefined && { createdAt }),
    ...(platform !== undefined && { platform }),
    ...(language !== undefined && { language }),
    ...(part !== undefined && { part: labelParts.find((one) => one === part) ?? "train" }),
  };
}

/** Reads records one by one; what fails is told with its line. */
export function readRows(records: Iterable<{ readonly line: number; readonly fields: () => LabelFields }>, task: CheckedTask): LabelFile {
  const rows: LabelRow[] = [];
  const faults: LabelFault[] = [];
  for (const { line, fields } of records) {
    try {
      rows.push(rowOf(fields(), task));
    } catch (thrown) {
      const { code, message } = toEarshotError(thrown, "FIELD_INVALID", "record");
      faults.push({ line, code, message });
    }
  }
  return { rows, faults };
}
