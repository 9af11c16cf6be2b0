import { isSecretWrapper, type Registered } from "./mocks";

/** Where a canary was found and has no business to be: resource and path, never the value. */
export type Leak = string;

/** The only inputs in which a secret may travel, and there in a wrapper. */
const allowed = [
  /^command:local:Command [\w-]+ stdin$/,
  /^cloudflare:index\/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared [\w-]+ tunnelSecret$/,
  /^pulumi:providers:\w+ [\w-]+ (apiToken|token)$/,
];

/** Looks for secrets, in every form in which they could be hidden, in everything that was registered. */
export function leaks(registered: Registered[], canaries: string[]): Leak[] {
  const forms = canaries.flatMap(formsOf);
  const found: Leak[] = [];
  for (const { type, name, inputs } of registered) {
    if (forms.some((form) => name.includes(form))) found.push(`${type} name`);
    walk(inputs, `${type} ${name}`, false);
  }
  return found;

  function walk(value: unknown, path: string, wrapped: boolean): void {
    if (isSecretWrapper(value)) {
      walk(value.value, path, true);
    } else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (forms.some((form) => key.includes(form))) found.push(`${path} (a key)`);
        walk(item, `${path}${path.split(" ").length === 2 ? " " : "."}${key}`, wrapped);
      }
    } else if (forms.some((form) => String(value).includes(form))) {
      if (!wrapped) found.push(`${path} in plain text`);
      else if (!allowed.some((place) => place.test(path))) found.push(`${path} in a wrapper`);
    }
  }
}

/** Whether a secret is anywhere at all: the control that {@link leaks} can find something. */
export function reaches(registered: Registered[], canary: string): boolean {
  return formsOf(canary).some((form) => JSON.stringify(registered).includes(form));
}

/** A text as it is, in base64 at each of the three alignments, in hexadecimal, and encoded for an address. */
function formsOf(canary: string): string[] {
  const bytes = Buffer.from(canary);
  const aligned = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    // The first and last digits depend on what stands beside the text.
    return text.slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + bytes.length) * 8) / 6));
  });
  return [canary, ...aligned, bytes.toString("hex"), encodeURIComponent(canary)];
}
