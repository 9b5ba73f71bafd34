import { type ComponentType, lazy, type LazyExoticComponent } from "react";
import { isKept, mayAct, type Me, type Role } from "./me.ts";

export const areas = ["listen", "sources", "models", "govern", "operate"] as const;
export type Area = (typeof areas)[number];

export interface PageEntry {
  /** First part of the path; what follows it belongs to the page. */
  readonly id: string;
  readonly area: Area;
  readonly least: Role;
  /** Absent from the navigation: reached from other pages. */
  readonly isHidden?: boolean;
  /** Has the bar of time, brands, platforms and languages. */
  readonly hasBar?: boolean;
  /** Speaks of all that is stored: not for who is kept to a part. */
  readonly isWhole?: boolean;
  readonly component: LazyExoticComponent<ComponentType>;
}

const page = (id: string, area: Area, least: Role, load: () => Promise<{ default: ComponentType }>, isHidden = false): PageEntry => ({
  id,
  area,
  least,
  isHidden,
  component: lazy(load),
});

/** Pages that have the bar. */
const withBar = (entry: PageEntry): PageEntry => ({ ...entry, hasBar: true });
/** Pages that speak of all that is stored. */
const whole = (entry: PageEntry): PageEntry => ({ ...entry, isWhole: true });
export const mayOpen = (me: Me, entry: PageEntry): boolean => mayAct(me, entry.least) && !(entry.isWhole === true && isKept(me));

/** A page is one file and one line here. Its title is `page.<id>` of the words. */
export const pages: readonly PageEntry[] = [
  withBar(page("live", "listen", "viewer", () => import("../pages/live.tsx"))),
  withBar(page("explore", "listen", "viewer", () => import("../pages/explore.tsx"))),
  withBar(page("search", "listen", "viewer", () => import("../pages/search.tsx"))),
  withBar(page("topics", "listen", "viewer", () => import("../pages/topics.tsx"))),
  page("terms", "listen", "viewer", () => import("../pages/terms.tsx")),
  whole(page("names", "listen", "viewer", () => import("../pages/names.tsx"))),
  page("post", "listen", "viewer", () => import("../pages/post.tsx"), true),
  page("welcome", "listen", "admin", () => import("../pages/welcome.tsx"), true),
  whole(page("sources", "sources", "viewer", () => import("../pages/sources.tsx"))),
  whole(page("vendor-exports", "sources", "admin", () => import("../pages/vendor-exports.tsx"))),
  whole(page("quarantine", "sources", "analyst", () => import("../pages/quarantine.tsx"))),
  whole(page("drift", "sources", "viewer", () => import("../pages/drift.tsx"))),
  whole(page("deprecations", "sources", "viewer", () => import("../pages/deprecations.tsx"))),
  whole(page("connections", "sources", "analyst", () => import("../pages/connections.tsx"))),
  whole(page("shadow", "sources", "analyst", () => import("../pages/shadow.tsx"))),
  whole(page("models", "models", "viewer", () => import("../pages/models-registry.tsx"))),
  whole(page("labels", "models", "analyst", () => import("../pages/labels.tsx"))),
  whole(page("bake-off", "models", "viewer", () => import("../pages/models-bakeoff.tsx"))),
  whole(page("model-drift", "models", "viewer", () => import("../pages/models-drift.tsx"))),
  whole(page("data", "govern", "viewer", () => import("../pages/data.tsx"))),
  page("settings", "operate", "viewer", () => import("../pages/settings.tsx")),
];
