import { type Json, isJson } from "../json/decode.ts";

/** Where in the graph a value was found: the object that was asked for, and the edge of it. */
export interface Place {
  readonly object?: string;
  readonly edge?: string;
  /** Page or account whose posts these are. */
  readonly owner?: string;
  /** Name of that account, where its id is not told. */
  readonly ownerName?: string;
  /** Comments: the post at the top. */
  readonly root?: string;
  /** When the platform told it, milliseconds UTC. */
  readonly at: number;
}

const idPattern = /^\d{1,25}(?:_\d{1,25}){0,3}$/;

export function isGraphId(text: string): boolean {
  return idPattern.test(text);
}

/** `https://graph.facebook.com/v19.0/123/posts?…` to object 123 and edge posts. `me` names nobody. */
export function placeOfUrl(url: string | undefined): Pick<Place, "object" | "edge"> {
  if (url === undefined || !URL.canParse(url)) return {};
  const parts = new URL(url).pathname.split("/").filter((part) => part !== "" && !/^v\d+\.\d+$/.test(part));
  const [first = "", second] = parts;
  if (first === "" || first === "me") return second === undefined ? {} : { edge: second };
  if (!isGraphId(first)) return parts.length === 1 ? { edge: first } : second === undefined ? {} : { edge: parts.at(-1) ?? second };
  return { object: first, ...(second !== undefined && { edge: second }) };
}

/** Of the answer's own address, or of the page links that it carries. */
export function placeOfAnswer(url: string | undefined, body: unknown): Pick<Place, "object" | "edge"> {
  const told = placeOfUrl(url);
  if (told.object !== undefined || !isJson(body)) return told;
  return { ...told, ...placeOfLinks(body) };
}

export function placeOfLinks(list: Json): Pick<Place, "object" | "edge"> {
  const paging = list["paging"];
  if (!isJson(paging)) return {};
  for (const name of ["next", "previous"]) {
    const link = paging[name];
    if (typeof link !== "string") continue;
    const place = placeOfUrl(link);
    if (place.object !== undefined || place.edge !== undefined) return place;
  }
  return {};
}

/** Edges whose contents are nobody's but the two who write. */
export function isPrivateEdge(edge: string | undefined): boolean {
  return edge === "conversations" || edge === "messages" || edge === "threads" || edge === "inbox" || edge === "outbox";
}
