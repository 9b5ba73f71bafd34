/** What a field of a platform's entity holds. instant: a date as text or number. */
export type FieldKind = "text" | "number" | "flag" | "instant" | "object" | "list" | "any";

/** Fields of one kind of entity; a dot leads into an object: `public_metrics.like_count`. */
export interface ExpectedEntity {
  readonly required: Readonly<Record<string, FieldKind>>;
  readonly optional: Readonly<Record<string, FieldKind>>;
  /** `find` makes it of the message: a rule for a renamed field would not reach what the parser reads. */
  readonly isCopy?: true;
}

export interface ExpectedFields {
  readonly entities: Readonly<Record<string, ExpectedEntity>>;
  /** The entities in one raw message, by name. */
  find(message: Readonly<Record<string, unknown>>): Iterable<readonly [entity: string, value: Readonly<Record<string, unknown>>]>;
}
