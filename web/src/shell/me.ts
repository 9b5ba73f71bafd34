import { createContext, useContext } from "react";

export const roles = ["viewer", "analyst", "admin"] as const;
export type Role = (typeof roles)[number];
export interface Me {
  readonly name: string;
  readonly role: Role;
  /** Kept to these; absent: all. */
  readonly platforms?: readonly string[];
  readonly terms?: readonly string[];
}
export const MeContext = createContext<Me>({ name: "", role: "viewer" });
/** Who is signed in. */
export const useMe = (): Me => useContext(MeContext);
export const isKept = (me: Me): boolean => me.platforms !== undefined || me.terms !== undefined;
export const mayAct = (me: Me, least: Role): boolean => roles.indexOf(me.role) >= roles.indexOf(least);
