/** What shall happen later, in time order; equal times keep the order in which they were added. */
export interface Agenda<T> {
  add(atMs: number, item: T): void;
  /** Time of the next item; Infinity when there is none. */
  nextAtMs(): number;
  take(): T | undefined;
  readonly size: number;
}

interface Entry<T> {
  readonly atMs: number;
  readonly order: number;
  readonly item: T;
}

export function makeAgenda<T>(): Agenda<T> {
  const heap: Entry<T>[] = [];
  let order = 0;
  const before = (left: Entry<T>, right: Entry<T>): boolean => left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
  const up = (start: number, entry: Entry<T>): void => {
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !before(entry, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  };
  const down = (entry: Entry<T>): void => {
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      if (child === undefined) break;
      const right = heap[childIndex + 1];
      if (right !== undefined && before(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (!before(child, entry)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = entry;
  };
  return {
    add(atMs, item) {
      const entry = { atMs, order, item };
      order += 1;
      heap.push(entry);
      up(heap.length - 1, entry);
    },
    nextAtMs: () => heap[0]?.atMs ?? Infinity,
    take() {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (heap.length > 0) down(last);
      return first.item;
    },
    get size() {
      return heap.length;
    },
  };
}
