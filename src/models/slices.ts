export interface SlicedText {
  readonly text: string;
  readonly language?: string;
  readonly platform?: string;
  /** Brands that the text names. */
  readonly brands?: readonly string[];
}

export interface Slice {
  readonly by: "language" | "platform" | "length" | "irony" | "brand";
  readonly value: string;
}

/** Of languages, platforms and brands, the most common. */
const mostOfAKind = 8;

/** Signs by which authors say that they do not mean what they say. */
const ironyMark =
  /(?:^|\s)\/s(?:\s|$)|#(?:irony|ironic|sarcasm|sarcastic|not|irony\w*|sarcasm\w*)\b|\b(?:yeah,? right|as if|oh,? (?:great|joy|wonderful)|thanks a lot)\b|[🙄😏🙃]/iu;

/** Short: up to 40 characters; long: from 120. */
const lengthOf = (text: string): string => (text.length <= 40 ? "short" : text.length < 120 ? "middle" : "long");

/** Parts of the texts that are worth a figure of their own; a kind that does not part them is left out. */
export function slicesOf(texts: readonly SlicedText[]): readonly (Slice & { readonly places: readonly number[] })[] {
  const kinds: Readonly<Record<Slice["by"], (text: SlicedText) => readonly string[]>> = {
    language: ({ language }) => (language === undefined ? [] : [language]),
    platform: ({ platform }) => (platform === undefined ? [] : [platform]),
    length: ({ text }) => [lengthOf(text)],
    irony: ({ text }) => [ironyMark.test(text) ? "marked" : "unmarked"],
    brand: ({ brands }) => brands ?? [],
  };
  const all: (Slice & { places: readonly number[] })[] = [];
  for (const by of ["language", "platform", "length", "irony", "brand"] as const) {
    const parts = new Map<string, number[]>();
    for (const [i, text] of texts.entries())
      for (const value of kinds[by](text)) {
        const places = parts.get(value);
        if (places === undefined) parts.set(value, [i]);
        else places.push(i);
      }
    if (parts.size < 2 && by !== "brand") continue;
    const common = [...parts].toSorted((a, b) => b[1].length - a[1].length).slice(0, mostOfAKind);
    for (const [value, places] of common) all.push({ by, value, places });
  }
  return all;
}
