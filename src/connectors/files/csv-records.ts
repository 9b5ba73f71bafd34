const maxRecordBytes = 16 * 1024 * 1024;

/** Lines of a text, whatever ends them and whichever UTF it is by its byte order mark; a longer one than the limit comes in pieces. */
export async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let head = Buffer.alloc(0);
  let rest = "";
  for await (const chunk of chunks) {
    let bytes: Uint8Array = chunk;
    if (decoder === undefined) {
      head = Buffer.concat([head, chunk]);
      if (head.length < 2) continue;
      decoder = new TextDecoder(encodingOf(head));
      bytes = head;
    }
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    if (rest.length > maxRecordBytes) {
      yield rest;
      rest = "";
    }
  }
  decoder ??= new TextDecoder("utf-8");
  rest += head.length < 2 ? decoder.decode(head) : decoder.decode();
  if (rest !== "") yield rest;
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

/** Records of a CSV file (RFC 4180: a record goes on over line ends inside quotes) as their text; `isOpen`: the last one, whose quote never closes. */
export async function* csvRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<{ readonly text: string; readonly isOpen?: true }> {
  // Lines are put together when their record ends: a quote that never closes must not make each line cost as much as all before it.
  let open: string[] = [];
  let letters = 0;
  let isQuoted = false;
  for await (const line of textLines(chunks)) {
    if (quotesIn(line) % 2 === 1) isQuoted = !isQuoted;
    open.push(line);
    letters += line.length + 1;
    if (isQuoted && letters <= maxRecordBytes) continue;
    const record = open.join("\n");
    [open, letters, isQuoted] = [[], 0, false];
    const text = record.endsWith("\r") ? record.slice(0, -1) : record;
    if (text.trim() !== "") yield { text };
  }
  if (open.length > 0) yield { text: open.join("\n"), isOpen: true };
}

function quotesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count++;
  return count;
}
