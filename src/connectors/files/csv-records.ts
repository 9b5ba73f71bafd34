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
  let open = "";
  for await (const line of textLines(chunks)) {
    const record = open === "" ? line : `${open}\n${line}`;
    if (quotesIn(record) % 2 === 1 && record.length < maxRecordBytes) {
      open = record;
      continue;
    }
    open = "";
    const text = record.endsWith("\r") ? record.slice(0, -1) : record;
    if (text.trim() !== "") yield { text };
  }
  if (open !== "") yield { text: open, isOpen: true };
}

function quotesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count++;
  return count;
}
