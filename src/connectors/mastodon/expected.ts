import type { ExpectedFields, FieldKind } from "../../core/expected.ts";

/** Entities Status and Account, without what only the token's owner is told (docs.joinmastodon.org/entities, read 2026-11). */
const fieldsOf = (kind: FieldKind, names: string): Readonly<Record<string, FieldKind>> => Object.fromEntries(names.split(" ").map((name) => [name, kind]));

export const expected: ExpectedFields = {
  entities: {
    status: {
      required: {
        ...fieldsOf("text", "id uri content visibility"),
        ...fieldsOf("instant", "created_at"),
        ...fieldsOf("object", "account"),
        "account.id": "text",
        "account.url": "text",
        "account.acct": "text",
      },
      optional: {
        ...fieldsOf("text", "in_reply_to_id in_reply_to_account_id spoiler_text language url text"),
        ...fieldsOf("instant", "edited_at"),
        ...fieldsOf("number", "replies_count reblogs_count favourites_count quotes_count"),
        ...fieldsOf("flag", "sensitive favourited reblogged muted bookmarked pinned"),
        ...fieldsOf("object", "reblog quote card poll application quote_approval"),
        ...fieldsOf("list", "media_attachments mentions tags emojis filtered"),
        ...fieldsOf("text", "account.username account.uri account.display_name account.note account.avatar account.avatar_static account.header account.header_static"),
        ...fieldsOf("instant", "account.created_at account.last_status_at"),
        ...fieldsOf("number", "account.followers_count account.following_count account.statuses_count"),
        ...fieldsOf(
          "flag",
          "account.locked account.bot account.group account.discoverable account.indexable account.noindex account.suspended account.limited account.hide_collections",
        ),
        ...fieldsOf("list", "account.emojis account.fields account.roles"),
        "account.moved": "object",
      },
    },
  },
  *find(message) {
    // Deletions are of another form.
    if (!("event" in message)) yield ["status", message];
  },
};
