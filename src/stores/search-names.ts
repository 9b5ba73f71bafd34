import type { DatabaseSync } from "node:sqlite";
import { type Post, termLabelsOf, type TowardsLabel } from "../core/event.ts";
import type { AuthorId } from "../core/ids.ts";
import { judgedNames } from "../core/judgement.ts";
import { entitiesOf, linkHost } from "../core/query-match.ts";
import { foldText } from "../core/tokens.ts";
import { authorKey, numberIn, type Profile, profileFrom, tagWord, unpackNumbers } from "./search-schema.ts";

/** Numbers of one file for authors, profiles and tags: hashtag (h), host of a link (l), its domains above (d), entry of the register of names (e), what models say (j), what is said of a term (w), term (t). */
export interface SearchNames {
  author(author: AuthorId): number;
  /** undefined: the file does not know the author. */
  knownAuthor(author: AuthorId): number | undefined;
  profile(profile: Omit<Profile, "profile">): number;
  profiles(): readonly Profile[];
  term(term: string): number;
  /** Numbers of hashtags, hosts and what models say, and the words under which the index finds them. */
  tagsOf(post: Post): { readonly numbers: readonly number[]; readonly words: string };
  /** After a rollback or a removal: forget what is remembered. */
  reset(): void;
  /** Removes the names that no row bears. */
  removeUnused(): void;
}

const mostCached = 50_000;
const mostTags = 50;
const longestTag = 200;

export function openSearchNames(db: DatabaseSync): SearchNames {
  const findAuthor = db.prepare("SELECT author FROM authors WHERE key = ?");
  const addAuthor = db.prepare("INSERT INTO authors (key) VALUES (?)");
  const findTag = db.prepare("SELECT tag FROM tags WHERE kind = ? AND text = ?");
  const addTag = db.prepare("INSERT INTO tags (kind, text) VALUES (?, ?)");
  const allProfiles = db.prepare("SELECT * FROM profiles");
  const addProfile = db.prepare("INSERT INTO profiles (platform, source, language, sentiment, sensitivity, region) VALUES (?, ?, ?, ?, ?, ?)");
  const authors = new Map<AuthorId, number>();
  const tags = new Map<string, number>();
  let profiles: Map<string, Profile> | undefined;

  const profilesByKey = () => (profiles ??= new Map(allProfiles.all().map((row) => [profileKey(profileFrom(row)), profileFrom(row)])));

  function tag(kind: "h" | "l" | "d" | "j" | "e" | "w" | "t", text: string): number {
    const key = kind + text;
    let number = tags.get(key);
    if (number === undefined) {
      const row = findTag.get(kind, text);
      number = row ? numberIn(row, "tag") : Number(addTag.run(kind, text).lastInsertRowid);
      if (tags.size >= mostCached) tags.clear();
      tags.set(key, number);
    }
    return number;
  }

  return {
    author(author) {
      let number = authors.get(author);
      if (number === undefined) {
        const key = authorKey(author);
        const row = findAuthor.get(key);
        number = row ? numberIn(row, "author") : Number(addAuthor.run(key).lastInsertRowid);
        if (authors.size >= mostCached) authors.clear();
        authors.set(author, number);
      }
      return number;
    },
    knownAuthor(author) {
      const row = findAuthor.get(authorKey(author));
      return row ? numberIn(row, "author") : undefined;
    },
    profile(profile) {
      const key = profileKey(profile);
      const known = profilesByKey().get(key);
      if (known) return known.profile;
      const { platform, source, language, sentiment, sensitivity, region } = profile;
      const number = Number(addProfile.run(platform, source, language, sentiment, sensitivity, region).lastInsertRowid);
      profilesByKey().set(key, { ...profile, profile: number });
      return number;
    },
    profiles: () => [...profilesByKey().values()],
    term: (term) => tag("t", term),
    tagsOf(post) {
      const entities = post.notes === undefined ? [] : entitiesOf(post.notes);
      const judged = judgedNames(post.notes);
      const towards = Object.entries(termLabelsOf(post.notes) ?? {});
      if (post.hashtags.length === 0 && post.links.length === 0 && entities.length === 0 && judged.length === 0 && towards.length === 0) return { numbers: [], words: "" };
      const numbers = new Set<number>();
      let words = "";
      const add = (kind: "h" | "l" | "d" | "j" | "e" | "w", text: string) => {
        const number = tag(kind, text);
        if (numbers.size >= mostTags || numbers.has(number)) return;
        numbers.add(number);
        words += ` ${tagWord(kind === "d" ? "l" : kind, number)}`;
      };
      for (const [term, label] of towards) add("w", towardsTag(term, label));
      for (const entity of entities) add("e", entity);
      for (const name of judged) add("j", name.slice(0, longestTag));
      for (const hashtag of post.hashtags.slice(0, mostTags)) add("h", foldText(hashtag).slice(0, longestTag));
      for (const link of post.links.slice(0, mostTags)) {
        const host = linkHost(link).slice(0, longestTag);
        if (host === "") continue;
        add("l", host);
        for (const domain of domainsAbove(host)) add("d", domain);
      }
      return { numbers: [...numbers], words };
    },
    reset() {
      authors.clear();
      tags.clear();
      profiles = undefined;
    },
    removeUnused() {
      db.exec("DELETE FROM authors WHERE author NOT IN (SELECT author FROM docs); DELETE FROM profiles WHERE profile NOT IN (SELECT profile FROM docs)");
      const used = new Set<number>();
      for (const row of db.prepare("SELECT DISTINCT tags AS list FROM docs WHERE tags IS NOT NULL UNION SELECT DISTINCT terms FROM docs WHERE terms IS NOT NULL").iterate()) {
        if (row["list"] instanceof Uint8Array) for (const number of unpackNumbers(row["list"])) used.add(number);
      }
      const remove = db.prepare("DELETE FROM tags WHERE tag = ?");
      for (const row of db.prepare("SELECT tag FROM tags").all()) if (!used.has(numberIn(row, "tag"))) remove.run(numberIn(row, "tag"));
      this.reset();
    },
  };
}

/** As tags bear it. */
export const towardsTag = (term: string, label: TowardsLabel): string => `${term}=${label}`;

function profileKey({ platform, source, language, sentiment, sensitivity, region }: Omit<Profile, "profile">): string {
  return `${platform}\n${source}\n${language}\n${sentiment}\n${sensitivity}\n${region}`;
}

/** news.example.co.uk: example.co.uk, co.uk, uk: `link:` finds hosts below the one it names. */
function domainsAbove(host: string): string[] {
  const labels = host.split(".");
  return labels.length > 12 ? [] : labels.slice(1).map((_, index) => labels.slice(index + 1).join("."));
}
