import { toEarshotError } from "../core/errors.ts";

export interface Check {
  readonly name: string;
  /** fail: a start would refuse, or data are damaged. warn: it starts, and something is to be known. skip: could not be looked at. */
  readonly status: "ok" | "warn" | "fail" | "skip";
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}
export type Finding = Omit<Check, "name">;

/** Collects checks in their order; one that throws has failed, and the next goes on. */
export function makeChecks(onProgress: (name: string) => void = () => undefined) {
  const checks: Check[] = [];
  return {
    checks,
    add: async (name: string, work: () => Promise<Finding> | Finding): Promise<void> => {
      onProgress(name);
      try {
        checks.push({ name, ...(await work()) });
      } catch (thrown) {
        const error = toEarshotError(thrown, "INVARIANT", name);
        checks.push({ name, status: "fail", detail: `${error.code}: ${error.message}` });
      }
    },
  };
}
