import type { Post } from "../core/event.ts";
import type { PostId } from "../core/ids.ts";
import type { Label, LabelKind } from "../registers/labels.ts";
import type { Viewer } from "./viewer.ts";

export interface LabelView extends Label {
  /** As the viewer may see it. */
  readonly about: Post;
  /** The text is still the one that was read. */
  readonly current: boolean;
}

/** People's corrections of what stages say. They change no figure and no shown value: they are kept beside, for training. */
export interface LabelBook {
  /** @throws NOT_FOUND; USAGE where the value is none, or what is said already */
  put(post: PostId, fields: { readonly what: LabelKind; readonly to: string }, viewer: Viewer): Promise<Label>;
  /** Undefined: no such post, or not for this viewer. */
  of(post: PostId, viewer: Viewer): Promise<readonly Label[] | undefined>;
  /** Newest first; those about posts that the viewer may not see are left out, so that a page may be short. */
  list(
    asked: { readonly what?: LabelKind; readonly mine?: boolean; readonly limit: number; readonly cursor?: string },
    viewer: Viewer,
  ): Promise<{ readonly items: readonly LabelView[]; readonly next?: string }>;
  export(viewer: Viewer, signal: AbortSignal): AsyncIterable<readonly LabelView[]>;
  /** Own ones; an admin's all. @throws NOT_FOUND, FORBIDDEN */
  withdraw(id: string, viewer: Viewer): Promise<void>;
}
