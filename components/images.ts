import type { Fault } from "./faults";

const byDigest = /^([a-z0-9][a-z0-9.-]*(:\d+)?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*@sha256:[0-9a-f]{64}$/;

/** What is wrong with the name of an image: it must be `repository@sha256:…`, without a tag. */
export function imageFaults(path: string, image: string): Fault[] {
  if (/@sha256:0{64}$/.test(image)) {
    const remedy = "write the image's own digest (docker buildx imagetools inspect repo:tag prints it)";
    return [{ path, value: image, reason: "has a placeholder for a digest", remedy }];
  }
  if (byDigest.test(image)) return [];
  const [named = "", digest] = image.split("@", 2);
  const repository = named.replace(/:[^:/]*$/, "");
  if (digest === undefined) {
    const remedy = `write ${repository || "repo"}@sha256:… (docker buildx imagetools inspect ${named || "repo:tag"} prints it)`;
    return [{ path, value: image, reason: "has no digest", remedy }];
  }
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
    return [{ path, value: image, reason: "has a damaged digest", remedy: "write sha256: and 64 hexadecimal digits" }];
  }
  if (repository !== named) {
    const remedy = `leave out the tag, which the digest overrules: write ${repository}@${digest}`;
    return [{ path, value: image, reason: "has a tag and a digest", remedy }];
  }
  return [{ path, value: image, reason: "is not the name of an image", remedy: "write repo@sha256:…, in lower case" }];
}
