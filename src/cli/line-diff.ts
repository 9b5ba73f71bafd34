const around = 2;

/** The lines that go (-) and come (+), with a few that stay around them; empty where nothing changes. For files of a person's size. */
export function lineDiff(before: string, after: string): string {
  const old = before.split("\n");
  const now = after.split("\n");
  // lengths[i][j]: the longest common run of lines of old from i and now from j.
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint32Array(now.length + 1));
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--) {
    const row = lengths[i];
    if (row === undefined) continue;
    for (let j = now.length - 1; j >= 0; j--) row[j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const lines: { readonly mark: " " | "-" | "+"; readonly text: string }[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push({ mark: " ", text: old[i] ?? "" });
      i++;
      j++;
    } else if (j >= now.length || (i < old.length && at(i + 1, j) >= at(i, j + 1))) lines.push({ mark: "-", text: old[i++] ?? "" });
    else lines.push({ mark: "+", text: now[j++] ?? "" });
  }
  const isNear = lines.map((_line, n) => lines.slice(Math.max(0, n - around), n + around + 1).some(({ mark }) => mark !== " "));
  return lines.flatMap(({ mark, text }, n) => (isNear[n] === true ? [`${mark} ${text}`.trimEnd()] : isNear[n - 1] === true ? ["  …"] : [])).join("\n");
}
