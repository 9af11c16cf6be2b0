/** What follows the type in each kind of public key, by RFC 4253, 5656 and 8709 and OpenSSH's PROTOCOL.u2f. */
const layouts: Record<string, ((field: Buffer) => boolean)[]> = {
  "ssh-ed25519": [bytes(32)],
  "sk-ssh-ed25519@openssh.com": [bytes(32), some],
  "ecdsa-sha2-nistp256": [curve("nistp256"), point(32)],
  "ecdsa-sha2-nistp384": [curve("nistp384"), point(48)],
  "ecdsa-sha2-nistp521": [curve("nistp521"), point(66)],
  "sk-ecdsa-sha2-nistp256@openssh.com": [curve("nistp256"), point(32), some],
  "ssh-rsa": [positive, positive],
};

/**
 * Reads a public key as a .pub file has it: type, body in base64 and perhaps a comment, in one line.
 *
 * @returns undefined when it is of another kind, cut short, or followed by anything in its body. A key that sshd cannot
 * read is passed over without a word, and its owner locked out.
 */
export function readPublicKey(line: string): { type: string; body: string } | undefined {
  const text = line.trim();
  const [type = "", body = ""] = text.split(/\s+/);
  const blob = Buffer.from(body, "base64");
  const layout = Object.hasOwn(layouts, type) ? layouts[type]! : undefined;
  if (layout === undefined || /\p{Cc}/u.test(text.replaceAll("\t", "")) || blob.toString("base64") !== body) {
    return undefined;
  }
  const [name, ...fields] = wireFields(blob) ?? [];
  const right =
    name?.toString("latin1") === type &&
    fields.length === layout.length &&
    layout.every((holds, i) => holds(fields[i]!));
  return right ? { type, body } : undefined;
}

/** The strings of SSH's wire format, each after its length in four bytes; undefined unless they end where the data does. */
function wireFields(data: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    const start = at + 4;
    if (start > data.length) return undefined;
    const end = start + data.readUInt32BE(at);
    if (end > data.length) return undefined;
    fields.push(data.subarray(start, end));
    at = end;
  }
  return fields;
}

function bytes(count: number) {
  return (field: Buffer) => field.length === count;
}

function some(field: Buffer): boolean {
  return field.length > 0;
}

function curve(name: string) {
  return (field: Buffer) => field.toString("latin1") === name;
}

/** A point of a curve, uncompressed: 4 and two numbers. */
function point(size: number) {
  return (field: Buffer) => field.length === 1 + 2 * size && field[0] === 4;
}

/** A number above zero: its first bit is its sign. */
function positive(field: Buffer): boolean {
  return field.length > 0 && field[0]! < 128 && field.some((byte) => byte !== 0);
}
