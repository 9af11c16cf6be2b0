import { open, readFile } from "node:fs/promises";
import { execa } from "execa";
import { SandboxError } from "./faults";
import { findProgram } from "./hostPackages";

/** A cloudflared of this computer that can be put into an image. */
export interface Cloudflared {
  file: string;
  /** Such as 2026.8.2. */
  version: string;
}

/**
 * The real cloudflared, where this computer has one: `$CREEL_CLOUDFLARED`, or else the one on the PATH.
 *
 * The image it is put into holds nothing else, so it has to be a static program, as Cloudflare's own releases are. One on
 * the PATH that will not do is passed over with a word.
 *
 * @throws SandboxError when the one that was asked for will not do
 */
export async function findCloudflared(report: (line: string) => void): Promise<Cloudflared | undefined> {
  const asked = process.env.CREEL_CLOUDFLARED;
  const file = asked || findProgram("cloudflared");
  if (!file) return undefined;
  const found = await unusable(file);
  if (found === undefined) {
    const { stdout } = await execa(file, ["version"]);
    return { file, version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? "of unknown version" };
  }
  if (!asked) {
    report(`${file} ${found}: using the stand-in connector`);
    return undefined;
  }
  const remedy = "name a static cloudflared for Linux, as Cloudflare's releases are, or unset it to use the stand-in";
  throw new SandboxError([{ path: "CREEL_CLOUDFLARED", found: `names ${file}, which ${found}`, remedy }]);
}

/** The program itself. */
export function cloudflaredBinary({ file }: Cloudflared): Promise<Buffer> {
  return readFile(file);
}

/** Why a file is no program that an otherwise empty image could run; undefined when it is one. */
export async function unusable(file: string): Promise<string | undefined> {
  const head = await readHead(file, 4096).catch((error: NodeJS.ErrnoException) => error);
  if (head instanceof Error) return `cannot be read (${head.code ?? head.message})`;
  const elf64 = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  if (!head.subarray(0, elf64.length).equals(elf64)) return "is no 64-bit Linux program";
  return namesInterpreter(head) ? "is linked against this computer's libraries" : undefined;
}

/** Whether an ELF file names a dynamic linker: it has a program header of type PT_INTERP. Layout: elf(5). */
function namesInterpreter(head: Buffer): boolean {
  const table = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  const interpreter = 3;
  return Array.from({ length: count }, (_, i) => table + i * size)
    .filter((at) => at + 4 <= head.length)
    .some((at) => head.readUInt32LE(at) === interpreter);
}

async function readHead(file: string, bytes: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    if (bytesRead < 64) throw new Error("too short");
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
