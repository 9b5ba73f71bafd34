import { z } from "zod";
import type { Connector } from "../core/component.ts";
import { secretReference } from "../core/config.ts";
import { EarshotError } from "../core/errors.ts";
import { decodeEntity } from "./nostr/bech32.ts";
import { hex64 } from "./nostr/event.ts";
import { expected, failures } from "./nostr/facts.ts";
import { nostrParser } from "./nostr/parse.ts";
import { rawsOfMessage, splitRecorded } from "./nostr/raws.ts";
import { readLimits } from "./nostr/limits.ts";
import { makePace } from "./nostr/pace.ts";
import { filtersOf, readNostr } from "./nostr/read.ts";
import { openSignIn } from "./nostr/sign-in.ts";
import { openRelay } from "./nostr/relay.ts";

function keyOf(account: string): string | undefined {
  if (hex64.test(account)) return account;
  const entity = decodeEntity(account);
  return entity !== undefined && "account" in entity ? entity.account : undefined;
}

const options = z.strictObject({
  relays: z
    .array(z.url({ protocol: /^wss?$/ }))
    .min(1)
    .max(50)
    .describe("Addresses of relays, wss://…; all are read at once."),
  kinds: z
    .array(z.int().min(0).max(65_535))
    .min(1)
    .max(50)
    .default([0, 1, 6, 7, 16, 20, 21, 22, 1068, 1111, 30_023])
    .describe("Kinds of events: profiles, notes, reposts, likes, pictures, videos, polls, comments, articles. Deletions are always read."),
  hashtags: z.array(z.string().min(1).max(100)).max(100).default([]).describe("Only events with one of these, without #; together with accounts: either is enough."),
  accounts: z
    .array(z.string().refine((account) => keyOf(account) !== undefined, "expected a public key: npub1…, nprofile1… or 64 hex digits"))
    .max(500)
    .default([])
    .describe("Only events of these accounts."),
  proof: z
    .enum(["signatures", "ids"])
    .default("signatures")
    .describe("signatures: an event whose hash or signature is wrong is rejected; ids: the hash alone is checked, at a tenth of the CPU, where the relays are trusted."),
  secretKey: secretReference
    .optional()
    .describe("Reference to the secret key (nsec1… or hex) of an account that signs in where a relay asks for it (NIP-42). It signs nothing else; take an account of its own."),
  overlapMinutes: z.int().min(0).max(1_440).default(15).describe("After a cut the relay is asked so much further back: for events that are dated before they come."),
  backfillHours: z.number().min(0).max(87_600).default(24).describe("How far back a first start goes."),
  simulated: z.boolean().default(false).describe("The relays are simulators: their posts are labelled as simulated."),
});

/** Nostr: signed events from relays. */
const nostr: Connector<typeof options> = {
  name: "nostr",
  doc: "Nostr: notes, articles, reposts, likes and deletions from several relays at once; hashes and signatures are checked.",
  options,
  platform: () => "nostr",
  keepDefault: "matching",
  changelogs: ["https://github.com/nostr-protocol/nips/commits/master.atom"],
  simulated: ({ simulated }) => simulated,
  async open(chosen, context) {
    const filters = filtersOf(
      chosen.kinds,
      chosen.hashtags.map((tag) => tag.toLowerCase()),
      chosen.accounts.map((account) => keyOf(account) ?? account),
    );
    const signIn = chosen.secretKey === undefined ? undefined : await openSignIn(chosen.secretKey, context);
    return {
      read: (cursor, signal) => readNostr({ ...chosen, signIn }, filters, context, cursor, signal),
      async [Symbol.asyncDispose]() {},
    };
  },
  parser: ({ proof }) => nostrParser(proof),
  raws: (_chosen, message, receivedAt) => rawsOfMessage(message, receivedAt),
  split: splitRecorded,
  failures,
  expected: () => expected,
  async canary({ relays, secretKey }, context) {
    const [first] = relays;
    if (first === undefined) return;
    const signal = AbortSignal.timeout(30_000);
    const limits = await readLimits(first, 1, context, signal);
    const relay = await openRelay(first, context, signal, {
      limits,
      pace: makePace(context.clock),
      signIn: secretKey === undefined ? undefined : await openSignIn(secretKey, context),
    });
    const pumping = relay.pump(
      [{ kinds: [0] }],
      async () => undefined,
      () => undefined,
    );
    try {
      await Promise.race([pumping, relay.fetch({ kinds: [0], limit: 1 })]);
    } catch (thrown) {
      throw thrown instanceof EarshotError ? thrown : new EarshotError("UPSTREAM_CUT", `${new URL(first).host}: no answer`, { cause: thrown });
    } finally {
      relay.close();
      pumping.catch(() => undefined);
    }
  },
};

export default nostr;
