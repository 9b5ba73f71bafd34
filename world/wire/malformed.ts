import type { LivePost } from "../post.ts";
import type { Random } from "../random.ts";
import { commitMessage, makeCid, postRecord, tidOf } from "./bluesky.ts";
import { iso, statusJson } from "./mastodon.ts";

/** Messages of which no post can be made. Each bears an id of its own that no valid post has. */
export function malformedJetstream(random: Random, model: LivePost, timeUs: number): string {
  const { did, rkey } = { did: model.author.nativeId, rkey: tidOf(timeUs, 1000) };
  const record = postRecord(model, iso(Math.floor(timeUs / 1000)));
  const cid = makeCid(random);
  const commit = (changed: unknown): string => commitMessage({ did, timeUs, operation: "create", collection: "app.bsky.feed.post", rkey, record: changed, cid });
  switch (random.int(8)) {
    case 0:
      return commit(record).slice(0, 40 + random.int(120));
    case 1:
      return "[]";
    case 2:
      return JSON.stringify({ time_us: timeUs, kind: "commit", commit: { operation: "create", collection: "app.bsky.feed.post", rkey, record } });
    case 3:
      return commit({ ...record, text: { value: record["text"] } });
    case 4:
      return commit({ ...record, text: 42 });
    case 5:
      return commitMessage({ did, timeUs, operation: "create", collection: "app.bsky.feed.post", rkey, cid });
    case 6:
      return JSON.stringify({ did: 17, time_us: "soon", kind: "commit", commit: null });
    default:
      return commit(null);
  }
}

/** Event and payload of a streaming message of which no post can be made. */
export function malformedStatus(random: Random, model: LivePost): { event: string; payload: string } {
  const json = statusJson(model);
  const without = (name: string, value: unknown): string => {
    const changed: Record<string, unknown> = JSON.parse(json);
    changed[name] = value;
    return JSON.stringify(changed);
  };
  switch (random.int(6)) {
    case 0:
      return { event: "update", payload: json.slice(0, 60 + random.int(300)) };
    case 1:
      return { event: "update", payload: "null" };
    case 2:
      return { event: "update", payload: without("id", null) };
    case 3:
      return { event: "update", payload: without("account", null) };
    case 4:
      return { event: "update", payload: without("content", { html: "<p>no</p>" }) };
    default:
      return { event: "status.update", payload: "<html><body>502 Bad Gateway</body></html>" };
  }
}

const badDates: readonly unknown[] = ["yesterday", "2026-13-45T99:99:99Z", "", 12, null];

/** A message whose creation time is wrong: one may reject it or take the time of arrival. The oracle names its id and does not judge. */
export function badDateJetstream(random: Random, model: LivePost, timeUs: number): { wire: string; id: string } {
  const rkey = tidOf(timeUs, 1001);
  const record = { ...postRecord(model, ""), createdAt: random.pick(badDates) };
  const wire = commitMessage({ did: model.author.nativeId, timeUs, operation: "create", collection: "app.bsky.feed.post", rkey, record, cid: makeCid(random) });
  return { wire, id: `at://${model.author.nativeId}/app.bsky.feed.post/${rkey}` };
}

export function badDateStatus(random: Random, model: LivePost): string {
  const changed: Record<string, unknown> = JSON.parse(statusJson(model));
  changed["created_at"] = random.pick(badDates);
  return JSON.stringify(changed);
}

/** Additive drift: the meaning of the post stays the same. */
export function driftRecord(random: Random, record: Record<string, unknown>): Record<string, unknown> {
  switch (random.int(5)) {
    case 0:
      return { ...record, simulatedField: { nested: [1, 2, { deep: true }] } };
    case 1: {
      const { langs: _langs, ...rest } = record;
      return rest;
    }
    case 2:
      return { ...record, embed: { $type: "app.bsky.embed.hologram", frames: 3 } };
    case 3:
      return { ...record, labels: { $type: "com.atproto.label.defs#selfLabels", values: [] }, tags: [] };
    default:
      return { ...record, langs: [] };
  }
}

export function driftStatus(random: Random, json: string): string {
  switch (random.int(5)) {
    case 0:
      return `${json.slice(0, -1)},"simulated_field":{"nested":[1,2,{"deep":true}]}}`;
    case 1:
      return json.replace(`"filtered":[],`, "");
    case 2:
      return json.replace(/"favourites_count":(\d+)/u, `"favourites_count":"$1"`);
    case 3:
      return json.replace(`"emojis":[],"quote"`, `"emojis":null,"tagged_collections":[],"quote"`);
    default:
      return json.replace(/"language":"(\w+)"/u, `"language":null`);
  }
}
