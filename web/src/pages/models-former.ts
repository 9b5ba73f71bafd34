import type { Move } from "./models-registry-api.ts";

/** Who would judge after a rollback. @param moves newest first @returns undefined: no model that was trained here */
export function formerJudge(moves: readonly Pick<Move, "kind" | "model">[]): string | undefined {
  const judges: string[] = [];
  for (const { kind, model } of moves.toReversed()) {
    if (kind === "rollback") judges.pop();
    else if (model !== null) judges.push(model);
  }
  return judges.at(-2);
}
