import { EarshotError } from "../../core/errors.ts";

/** The fields of one CSV record (RFC 4180, other delimiters allowed); throws CSV_INVALID. */
export function splitCsvRecord(text: string, delimiter: string): string[] {
  const fields: string[] = [];
  let i = 0;
  for (;;) {
    if (text[i] === '"') {
      let value = "";
      let from = i + 1;
      for (;;) {
        const quote = text.indexOf('"', from);
        if (quote < 0) throw new EarshotError("CSV_INVALID", `record: field ${fields.length + 1} opens a quote that never closes`);
        value += text.slice(from, quote);
        if (text[quote + 1] !== '"') {
          i = quote + 1;
          break;
        }
        value += '"';
        from = quote + 2;
      }
      if (i < text.length && text[i] !== delimiter) throw new EarshotError("CSV_INVALID", `record: expected a delimiter after the quoted field ${fields.length + 1}`);
      fields.push(value);
    } else {
      const end = text.indexOf(delimiter, i);
      fields.push(end < 0 ? text.slice(i) : text.slice(i, end));
      i = end < 0 ? text.length : end;
    }
    if (i >= text.length) return fields;
    i++;
    if (i === text.length) {
      fields.push("");
      return fields;
    }
  }
}

const delimiters = [",", ";", "\t", "|"] as const;

/** The delimiter that splits the header into most fields; a comma where none does. */
export function guessDelimiter(header: string): string {
  let best: string = ",";
  let most = 1;
  for (const delimiter of delimiters) {
    try {
      const count = splitCsvRecord(header, delimiter).length;
      if (count > most) [best, most] = [delimiter, count];
    } catch {
      // not this one
    }
  }
  return best;
}
