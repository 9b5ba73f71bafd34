import { readFileSync } from "node:fs";
import { buildCommand } from "@stricli/core";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import { faultsOf, refuseFaults } from "../../core/config.ts";
import { loadConnector } from "../../connectors/directory.ts";
import { validateEvent } from "../../stages/validate.ts";
import { neutralOptions } from "../neutral-options.ts";
import { formatOf, linesFor } from "../import-lines.ts";
import { exitCodes, guarded } from "../output.ts";

function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(10, start);
    const end = found < 0 ? bytes.length : found;
    const line = bytes.subarray(start, bytes[end - 1] === 13 ? end - 1 : end);
    if (line.some((byte) => byte > 32)) yield line;
    start = end + 1;
  }
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** Node holds neither larger files nor longer texts in one piece. */
const tooLong: ReadonlySet<unknown> = new Set(["ERR_FS_FILE_TOO_LARGE", "ERR_STRING_TOO_LONG"]);

/** One file of several must not take the others along. @throws USAGE for one that cannot be opened */
function readingFailed(thrown: unknown, file: string): EarshotError {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (tooLong.has(code)) return new EarshotError("ITEM_TOO_LARGE", "it is larger than can be read in one piece: split it");
  if (thrown instanceof Error && "syscall" in thrown) throw new EarshotError("USAGE", `${file}: it cannot be read (${String(code)})`);
  return toEarshotError(thrown, "PARSER_FAILED", "file");
}

export const parseCommand = buildCommand({
  docs: {
    brief: "Parse recorded responses or raw messages into events, without a network",
    fullDescription:
      "Events go to standard output as NDJSON; what is rejected goes to standard error with its code, what holds no post with the reason. Ends with 65 when anything was rejected.",
  },
  parameters: {
    flags: {
      option: { kind: "parsed", parse: String, brief: "An option of the connector, name=value", variadic: true, optional: true },
    },
    positional: {
      kind: "array",
      minimum: 2,
      parameter: { parse: String, brief: "The connector, then files", placeholder: "connector file" },
    },
  },
  func: (flags: { option?: readonly string[] }, ...words: string[]) =>
    guarded(async () => {
      const [name = "", ...files] = words;
      const connector = await loadConnector(name);
      const given = Object.fromEntries((flags.option ?? []).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
      const checked = connector.options.safeParse({ ...neutralOptions[name], ...given });
      if (!checked.success) refuseFaults(`parse ${name}`, faultsOf(checked.error));
      const options = checked.data;
      const parse = connector.parser(options);
      const nowMs = Date.now();
      let rejected = 0;
      let held: string[] = [];
      const flush = () => {
        if (held.length > 0) process.stdout.write(`${held.join("\n")}\n`);
        held = [];
      };
      const reject = (place: string, error: EarshotError) => {
        rejected++;
        process.stderr.write(`${place}: ${error.code}: ${error.message}\n`);
      };
      const readFile = async (file: string) => {
        let number = 0;
        const read = readFileSync(file);
        // The file source makes lines of tables and texts before they are raw messages.
        const isTable = name === "files" && ["csv", "text"].includes(formatOf(file));
        const bytes = isTable ? Buffer.concat(await Array.fromAsync(linesFor(file, undefined, inPieces(read)))) : withoutMark(read);
        for (const raw of connector.split?.(bytes) ?? linesOf(bytes)) {
          number++;
          for (const parsed of parse(raw)) {
            const outcome = "keep" in parsed ? validateEvent(parsed.keep, nowMs) : parsed;
            if ("keep" in outcome) held.push(JSON.stringify(outcome.keep));
            else if ("reject" in outcome) reject(`${file}:${number}`, toEarshotError(outcome.reject, "PARSER_FAILED", file));
            else process.stderr.write(`${file}:${number}: dropped: ${outcome.drop}\n`);
          }
          if (held.length >= 1_000) flush();
        }
        if (number === 0) process.stderr.write(`${file}: dropped: nothing-in-it\n`);
      };
      for (const file of files) {
        try {
          await readFile(file);
        } catch (thrown) {
          reject(file, readingFailed(thrown, file));
        } finally {
          flush();
        }
      }
      return rejected > 0 ? exitCodes.data : exitCodes.ok;
    }),
});
