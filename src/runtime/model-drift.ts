import type { Post } from "../core/event.ts";
import type { ModelDriftRow } from "../registers/model-drift.ts";

/** Whether what comes in, or what the models say of it, moved from what came before. */
export interface ModelDriftBook {
  /** Newest day first. */
  modelDrift(filter: { readonly fromMs: number; readonly task?: string }): Promise<readonly ModelDriftRow[]>;
  /** Tasks that are looked at: those that posts are judged for. */
  modelDriftTasks(): readonly string[];
  /** Looks at a day now, at every task and slice. `label`: where its texts are others, some of them go into the task's label set. @throws CONFLICT while a look is running */
  lookForModelDrift(dayMs: number, how: { readonly label: boolean }): Promise<readonly ModelDriftRow[]>;
  /** Posts of that day that look newest: found again each time, so that none is remembered. @throws NOT_FOUND */
  modelDriftExamples(of: Pick<ModelDriftRow, "dayMs" | "task" | "slice">): Promise<readonly Post[]>;
}
