import type { Post } from "../core/event.ts";
import { maskText } from "../core/mask.ts";

/** What a reading again does not decide. */
const ignored: ReadonlySet<string> = new Set(["id", "receivedAt", "counts", "notes", "pii"]);
const mostChars = 300;

/** The fields in which two forms of a post differ, as anybody may read them: personal data is masked. */
export function differencesOf(was: Post, is: Post): readonly { readonly name: string; readonly was: string; readonly is: string }[] {
  const [before, after] = [fieldsOf(was), fieldsOf(is)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [old, fresh] = [before.get(name) ?? "", after.get(name) ?? ""];
    return old === fresh ? [] : [{ name, was: old, is: fresh }];
  });
}

function fieldsOf(post: Post): ReadonlyMap<string, string> {
  const shown = { ...post, text: maskText(post.text, post.pii ?? []).text };
  return new Map(
    Object.entries(shown).flatMap(([name, value]) => {
      if (ignored.has(name) || value === undefined || (Array.isArray(value) && value.length === 0)) return [];
      // Fields that no parser knows may hold anything.
      const text =
        name === "extra"
          ? Object.keys(post.extra ?? {})
              .toSorted()
              .join(", ")
          : typeof value === "string"
            ? value
            : JSON.stringify(value);
      return [[name, text.slice(0, mostChars)] as const];
    }),
  );
}
