import { type Author, mastodonHost } from "../authors.ts";
import type { Part } from "../compose.ts";
import type { LivePost } from "../post.ts";
import { mix32 } from "../random.ts";

/** Mastodon's status entity as JSON text, with the HTML that the server makes of a post. */
export function statusUri(author: Author, id: string): string {
  return `https://${hostOf(author)}/users/${localName(author)}/statuses/${id}`;
}

export function localName(author: Author): string {
  return author.handle.split("@")[0] ?? author.handle;
}

export function hostOf(author: Author): string {
  return author.handle.split("@")[1] ?? mastodonHost;
}

function escapeHtml(text: string): string {
  return /[&<>"']/u.test(text) ? text.replace(/&/gu, "&amp;").replace(/</gu, "&lt;").replace(/>/gu, "&gt;").replace(/"/gu, "&quot;").replace(/'/gu, "&#39;") : text;
}

/** HTML, and the plain text that is left of it: br is one new line, a new paragraph two, links whole. */
export function renderStatus(parts: readonly Part[]): { html: string; text: string } {
  let html = "<p>";
  let text = "";
  for (const part of parts) {
    switch (part.kind) {
      case "text":
        html += escapeHtml(part.text);
        text += part.text;
        break;
      case "break":
        html += "<br />";
        text += "\n";
        break;
      case "paragraph":
        html += "</p><p>";
        text += "\n\n";
        break;
      case "mention": {
        const name = part.name.split("@")[0] ?? part.name;
        const host = part.name.split("@")[1] ?? mastodonHost;
        html += `<span class="h-card" translate="no"><a href="https://${host}/@${name}" class="u-url mention">@<span>${name}</span></a></span>`;
        text += `@${name}`;
        break;
      }
      case "hashtag":
        html += `<a href="https://${mastodonHost}/tags/${encodeURIComponent(part.tag)}" class="mention hashtag" rel="tag">#<span>${part.tag}</span></a>`;
        text += `#${part.tag}`;
        break;
      case "link": {
        const bare = part.url.slice("https://".length);
        const cut = bare.length > 30;
        html += `<a href="${escapeHtml(part.url)}" target="_blank" rel="nofollow noopener noreferrer" translate="no"><span class="invisible">https://</span><span class="${cut ? "ellipsis" : ""}">${escapeHtml(bare.slice(0, 30))}</span><span class="invisible">${escapeHtml(bare.slice(30))}</span></a>`;
        text += part.url;
        break;
      }
    }
  }
  return { html: `${html}</p>`, text };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function accountJson(author: Author): string {
  return (author.accountJson ??= makeAccountJson(author));
}

function makeAccountJson(author: Author): string {
  const host = hostOf(author);
  const name = localName(author);
  const day = `${iso(author.createdAtMs).slice(0, 10)}T00:00:00.000Z`;
  const folder = author.nativeId.match(/.{3}/gu)?.join("/") ?? author.nativeId;
  const picture = (kind: string, file: string): string => `https://files.${mastodonHost}/cache/accounts/${kind}/${folder}/original/${file}.jpg`;
  const file = mix32(author.index).toString(16).padStart(16, "0");
  return JSON.stringify({
    id: author.nativeId,
    username: name,
    acct: author.handle,
    display_name: author.name,
    locked: false,
    bot: author.bot,
    discoverable: author.index % 3 !== 0,
    indexable: author.index % 2 === 0,
    group: false,
    created_at: day,
    note: `<p>Simulated account ${author.index} of a world that does not exist.</p>`,
    url: `https://${host}/@${name}`,
    uri: `https://${host}/users/${name}`,
    avatar: picture("avatars", file),
    avatar_static: picture("avatars", file),
    header: picture("headers", file),
    header_static: picture("headers", file),
    followers_count: author.followers,
    following_count: (author.followers * 7) % 900,
    statuses_count: 10 + (author.index % 4000),
    last_status_at: iso(author.createdAtMs + 86_400_000 * 200).slice(0, 10),
    hide_collections: null,
    noindex: false,
    emojis: [],
    roles: [],
    fields:
      author.index % 3 === 0
        ? [{ name: "World", value: `<a href="https://${host}/about" target="_blank" rel="nofollow noopener noreferrer me" translate="no">${host}/about</a>`, verified_at: null }]
        : [],
  });
}

function mediaJson(post: LivePost): string {
  const roll = mix32(post.extrasSeed) % 100;
  if (roll >= 12) return "[]";
  const id = String(BigInt(post.id) - 5_000n);
  const base = `https://files.${mastodonHost}/media_attachments/files/${id.match(/.{3}/gu)?.join("/") ?? id}`;
  return JSON.stringify([
    {
      id,
      type: roll < 10 ? "image" : "video",
      url: `${base}/original/${post.extrasSeed.toString(16)}.${roll < 10 ? "jpg" : "mp4"}`,
      preview_url: `${base}/small/${post.extrasSeed.toString(16)}.jpg`,
      remote_url: null,
      preview_remote_url: null,
      text_url: null,
      meta: { original: { width: 1200, height: 800, size: "1200x800", aspect: 1.5 }, small: { width: 588, height: 392, size: "588x392", aspect: 1.5 } },
      description: roll % 3 === 0 ? null : "Simulated picture of a table with a cup",
      blurhash: "UGF5?xYk^6#M@-5c,1J5@[or[Q6.",
    },
  ]);
}

function cardJson(url: string | undefined): string {
  if (url === undefined || url.length % 3 === 0) return "null";
  return JSON.stringify({
    url,
    title: "Simulated page",
    description: "A page of the simulated world that leads nowhere.",
    language: "en",
    type: "link",
    author_name: "",
    author_url: "",
    provider_name: "Simulated",
    provider_url: "",
    html: "",
    width: 0,
    height: 0,
    image: null,
    image_description: "",
    embed_url: "",
    blurhash: null,
    published_at: null,
    authors: [],
  });
}

/** The status as the platform tells it now. Counts are those last told (`likes`, `shares`, `replies`). */
export function statusJson(post: LivePost, drift = ""): string {
  const { author, draft } = post;
  const { html } = renderStatus(draft.parts);
  const url = `https://${hostOf(author)}/@${localName(author)}/${post.id}`;
  const mentions: unknown[] = [];
  const tags: unknown[] = [];
  for (const part of draft.parts) {
    if (part.kind === "mention") {
      const name = part.name.split("@")[0] ?? part.name;
      const host = part.name.split("@")[1] ?? mastodonHost;
      mentions.push({ id: part.account.nativeId, username: name, url: `https://${host}/@${name}`, acct: part.account.handle });
    } else if (part.kind === "hashtag") tags.push({ name: part.tag.toLowerCase(), url: `https://${mastodonHost}/tags/${encodeURIComponent(part.tag.toLowerCase())}` });
  }
  const isReshare = post.reshared !== undefined;
  const quote = post.quoted === undefined ? "null" : `{"state":"accepted","quoted_status":${statusJson({ ...post.quoted, quoted: undefined })}}`;
  return (
    `{"id":"${post.id}","created_at":"${iso(post.createdMs)}","in_reply_to_id":${post.parent === undefined ? "null" : `"${post.parent.id}"`},` +
    `"in_reply_to_account_id":${post.parent === undefined ? "null" : `"${post.parent.author.nativeId}"`},"sensitive":${post.extrasSeed % 50 === 0},"spoiler_text":"",` +
    `"visibility":"public","language":${isReshare ? "null" : `"${draft.language}"`},"uri":"${post.uri}${isReshare ? "/activity" : ""}","url":"${isReshare ? `${post.uri}/activity` : url}",` +
    `"replies_count":${post.replies},"reblogs_count":${post.shares},"favourites_count":${post.likes},"quotes_count":0,` +
    `"edited_at":${post.editedMs === undefined ? "null" : `"${iso(post.editedMs)}"`},"content":${JSON.stringify(isReshare ? "" : html)},"filtered":[],` +
    `"reblog":${post.reshared === undefined ? "null" : statusJson(post.reshared)},"application":null,"account":${accountJson(author)},` +
    `"media_attachments":${isReshare ? "[]" : mediaJson(post)},"mentions":${JSON.stringify(mentions)},"tags":${JSON.stringify(tags)},"emojis":[],` +
    `"quote":${quote},"card":${isReshare ? "null" : cardJson(draft.links[0])},"poll":null${drift}}`
  );
}

/** The event as the streaming WebSocket sends it; the payload is a text. */
export function streamMessage(event: string, payload: string): string {
  return `{"stream":["public"],"event":${JSON.stringify(event)},"payload":${JSON.stringify(payload)}}`;
}

/** The same event as server-sent events carry it. */
export function sseMessage(event: string, payload: string): string {
  return `event: ${event}\ndata: ${payload}\n\n`;
}
