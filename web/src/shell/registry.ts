import { type ComponentType, lazy, type LazyExoticComponent } from "react";
import type { Role } from "./me.ts";

export const areas = ["listen", "sources", "govern"] as const;
export type Area = (typeof areas)[number];

export interface PageEntry {
  /** First part of the path; what follows it belongs to the page. */
  readonly id: string;
  readonly area: Area;
  readonly least: Role;
  /** Absent from the navigation: reached from other pages. */
  readonly isHidden?: boolean;
  readonly component: LazyExoticComponent<ComponentType>;
}

const page = (id: string, area: Area, least: Role, load: () => Promise<{ default: ComponentType }>, isHidden = false): PageEntry => ({
  id,
  area,
  least,
  isHidden,
  component: lazy(load),
});

/** A page is one file and one line here. Its title is `page.<id>` of the words. */
export const pages: readonly PageEntry[] = [
  page("live", "listen", "viewer", () => import("../pages/live.tsx")),
  page("explore", "listen", "viewer", () => import("../pages/explore.tsx")),
  page("search", "listen", "viewer", () => import("../pages/search.tsx")),
  page("terms", "listen", "viewer", () => import("../pages/terms.tsx")),
  page("post", "listen", "viewer", () => import("../pages/post.tsx"), true),
  page("welcome", "listen", "admin", () => import("../pages/welcome.tsx"), true),
  page("sources", "sources", "viewer", () => import("../pages/sources.tsx")),
  page("quarantine", "sources", "admin", () => import("../pages/quarantine.tsx")),
  page("data", "govern", "viewer", () => import("../pages/data.tsx")),
];
