import { unknown } from "./duration";
import { oneLine } from "./terminal";

/** An image's name for people: the last part of the repository and the first digits of the digest. */
export function shortImage(image: string | undefined): string {
  if (image === undefined) return unknown;
  const [repository = "", digest = ""] = oneLine(image).split("@sha256:");
  const name = repository.split("/").at(-1);
  return digest === "" ? `${name}` : `${name}@${digest.slice(0, 12)}`;
}
