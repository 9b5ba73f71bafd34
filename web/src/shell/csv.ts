const cell = (value: string | number | undefined): string => {
  const text = value === undefined ? "" : String(value);
  // A spreadsheet would run what begins like a formula.
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** RFC 4180. */
export const toCsv = (rows: readonly (readonly (string | number | undefined)[])[]): string => rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

export function download(name: string, text: string, type = "text/csv"): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
