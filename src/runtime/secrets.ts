import { readFile } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { EarshotError } from "../core/errors.ts";

/** `env:NAME` or `file:/path`; a secret itself never stands in the configuration. @throws CONFIG_SECRET_MISSING */
export async function readSecret(reference: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const [, kind, name] = /^(env|file):(.+)$/s.exec(reference) ?? [];
  if (kind === "env" && name !== undefined) {
    const value = env[name];
    if (value === undefined || value === "") throw new EarshotError("CONFIG_SECRET_MISSING", `secret env:${name}: the variable is not set`);
    return value;
  }
  if (kind === "file" && name !== undefined && isAbsolute(name)) {
    let value: string;
    try {
      value = (await readFile(name, "utf8")).trim();
    } catch (error) {
      throw new EarshotError("CONFIG_SECRET_MISSING", `secret file:${name}: ${error instanceof Error && "code" in error ? String(error.code) : "cannot be read"}`, {
        cause: error,
      });
    }
    // Anybody could sign with an empty key.
    if (value === "") throw new EarshotError("CONFIG_SECRET_MISSING", `secret file:${name}: the file is empty`);
    return value;
  }
  throw new EarshotError("CONFIG_SECRET_MISSING", "secret: expected a reference, env:NAME or file:/path, not the secret itself");
}
