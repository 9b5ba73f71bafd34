import type { Delivery } from "../delivery.ts";

/** The newest messages of one platform in the order in which they were sent; the oldest fall out. */
export interface MessageLog {
  add(delivery: Delivery): void;
  /** The message at a position; undefined when it fell out or is not there yet. */
  at(position: number): Delivery | undefined;
  /** Position of the first message sent at this time or later. */
  positionFrom(atUs: number): number;
  /** Position of the oldest that is kept, and of the next that will come. */
  readonly first: number;
  readonly end: number;
}

export function makeMessageLog(messagesAtMost: number): MessageLog {
  const ring: (Delivery | undefined)[] = [];
  let end = 0;
  const first = (): number => Math.max(0, end - messagesAtMost);
  const at = (position: number): Delivery | undefined => (position < first() || position >= end ? undefined : ring[position % messagesAtMost]);
  return {
    add(delivery) {
      ring[end % messagesAtMost] = delivery;
      end += 1;
    },
    at,
    positionFrom(atUs) {
      let low = first();
      let high = end;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((at(middle)?.atUs ?? 0) < atUs) low = middle + 1;
        else high = middle;
      }
      return low;
    },
    get first() {
      return first();
    },
    get end() {
      return end;
    },
  };
}
