const secretNames = /^(?:access_?token|token|api_?key|key|client_?secret|secret|password|passwd|pwd|auth|authorization|code|refresh_?token|signature|sig|session|jwt)$/i;

/** A URL fit for logs and errors: no user part, no fragment, values of secret-bearing query fields replaced. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return "(not a URL)";
  const parsed = new URL(url);
  parsed.username = "";
  parsed.password = "";
  parsed.hash = "";
  for (const name of [...parsed.searchParams.keys()]) {
    if (secretNames.test(name) || /token|secret|password|key/i.test(name)) parsed.searchParams.set(name, "REDACTED");
  }
  const text = parsed.href;
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** Takes the given secrets and everything that looks like a bearer token out of a text. */
export function redactText(text: string, secrets: readonly string[] = []): string {
  let out = text.replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi, "$1 REDACTED");
  out = out.replace(/\/\/[^\s/@]+@/g, "//");
  for (const secret of secrets) if (secret.length >= 4) out = out.replaceAll(secret, "REDACTED");
  return out;
}

/** The beginning of an answer, fit for a register: without secrets, tokens and addresses of mail, white space folded. */
export function redactExcerpt(text: string, secrets: readonly string[], mostChars: number): string {
  let out = redactText(text, secrets);
  out = out.replace(/("?[\w-]{0,40}(?:token|secret|password|passwd|api_?key|authorization|signature|appsecret_proof)"?\s*[:=]\s*"?)[^\s"&,;}<]+/gi, "$1REDACTED");
  out = out.replace(/[^\s"'<>()]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g, "[email]");
  out = out.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return out.length > mostChars ? `${out.slice(0, mostChars - 1)}…` : out;
}

export const isSecretHeader = (name: string): boolean => /auth|cookie|token|secret|key|proof|signature|password/i.test(name);

/** The values of headers that are not for other eyes, whole and in their parts. */
export function secretsIn(headers: Readonly<Record<string, string>>): readonly string[] {
  const found: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (!isSecretHeader(name)) continue;
    found.push(value, ...value.split(/[\s;=,]+/).filter((part) => part.length >= 8));
  }
  return found;
}
