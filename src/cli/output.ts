import { type EarshotError, toEarshotError } from "../core/errors.ts";

/** As sysexits.h has them, so that scripts and supervisors know what they mean. */
export const exitCodes = { ok: 0, failed: 1, usage: 64, data: 65, unavailable: 69, internal: 70, tryAgain: 75, config: 78 } as const;

export function exitCodeOf(error: EarshotError): number {
  if (error.code === "USAGE" || error.code === "QUERY_INVALID") return exitCodes.usage;
  if (error.kind === "config") return exitCodes.config;
  if (error.kind === "transient") return exitCodes.tryAgain;
  return error.kind === "reject" ? exitCodes.data : exitCodes.internal;
}

export function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}

/** Runs a command; what goes wrong is one sentence on stderr and an exit code. */
export async function guarded(work: () => Promise<number | void>): Promise<void> {
  try {
    const code = await work();
    process.exitCode = code ?? exitCodes.ok;
  } catch (thrown) {
    if (isClosedPipe(thrown)) return;
    const error = toEarshotError(thrown, "INVARIANT", "earshot");
    process.stderr.write(`${error.code}: ${error.message}\n`);
    if (error.kind === "fault" && error.stack !== undefined && process.env["EARSHOT_LOG"] === "debug") process.stderr.write(`${error.stack}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? "B"}`;
}

/** A line that is drawn over and over on a terminal; silent where there is none. */
export interface Progress {
  update(text: string): void;
  done(text?: string): void;
}

export function makeProgress(): Progress {
  const live = process.stderr.isTTY;
  let drawnAt = 0;
  return {
    update(text) {
      const now = performance.now();
      if (!live || now - drawnAt < 100) return;
      drawnAt = now;
      process.stderr.write(`\r\u001b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    },
    done(text) {
      if (live) process.stderr.write("\r\u001b[2K");
      if (text !== undefined) process.stderr.write(`${text}\n`);
    },
  };
}

/** `[#####-----] 52%` */
export function bar(share: number): string {
  const width = 24;
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `[${"#".repeat(filled)}${"-".repeat(width - filled)}] ${Math.floor(share * 100)}%`;
}
