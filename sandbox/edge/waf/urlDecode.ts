import { bytesOf } from "../../clouds/cloudflare/expression/strings";

/** Most rounds of recursive decoding: more than any encoding that means something. */
const mostRounds = 32;

/**
 * Decodes `%XX` and `+`, as `url_decode` does; what is no encoding stays.
 *
 * @param options `r`: again until nothing changes; `u`: also `%uXXXX`, into UTF-8
 */
export function urlDecoded(text: string, options: string): string {
  const rounds = options.includes("r") ? mostRounds : 1;
  let decoded = text;
  for (let round = 0; round < rounds; round++) {
    const next = once(decoded, options.includes("u"));
    if (next === decoded) break;
    decoded = next;
  }
  return decoded;
}

function once(text: string, unicode: boolean): string {
  return text.replace(/\+|%u([0-9a-fA-F]{4})|%([0-9a-fA-F]{2})/g, (whole, wide?: string, byte?: string) => {
    if (whole === "+") return " ";
    if (byte) return String.fromCharCode(Number.parseInt(byte, 16));
    return unicode ? bytesOf(String.fromCharCode(Number.parseInt(wide as string, 16))) : whole;
  });
}
