/** Invented brands and products. A brand is mentioned where its name stands in the text as a word of its own. */
export interface Brand {
  readonly id: string;
  readonly name: string;
  readonly products: readonly string[];
  readonly campaignTag: string;
  /** Without the brand's name: a link is no mention. */
  readonly site: string;
}

export const brands: readonly Brand[] = [
  { id: "norvella", name: "Norvella", products: ["Brewlet", "Cremano"], campaignTag: "NorvellaMornings", site: "store1.simulated.example" },
  { id: "quantrix", name: "Quantrix", products: ["Novabook", "Pulsephone"], campaignTag: "GoQuantrix", site: "store2.simulated.example" },
  { id: "zephyro", name: "Zephyro", products: ["Skyhopper", "Cloudpass"], campaignTag: "ZephyroSummer", site: "store3.simulated.example" },
  { id: "lumanto", name: "Lumanto", products: ["Glowbar", "Sunlet"], campaignTag: "LumantoNights", site: "store4.simulated.example" },
  { id: "brixaro", name: "Brixaro", products: ["Centora", "Paywing"], campaignTag: "BrixaroSaves", site: "store5.simulated.example" },
  { id: "velopace", name: "Velopace", products: ["Trailwing", "Cargonaut"], campaignTag: "RideVelopace", site: "store6.simulated.example" },
];

export interface Crisis {
  readonly brandId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One brand's campaign runs at a time, each for this long. */
const campaignSlotMs = 2 * 3_600_000;

export function campaignAt(atMs: number): Brand | undefined {
  const slot = Math.floor(atMs / campaignSlotMs);
  return slot % 2 === 0 ? brands[(slot / 2) % brands.length] : undefined;
}

/** How strong a crisis is at a time: 0 outside, rising over its first fifth to 1, fading over its last two fifths. */
export function crisisStrength(crisis: Crisis, atMs: number): number {
  const part = (atMs - crisis.fromMs) / (crisis.toMs - crisis.fromMs);
  if (part < 0 || part >= 1) return 0;
  if (part < 0.2) return part / 0.2;
  return part < 0.6 ? 1 : (1 - part) / 0.4;
}
