/** Latin-1 names of HTML from U+00A0 on, which feeds use without declaring them. */
const latin =
  "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest " +
  "Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml " +
  "Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave " +
  "uacute ucirc uuml yacute thorn yuml";
const others =
  "hellip … mdash — ndash – lsquo ‘ rsquo ’ sbquo ‚ ldquo “ rdquo ” bdquo „ bull • euro € trade ™ times × minus − larr ← rarr → prime ′ lsaquo ‹ rsaquo › oelig œ OElig Œ scaron š Scaron Š zwnj \u200c zwj \u200d";
const names = new Map<string, string>([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ...latin.split(" ").map((name, i): [string, string] => [name, String.fromCharCode(0xa0 + i)]),
]);
const pairs = others.split(" ");
for (let i = 0; i + 1 < pairs.length; i += 2) names.set(pairs[i] ?? "", pairs[i + 1] ?? "");

const reference = /&(?:#(\d{1,8})|#[xX]([0-9a-fA-F]{1,7})|([A-Za-z][A-Za-z0-9]{1,30}));?/g;

/** Character references decoded, once; a name that nobody knows stays as it is: entities that a document declares are never expanded. */
export function decodeReferences(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(reference, (whole: string, decimal: string | undefined, hex: string | undefined, name: string | undefined) => {
    if (name !== undefined) return (whole.endsWith(";") ? names.get(name) : undefined) ?? whole;
    const point = decimal === undefined ? Number.parseInt(hex ?? "0", 16) : Number(decimal);
    if (point >= 0x80 && point <= 0x9f) return windows1252.decode(Uint8Array.of(point));
    return point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff) ? String.fromCodePoint(point) : "\ufffd";
  });
}

/** References to control characters mean windows-1252 (HTML, 13.2.5.80). */
const windows1252 = new TextDecoder("windows-1252");

export function escapeHtml(text: string): string {
  if (!/[&<>]/.test(text)) return text;
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
