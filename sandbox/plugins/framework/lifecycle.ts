import { fstatSync } from "node:fs";

/** Milliseconds between looks at whether the engine that started this process is still its parent. */
const PARENT_POLL = 1000;

/**
 * Calls `stop` once when this process should end: SIGTERM, SIGINT, SIGHUP, the engine's end of stdin closing, or its
 * process being gone (a killed engine closes nothing when something else inherited the pipe).
 */
export function whenToStop(stop: () => void): void {
  let stopping = false;
  const once = () => {
    if (stopping) return;
    stopping = true;
    stop();
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, once);
  if (isPipe(0)) {
    process.stdin.on("end", once).on("close", once).on("error", once).resume();
  }
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) once();
  }, PARENT_POLL).unref();
}

/** Started by hand, stdin is a terminal or /dev/null and says nothing about an engine. */
function isPipe(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}
