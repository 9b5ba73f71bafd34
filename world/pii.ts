import type { Random } from "./random.ts";

/** What looks like personal data and belongs to nobody. */
export type PiiKind = "email" | "phone" | "card" | "iban" | "ip";
export interface Pii {
  readonly kind: PiiKind;
  readonly text: string;
}

const kinds: readonly PiiKind[] = ["email", "phone", "card", "iban", "ip"];

export function pickPii(random: Random): Pii {
  const kind = random.pick(kinds);
  switch (kind) {
    case "email":
      return { kind, text: `person.${random.int(90_000) + 10_000}@mail.simulated.example` };
    case "phone":
      return { kind, text: phone(random) };
    case "card":
      return { kind, text: card(random) };
    case "iban":
      return { kind, text: iban(random) };
    case "ip":
      // Documentation range 203.0.113.0/24 (RFC 5737).
      return { kind, text: `203.0.113.${random.int(254) + 1}` };
  }
}

/** Numbers that regulators keep free for fiction: 555-01xx in North America, 7700 900xxx in the United Kingdom. */
function phone(random: Random): string {
  return random.chance(0.5) ? `+1 212 555 01${String(random.int(100)).padStart(2, "0")}` : `+44 7700 900${String(random.int(1000)).padStart(3, "0")}`;
}

/** Sixteen digits of the networks' test ranges, with a right Luhn digit. */
function card(random: Random): string {
  const start = random.pick(["411111", "555555", "400000"]);
  const body = start + String(random.int(1e9)).padStart(9, "0");
  const digits = body + luhnDigit(body);
  return random.chance(0.5) ? digits.replace(/(\d{4})(?=\d)/gu, "$1 ") : digits;
}

export function luhnDigit(body: string): string {
  let sum = 0;
  for (let index = 0; index < body.length; index += 1) {
    const digit = Number(body[body.length - 1 - index]);
    const doubled = index % 2 === 0 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return String((10 - (sum % 10)) % 10);
}

/** A well-formed IBAN with right check digits (ISO 13616), its bank code all zeros. */
function iban(random: Random): string {
  const account = String(random.int(1e9)).padStart(10, "0");
  const [country, bban] = random.chance(0.6) ? ["DE", `00000000${account}`] : ["GB", `SIMU0000${account.slice(-10)}`.slice(0, 18)];
  const text = `${country}${ibanCheck(country, bban)}${bban}`;
  return random.chance(0.5) ? text.replace(/(.{4})(?=.)/gu, "$1 ") : text;
}

export function ibanCheck(country: string, bban: string): string {
  const digits = (bban + country + "00").replace(/[A-Z]/gu, (letter) => String(letter.charCodeAt(0) - 55));
  return String(98n - (BigInt(digits) % 97n)).padStart(2, "0");
}
