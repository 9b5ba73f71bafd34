import { createHash } from "node:crypto";
import { schnorr } from "@noble/curves/secp256k1.js";
import type { SourceContext } from "../../core/component.ts";
import { EarshotError } from "../../core/errors.ts";
import { secretKeyIn } from "./bech32.ts";

/** The event that answers a relay's challenge (NIP-42, 2025-11), signed. */
export type SignIn = (challenge: string, relay: string) => Readonly<Record<string, unknown>>;

const signInKind = 22_242;

/** @param reference to the secret key, nsec1… or 64 hex digits. @throws CONFIG_INVALID where it is none */
export async function openSignIn(reference: string, context: SourceContext): Promise<SignIn> {
  const key = secretKeyIn((await context.readSecret(reference)).trim());
  if (key === undefined) throw new EarshotError("CONFIG_INVALID", "nostr.secretKey: expected a secret key, nsec1… or 64 hex digits");
  const pubkey = Buffer.from(schnorr.getPublicKey(key)).toString("hex");
  return (challenge, relay) => {
    const createdSec = Math.floor(context.clock.now() / 1_000);
    const tags = [
      ["relay", relay],
      ["challenge", challenge],
    ];
    const id = createHash("sha256")
      .update(JSON.stringify([0, pubkey, createdSec, signInKind, tags, ""]))
      .digest();
    return { id: id.toString("hex"), pubkey, created_at: createdSec, kind: signInKind, tags, content: "", sig: Buffer.from(schnorr.sign(id, key)).toString("hex") };
  };
}
