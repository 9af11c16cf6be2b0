/** How often a report may be made: often enough to look alive on a terminal, seldom enough for a log. Milliseconds. */
const interval = process.stdout.isTTY ? 1_000 : 15_000;

/**
 * Thins out reports of progress: the first comes at once, then one per interval.
 *
 * @returns a function that reports what `line` says, when it is time
 */
export function paced(report: (line: string) => void): (line: () => string) => void {
  let last = 0;
  return (line) => {
    if (Date.now() - last < interval) return;
    last = Date.now();
    report(line());
  };
}
