import { createWriteStream } from "node:fs";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** How long the download site may take to begin its answer, in milliseconds; and to fall silent within it. */
const patience = { answer: 5_000, silence: 30_000 };

/**
 * Set once the download site could not be reached, so that nothing later in the same run, child processes included,
 * waits for it again. Set it to 1 beforehand to keep a run from trying at all.
 */
const marker = "CREEL_OFFLINE";

/** Whether the download site is known to be out of reach. */
export function isOffline(): boolean {
  return !!process.env[marker];
}

/** Remembers for the rest of the run that the download site is out of reach. */
export function rememberOffline(): void {
  process.env[marker] = "1";
}

/**
 * Whether the official download site answers; asked at most once a run.
 *
 * @returns false also where the environment variable CREEL_OFFLINE is set
 */
export async function isDownloadSiteThere(): Promise<boolean> {
  if (isOffline()) return false;
  reachable ??= fetch("https://get.pulumi.com/releases/sdk/", {
    method: "HEAD",
    signal: AbortSignal.timeout(patience.answer),
  }).then(
    () => true, // any status: the site is there
    () => {
      rememberOffline();
      return false;
    },
  );
  return reachable;
}
let reachable: Promise<boolean> | undefined;

/** Fetches a small text. @throws when it cannot be had within seconds */
export async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(patience.silence) });
  if (!response.ok) throw new Error(`${url} answers ${response.status} ${response.statusText}`);
  return response.text();
}

/**
 * Downloads a file.
 *
 * @param progress told how many bytes of how many have arrived; the total is 0 where the site does not say
 * @throws when the site answers with an error or falls silent
 */
export async function fetchFile(
  url: string,
  file: string,
  progress: (received: number, total: number) => void,
): Promise<void> {
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), patience.answer);
  try {
    const response = await fetch(url, { signal: silent.signal });
    if (!response.ok || !response.body) throw new Error(`${url} answers ${response.status} ${response.statusText}`);
    const total = Number(response.headers.get("content-length") ?? 0);
    let received = 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        clearTimeout(timer);
        timer = setTimeout(() => silent.abort(), patience.silence);
        received += chunk.length;
        progress(received, total);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body as never), count, createWriteStream(file));
  } finally {
    clearTimeout(timer);
  }
}
