import { useCallback, useEffect, useRef, useState } from "react";
import { annotate, type ItemView, nextItems, type Said, undo } from "./labels-api.ts";

const ahead = 20;
const refillBelow = 8;

export interface Answered {
  readonly item: ItemView;
  /** As the server told it; absent: it is being sent. */
  readonly told?: ItemView;
}

/**
 * Texts to label, some ahead, so that the next one is there at once; answers are sent behind. One that the server refuses comes back to the
 * front, with the error.
 */
export function useQueue(set: string) {
  const [waiting, setWaiting] = useState<readonly ItemView[]>();
  const [answered, setAnswered] = useState<readonly Answered[]>([]);
  const [error, setError] = useState<unknown>();
  const [count, setCount] = useState(0);
  const [notice, setNotice] = useState<"undone" | "nothingToUndo">();
  const sending = useRef<Promise<unknown>>(Promise.resolve());
  const isFilling = useRef(false);
  const isDry = useRef(false);
  const seen = useRef(new Set<string>());

  const fill = useCallback(async () => {
    if (isFilling.current) return;
    isFilling.current = true;
    try {
      // What is on its way would be told again as waiting.
      await sending.current;
      const { items } = await nextItems(set, ahead);
      const fresh = items.filter(({ id }) => !seen.current.has(id));
      for (const { id } of fresh) seen.current.add(id);
      isDry.current = fresh.length === 0;
      setWaiting((before) => [...(before ?? []), ...fresh]);
    } catch (thrown) {
      setError(thrown);
    } finally {
      isFilling.current = false;
    }
  }, [set]);
  useEffect(() => void fill(), [fill]);
  const left = waiting?.length ?? 0;
  useEffect(() => {
    if (left < refillBelow && !isDry.current && waiting !== undefined) void fill();
  }, [left, waiting, fill]);

  const say = useCallback(
    (item: ItemView, said: Said, tookMs: number) => {
      setError(undefined);
      setNotice(undefined);
      setWaiting((before) => before?.filter(({ id }) => id !== item.id));
      setAnswered((before) => [...before.filter((one) => one.item.id !== item.id), { item }]);
      setCount((before) => before + 1);
      sending.current = sending.current
        .then(() => annotate(set, item.id, said, tookMs))
        .then((told) => setAnswered((before) => before.map((one) => (one.item.id === item.id ? { item, told } : one))))
        .catch((thrown: unknown) => {
          setError(thrown);
          setCount((before) => before - 1);
          setAnswered((before) => before.filter((one) => one.item.id !== item.id));
          setWaiting((before) => [item, ...(before ?? [])]);
        });
    },
    [set],
  );
  const takeBack = useCallback(() => {
    setError(undefined);
    sending.current = sending.current
      .then(() => undo(set))
      .then(({ item }) => {
        setNotice(item === null ? "nothingToUndo" : "undone");
        if (item === null) return;
        seen.current.add(item.id);
        setAnswered((before) => before.filter((one) => one.item.id !== item.id));
        setWaiting((before) => [item, ...(before ?? []).filter(({ id }) => id !== item.id)]);
        setCount((before) => Math.max(0, before - 1));
      })
      .catch(setError);
  }, [set]);

  return { waiting, answered, error, count, notice, say, takeBack, retry: fill };
}
