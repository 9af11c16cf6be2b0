/** One reason why the sandbox cannot start or go on, in words that let a person mend it. */
export interface SandboxFault {
  /** What it is about: an address, a port, a file, a program. */
  path: string;
  /** What was found, as the words after the path. */
  found: string;
  /** What to do about it. */
  remedy: string;
}

/** Everything that stands in the way, in one error. */
export class SandboxError extends Error {
  /** @param untouched whether the faults were found before anything was changed */
  constructor(
    readonly faults: SandboxFault[],
    untouched = false,
  ) {
    super(faultText(faults, untouched));
    this.name = "SandboxError";
  }
}

/** Before anything is changed: throws one {@link SandboxError} that names every fault, or returns when there is none. */
export function refuseFaults(faults: SandboxFault[]): void {
  if (faults.length > 0) throw new SandboxError(faults, true);
}

function faultText(faults: SandboxFault[], untouched: boolean): string {
  const width = Math.max(...faults.map((fault) => fault.path.length)) + 3;
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  const lines = faults.map((fault) => `  ${fault.path.padEnd(width)}${fault.found}: ${fault.remedy}`);
  return [`The sandbox has ${count}${untouched ? "; nothing was changed" : ""}`, ...lines].join("\n");
}
