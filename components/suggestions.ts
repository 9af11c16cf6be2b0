/**
 * The candidate that a misspelt word most likely means, or undefined when none is near.
 *
 * Near is at most one wrong, missing, extra or swapped letter in three, compared without case.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** "did you mean reef-1? (servers: reef-1, reef-2)", or only the list when nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>, kind: string): string {
  const all = [...candidates];
  if (all.length === 0) return `there are no ${kind} yet`;
  const near = nearest(word, all);
  const shown = all.length > 12 ? [...all.slice(0, 12), "…"] : all;
  const list = `${kind}: ${shown.join(", ")}`;
  return near === undefined ? `write one of the ${list}` : `did you mean ${near}? (${list})`;
}

/** Letters to change, insert, remove or swap with their neighbour to make one word of the other (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)]);
  for (let j = 1; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = least;
    }
  }
  return rows[a.length]![b.length]!;
}
