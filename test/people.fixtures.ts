import assert from "node:assert/strict";
import { type Answer, recordAt, type RunningApi } from "./api.fixtures.ts";

/** Uses the code of a sign-in link; the cookie as a browser sends it. */
export async function signInWith(api: RunningApi, code: unknown): Promise<string> {
  const answer = await api.ask("POST", "/api/v1/session", { token: null, body: { code } });
  assert.equal(answer.status, 204, answer.text);
  return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

export interface Invited {
  readonly name: string;
  readonly role: "viewer" | "analyst" | "admin";
  readonly platforms?: readonly string[];
  readonly terms?: readonly string[];
}

/** Invites a user and signs them in: their cookie. */
export async function signInAs(api: RunningApi, invited: Invited): Promise<string> {
  const answer = await api.ask("POST", "/api/v1/users", { body: invited });
  assert.equal(answer.status, 200, answer.text);
  return signInWith(api, recordAt(answer.body, "invitation")["code"]);
}

/** Asks as a browser does that is signed in. */
export function askAs(api: RunningApi, cookie: string, method: string, path: string, body?: unknown): Promise<Answer> {
  return api.ask(method, path, { token: null, headers: { cookie }, ...(body !== undefined && { body }) });
}
