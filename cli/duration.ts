/** What stands where nobody knows. */
export const unknown = "?";

/** A duration in its largest unit, as "3 h". */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return unknown;
  const units: [string, number][] = [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
  ];
  const unit = units.find(([, size]) => seconds >= size);
  return unit === undefined ? `${seconds} s` : `${Math.floor(seconds / unit[1])} ${unit[0]}`;
}

/** How long ago something was, as "3 h ago". */
export function ago(seconds: number | undefined): string {
  return seconds === undefined ? unknown : `${duration(seconds)} ago`;
}
