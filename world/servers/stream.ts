import type { Delivery } from "../delivery.ts";
import type { Random } from "../random.ts";
import type { Faults } from "./faults.ts";
import type { MessageLog } from "./message-log.ts";

/** One client that reads the log at its own pace. */
export interface Outlet {
  /** Sends one message; `sent` is called when the socket has taken it. */
  send(delivery: Delivery, sent: () => void): void;
  /** Bytes that wait in the socket. */
  waitingBytes(): number;
  /** Ends the connection: politely, or as when a cable is pulled. */
  cut(how: "close" | "reset" | "too slow"): void;
}

export interface Reader {
  /** Sends what is there and allowed. */
  pump(): void;
  stop(): void;
  wants: (delivery: Delivery) => boolean;
}

const waitingBytesAtMost = 1_000_000;

export function makeReader(log: MessageLog, from: number, wants: (delivery: Delivery) => boolean, outlet: Outlet, faults: () => Faults, random: Random): Reader {
  let position = from;
  let stopped = false;
  let pumping = false;
  const { cutAfterMessages } = faults();
  let left = cutAfterMessages === 0 ? Infinity : 1 + Math.floor(random.exponential(cutAfterMessages));
  const reader: Reader = {
    wants,
    pump() {
      if (stopped || pumping) return;
      pumping = true;
      try {
        if (position < log.first) {
          stopped = true;
          outlet.cut("too slow");
          return;
        }
        while (!stopped && position < log.end && outlet.waitingBytes() < waitingBytesAtMost) {
          const delivery = log.at(position);
          position += 1;
          if (delivery === undefined || !reader.wants(delivery)) continue;
          if (left <= 0) {
            stopped = true;
            outlet.cut(random.chance(0.5) ? "close" : "reset");
            return;
          }
          left -= 1;
          outlet.send(delivery, () => {
            if (position < log.end) reader.pump();
          });
        }
      } finally {
        pumping = false;
      }
    },
    stop() {
      stopped = true;
    },
  };
  return reader;
}
