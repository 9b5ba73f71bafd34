import { ask } from "../shell/api.ts";

export interface SourceAnswer {
  readonly id: string;
  readonly connector: string;
  readonly platform: string;
  readonly keep: string;
  readonly egress?: string;
  readonly simulated: boolean;
  readonly origin: string;
  readonly paused: boolean;
  readonly state: string;
  readonly detail?: string;
  readonly retryAt?: string;
  /** Absent, like what follows, for who is kept to a part of the data. */
  readonly collected?: number;
  readonly errors?: number;
  readonly gaps?: number;
  readonly gbPerDay?: number;
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: string };
  readonly warnings?: readonly string[];
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface Budget {
  readonly name: string;
  readonly limit?: { readonly requests: number; readonly perMs: number; readonly resets?: string };
  readonly left?: number;
  readonly toldLeft?: number;
  readonly resetAt?: string;
  readonly blockedUntil?: string;
}

export interface Activity {
  readonly id: string;
  readonly position?: { readonly text: string; readonly savedAt: string };
  readonly lastItemAt?: string;
  readonly day: {
    readonly messages: number;
    readonly bytes: number;
    readonly requests: number;
    readonly saved: number;
    readonly gaps: number;
    readonly errors: number;
    readonly posts: number;
  };
  readonly budgets: readonly Budget[];
}

export interface History {
  readonly hours: readonly {
    readonly at: string;
    readonly messages: number;
    readonly bytes: number;
    readonly errors: Readonly<Record<string, number>>;
  }[];
  readonly gaps: readonly { readonly from?: string; readonly to: string; readonly reason: string; readonly at: string }[];
}

export interface Connector {
  readonly name: string;
  readonly doc: string;
  readonly keepDefault: string;
  readonly access: "none" | "optional" | "needed";
  readonly grants: boolean;
  readonly forecasts: boolean;
  /** Options that are chosen from what its account can read. */
  readonly offers: readonly string[];
  readonly receives: boolean;
  readonly apiVersion?: { readonly name: string; readonly retiresAt?: string; readonly source: string };
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Wish {
  readonly use: string;
  readonly keep: string;
  readonly egress?: string | undefined;
  readonly paused: boolean;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Check {
  readonly ok: boolean;
  readonly code?: string;
  readonly message?: string;
}

export interface Forecast {
  readonly state: "told" | "untold" | "failed";
  readonly code?: string;
  readonly message?: string;
  readonly requests: number;
  readonly posts?: number;
  readonly from?: string;
  readonly to?: string;
  readonly perDay?: number;
  readonly costs: readonly { readonly budget: string; readonly perDay: number; readonly allowedPerDay?: number; readonly share?: number }[];
  readonly note?: string;
  readonly size?: {
    readonly bytesPerPost: number;
    readonly everythingGbPerDay?: number;
    readonly matchingGbPerDay?: { readonly low: number; readonly value: number; readonly high: number };
    readonly sample?: { readonly posts: number; readonly matching: number; readonly exact: boolean };
  };
}

export interface Offer {
  readonly option: string;
  readonly value: string;
  readonly name: string;
  readonly detail?: string;
}

export interface Grant {
  readonly account: string;
  readonly connector: string;
  /** What was asked for and left out by the owner. */
  readonly lacks: readonly string[];
  /** It can be asked for again as it was. */
  readonly again: boolean;
  readonly grantedBy: string;
  readonly grantedAt: string;
  readonly endsAt?: string;
  readonly sources: readonly string[];
}

const json = { "content-type": "application/json" };
const pathOf = (id: string): string => `/api/v1/sources/${encodeURIComponent(id)}`;

export const allSources = (): Promise<{ readonly items: readonly SourceAnswer[] }> => ask("/api/v1/sources");
export const activityOf = (): Promise<{ readonly items: readonly Activity[] }> => ask("/api/v1/sources/activity");
export const historyOf = (id: string): Promise<History> => ask(`${pathOf(id)}/activity?days=7`);
export const connectors = (): Promise<{ readonly items: readonly Connector[] }> => ask("/api/v1/connectors");
/** As it is asked with before it is saved: through the same egress profile. */
const asked = ({ use, egress, options }: Wish) => ({ method: "POST", headers: json, body: JSON.stringify({ use, options: { ...options, egress } }) });
export const forecastWish = (wish: Wish): Promise<Forecast> => ask("/api/v1/sources/forecast", asked(wish));
export async function checkSecret(reference: string): Promise<{ readonly there: boolean; readonly message?: string }> {
  const { items } = await ask<{ readonly items: readonly { readonly there: boolean; readonly message?: string }[] }>("/api/v1/secrets/check", {
    method: "POST",
    headers: json,
    body: JSON.stringify({ references: [reference] }),
  });
  return items[0] ?? { there: false };
}
export const grants = (): Promise<{ readonly items: readonly Grant[]; readonly redirectUri?: string }> => ask("/api/v1/grants");
export const beginGrant = ({ use, egress, options }: Wish, account: string, returnTo: string): Promise<{ readonly address: string }> =>
  ask("/api/v1/grants", { method: "POST", headers: json, body: JSON.stringify({ use, options: { ...options, egress }, account, returnTo }) });
/** As it was asked for before. */
export const beginAgain = (account: string, returnTo: string): Promise<{ readonly address: string }> =>
  ask(`/api/v1/grants/${encodeURIComponent(account)}/again`, { method: "POST", headers: json, body: JSON.stringify({ returnTo }) });
export const offersOf = (wish: Wish): Promise<{ readonly items: readonly Offer[] }> => ask("/api/v1/sources/offers", asked(wish));
export const revokeGrant = (account: string): Promise<{ readonly there: boolean }> => ask(`/api/v1/grants/${encodeURIComponent(account)}`, { method: "DELETE" });
export const checkWish = (wish: Wish): Promise<Check> => ask("/api/v1/sources/check", asked(wish));
export const putSource = (id: string, { use, keep, paused, egress, options }: Wish): Promise<SourceAnswer> =>
  ask(pathOf(id), { method: "PUT", headers: json, body: JSON.stringify({ ...options, use, keep, paused, egress }) });
export const pauseSource = (id: string, paused: boolean): Promise<SourceAnswer> => ask(pathOf(id), { method: "PATCH", headers: json, body: JSON.stringify({ paused }) });
export const removeSource = (id: string, withData: boolean): Promise<{ readonly removedPosts: number }> => ask(`${pathOf(id)}?data=${withData}`, { method: "DELETE" });
export const removeWorld = (): Promise<{ readonly removedPosts: number }> => ask("/api/v1/world", { method: "DELETE" });
export const postsOfSource = (id: string): Promise<{ readonly posts: number }> => ask(`/api/v1/posts/count?${new URLSearchParams({ q: `source:${id}` }).toString()}`);

/** Whether somebody should look: it waits for another try, or cannot go on. */
export const isTroubled = (source: SourceAnswer): boolean =>
  !source.paused && (["failing", "failed", "stopped"].includes(source.state) || (source.state === "waiting" && source.lastError !== undefined));
