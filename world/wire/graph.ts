/** Entities of the simulated Graph API, and how they look on the wire (developers.facebook.com/docs/graph-api/reference, 2026-11). */
export interface GraphComment {
  readonly id: string;
  readonly holder: string;
  readonly parent?: string;
  readonly from: { readonly id: string; readonly name: string };
  readonly createdMs: number;
  text: string;
  likes: number;
}

export interface GraphPost {
  readonly id: string;
  /** Page or Instagram account; absent: told of by nobody (hashtag search). */
  readonly owner: string;
  readonly ownerName: string;
  readonly createdMs: number;
  updatedMs: number;
  text: string;
  likes: number;
  shares: number;
  readonly comments: GraphComment[];
  deleted: boolean;
  /** Unknown fields and counts as text. */
  readonly drifted: boolean;
}

const instant = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/u, "+0000");

export function renderPost(post: GraphPost): Record<string, unknown> {
  const count = (value: number): number | string => (post.drifted ? String(value) : value);
  return {
    id: post.id,
    message: post.text,
    created_time: instant(post.createdMs),
    updated_time: instant(post.updatedMs),
    from: { id: post.owner, name: post.ownerName },
    permalink_url: `https://www.facebook.com/${post.id}`,
    is_hidden: false,
    is_published: true,
    privacy: { value: "", description: "" },
    status_type: "mobile_status_update",
    ...(post.shares > 0 && { shares: { count: count(post.shares) } }),
    reactions: { data: [], summary: { total_count: count(post.likes), viewer_reaction: "NONE" } },
    comments: { data: [], summary: { order: "chronological", total_count: count(post.comments.length), can_comment: true } },
    ...(post.drifted && { mood_hint: { name: "new" }, place: null }),
  };
}

export function renderComment(comment: GraphComment): Record<string, unknown> {
  return {
    id: comment.id,
    message: comment.text,
    created_time: instant(comment.createdMs),
    from: comment.from,
    like_count: comment.likes,
    comment_count: 0,
    ...(comment.parent !== undefined && { parent: { id: comment.parent } }),
    is_hidden: false,
    is_private: false,
  };
}

export function renderMedia(post: GraphPost, withOwner: boolean): Record<string, unknown> {
  return {
    id: post.id,
    caption: post.text,
    timestamp: instant(post.createdMs),
    media_type: "IMAGE",
    media_url: `https://cdn.simulated.example/${post.id}.jpg`,
    permalink: `https://www.instagram.com/p/sim${post.id.slice(-6)}/`,
    like_count: post.drifted ? String(post.likes) : post.likes,
    comments_count: post.comments.length,
    ...(withOwner && { username: post.ownerName, owner: { id: post.owner } }),
    ...(post.drifted && { boost_eligibility: "unknown" }),
  };
}

/** With as many replies inside as `replies` holds; more are on the comment's own edge. */
export function renderInstagramComment(comment: GraphComment, media: string, replies?: Record<string, unknown>): Record<string, unknown> {
  return {
    id: comment.id,
    text: comment.text,
    timestamp: instant(comment.createdMs),
    username: comment.from.name,
    from: { id: comment.from.id, username: comment.from.name },
    like_count: comment.likes,
    hidden: false,
    media: { id: media },
    ...(comment.parent !== undefined && { parent_id: comment.parent }),
    ...(replies !== undefined && { replies }),
  };
}

/** An error in the form that all answers of the Graph API have. */
export function renderError(code: number, message: string, trace: string, subcode?: number): Record<string, unknown> {
  return {
    error: {
      message: `(#${code}) ${message}`,
      type: "OAuthException",
      code,
      ...(subcode !== undefined && { error_subcode: subcode }),
      fbtrace_id: trace,
      is_transient: code === 1 || code === 2,
    },
  };
}
