import type { ExpectedFields, FieldKind } from "../../core/expected.ts";
import { type FieldName, fieldNames } from "./import-line.ts";

const kinds: Readonly<Record<FieldName, FieldKind>> = {
  id: "any",
  platform: "text",
  text: "text",
  author: "any",
  createdAt: "instant",
  editedAt: "instant",
  language: "text",
  url: "text",
  replyTo: "any",
  root: "any",
  reshareOf: "any",
  quoteOf: "any",
  likes: "any",
  shares: "any",
  replies: "any",
  views: "any",
  format: "text",
  visibility: "text",
  sensitive: "any",
  hashtags: "any",
  country: "text",
};
const required: ReadonlySet<string> = new Set(["id", "text", "createdAt"] satisfies FieldName[]);
const names = Object.keys(kinds).filter((name): name is FieldName => Object.hasOwn(kinds, name));

/**
 * Lines of files and deliveries, by the common names that the parser finds their own under; what has none keeps its own. A field that bears a name
 * of its own by the source's options is told by that.
 */
export function expectedLines(own: Readonly<Partial<Record<string, string>>>): ExpectedFields {
  const declared = new Map(names.map((name) => [name, own[name] ?? name]));
  const fields = (isRequired: boolean) => Object.fromEntries(names.filter((name) => required.has(name) === isRequired).map((name) => [declared.get(name) ?? name, kinds[name]]));
  return {
    entities: { line: { required: fields(true), optional: fields(false), isCopy: true } },
    *find(line) {
      // Deletions and what was set aside on the way are of another form.
      if (line["$rejected"] !== undefined || line["deleted"] === true) return;
      const found: Record<string, unknown> = { ...line };
      for (const name of names) {
        const told = declared.get(name) ?? name;
        if (own[name] !== undefined) continue;
        const under = fieldNames[name].find((alias) => Object.hasOwn(line, alias) && line[alias] !== null && line[alias] !== "");
        if (under === undefined || under === told) continue;
        found[told] = line[under];
        delete found[under];
      }
      yield ["line", found];
    },
  };
}
