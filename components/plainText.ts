import type { Fault } from "./faults";

/** Names that say that their value is a secret; with an ending such as _FILE they say where one lies. */
export const secretName =
  /(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|(API|PRIVATE|SIGNING|ACCESS|ENCRYPTION)_?KEY)$/i;

/** Beginnings and forms by which the issuers of well-known secrets mark them, each from its first to its last character. */
const secretValues: [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/, "a private key"],
  // How the body of an OpenSSH private key begins, in base64: openssh-key
  [/b3BlbnNzaC1r[A-Za-z0-9+/=\r\n]*/, "a private key"],
  [/\bsk-(?!ssh-|ecdsa-)[A-Za-z0-9_-]{16,}/, "a model provider's API key"],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}/, "a Slack token"],
  [/\bgh[oprsu]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}/, "a GitHub token"],
  [/\bglpat-[A-Za-z0-9_-]{16,}/, "a GitLab token"],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/, "an AWS key"],
  [/\bAIza[A-Za-z0-9_-]{30,}/, "a Google API key"],
  [/\b\d{8,10}:AA[A-Za-z0-9_-]{30,}/, "a Telegram bot token"],
  [/\b(whsec|rk_live|sk_live|sk_test)_[A-Za-z0-9]{16,}/, "a Stripe secret"],
  [/\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/, "a signed token"],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i, "an address with a password"],
];

/** What kind of secret a text looks like, or undefined when it looks like none. Errs on the side of undefined. */
export function secretLook(text: string): string | undefined {
  return secretValues.find(([form]) => form.test(text))?.[1];
}

/** The text with each part that looks like a secret replaced by what it looks like, in brackets. */
export function redacted(text: string): string {
  return secretValues.reduce(
    (rest, [form, look]) => rest.replace(new RegExp(form.source, `${form.flags}g`), `[${look}]`),
    text,
  );
}

/**
 * Every text in a document that looks like a secret, as a fault that does not repeat it.
 *
 * @param remedy where the secret belongs instead
 */
export function plainSecretFaults(document: unknown, remedy: string, path = ""): Fault[] {
  if (typeof document === "string") {
    const look = secretLook(document);
    return look === undefined ? [] : [{ path, reason: `holds what looks like ${look} in plain text`, remedy }];
  }
  if (Array.isArray(document)) {
    return document.flatMap((item, i) => plainSecretFaults(item, remedy, `${path}[${i}]`));
  }
  if (typeof document === "object" && document !== null) {
    return Object.entries(document).flatMap(([key, value]) => {
      const at = path === "" ? key : `${path}.${key}`;
      const look = secretLook(key);
      const named = look === undefined ? [] : [{ path: at, reason: `is a name that looks like ${look}`, remedy }];
      return [...named, ...plainSecretFaults(value, remedy, at)];
    });
  }
  return [];
}

/** What is wrong with a container's environment: names that are none, and secrets, by name or by look. */
export function environmentFaults(path: string, environment: Record<string, string>, remedy: string): Fault[] {
  return Object.entries(environment).flatMap(([key, value]): Fault[] => {
    const at = `${path}.${key}`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
      const allowed = "use letters, digits and underscores, no digit first";
      return [{ path: at, value: key, reason: "is not a name of a variable", remedy: allowed }];
    }
    if (typeof value !== "string") {
      return [{ path: at, reason: "is not a text", remedy: "write a text; put quotes around numbers" }];
    }
    if (secretName.test(key)) return [{ path: at, reason: "is named like a secret, in plain text", remedy }];
    if (value.includes("\0")) {
      return [{ path: at, value, reason: "holds a NUL character", remedy: "remove it: no program can be given one" }];
    }
    const look = secretLook(value);
    return look === undefined ? [] : [{ path: at, reason: `holds what looks like ${look} in plain text`, remedy }];
  });
}
