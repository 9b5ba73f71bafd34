import type { DeepModelConfig } from "../core/deep-config.ts";
import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { toEarshotError } from "../core/errors.ts";
import type { DeepAnswer } from "../core/deep.ts";
import type { TextJudge, TextTagger, Unanswered } from "../core/judgement.ts";
import { makeDeepBudget } from "./deep-budget.ts";

export interface DeepFigures {
  readonly task: string;
  /** Name and fingerprint. */
  readonly model: string;
  readonly use: DeepModelConfig["use"];
  readonly budgetShare: number;
  /** Texts, since the start. */
  readonly judged: number;
  readonly unanswered: Readonly<Record<Unanswered, number>>;
  /** Of CPU; behind HTTP of waiting. */
  readonly seconds: number;
}

export interface DeskModel {
  readonly judge: TextJudge | TextTagger;
  readonly config: DeepModelConfig;
}

/** Texts of one bite: the budget is looked at between bites. */
const biteTexts = 16;
const toldEveryMs = 60_000;

/** Asks models within their budgets, one question after the other for those that use this thread's CPU. */
export function makeDeepDesk(models: readonly DeskModel[], options: { readonly clock: Clock; readonly report: Report; readonly cpuSeconds: () => number }) {
  const { clock, report } = options;
  const states = models.map(({ config, judge }) => ({
    config,
    judge,
    budget: makeDeepBudget(config.budgetShare, () => clock.monotonicMs()),
    judged: 0,
    unanswered: { budget: 0, late: 0, failed: 0 },
    seconds: 0,
    toldAt: -toldEveryMs,
  }));
  type State = (typeof states)[number];
  const lanes = new Map<State | "cpu", Promise<unknown>>();

  function fill(state: State, answers: DeepAnswer[], count: number, why: Unanswered): void {
    state.unanswered[why] += count - answers.length;
    while (answers.length < count) answers.push(why);
  }

  async function ask(state: State, texts: readonly string[], untilMs: number): Promise<readonly DeepAnswer[]> {
    const usesCpu = state.config.http === undefined;
    const secondsNow = usesCpu ? options.cpuSeconds : () => clock.monotonicMs() / 1_000;
    const answers: DeepAnswer[] = [];
    while (answers.length < texts.length) {
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0 || state.budget.left() <= 0) {
        fill(state, answers, texts.length, leftMs <= 0 ? "late" : "budget");
        break;
      }
      const before = secondsNow();
      try {
        const part = texts.slice(answers.length, answers.length + biteTexts);
        const judged = await state.judge.judge(part, AbortSignal.timeout(Math.ceil(leftMs)));
        answers.push(...judged);
        state.judged += judged.length;
      } catch (thrown) {
        const isLate = clock.monotonicMs() >= untilMs;
        fill(state, answers, texts.length, isLate ? "late" : "failed");
        if (!isLate && clock.monotonicMs() - state.toldAt >= toldEveryMs) {
          state.toldAt = clock.monotonicMs();
          report("warn", `model ${state.judge.version}: ${toEarshotError(thrown, "STAGE_FAILED", state.config.task).message}; the embedded models' answers stand`);
        }
      } finally {
        const used = secondsNow() - before;
        state.seconds += used;
        state.budget.spend(used);
      }
    }
    return answers;
  }

  return {
    /** One answer a text; never rejects. */
    async ask(model: number, texts: readonly string[], untilMs: number): Promise<readonly DeepAnswer[]> {
      const state = states[model];
      if (state === undefined) return texts.map(() => "failed");
      const lane = state.config.http === undefined ? "cpu" : state;
      const answering = (lanes.get(lane) ?? Promise.resolve()).then(() => ask(state, texts, untilMs));
      lanes.set(lane, answering);
      return answering;
    },
    figures: (): readonly DeepFigures[] =>
      states.map(({ config, judge, judged, unanswered, seconds }) => ({
        task: config.task,
        model: judge.version,
        use: config.use,
        budgetShare: config.budgetShare,
        judged,
        unanswered: { ...unanswered },
        seconds,
      })),
  };
}
