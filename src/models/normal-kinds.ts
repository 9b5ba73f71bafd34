/** What a normal form changes: short forms, lengthened words, hashtags, emoji, hidden spellings, characters that show nothing. */
export type NormalKind = "slang" | "elongation" | "hashtag" | "emoji" | "spelling" | "invisible";
