/** What stands where something was left out because it may be a secret. */
export const hiddenText = "[hidden]";

/** A digest says which image it is and nothing else; twelve digits of it are enough to tell two apart. */
const digests = /\b(sha256:[0-9a-f]{12})[0-9a-f]{52}\b/g;

const privateKeys = /-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(-----END [A-Z0-9 ]+-----|$)/g;
const passwordsInAddresses = /([a-z][a-z0-9+.-]*:\/\/)[^/\s:@]*:\S{1,200}@/gi;
const signedTokens = /\beyJ[\w-]+(\.[\w-]+){1,2}/g;
const bearers = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/g;
const named =
  /([\w.-]*(?:token|secret|passw(?:or)?d|passphrase|credential|api_?key|private_?key)[\w.-]*["']?\s*(?:=\s*|:\s*(?=["'])))("[^"]*"|'[^']*'|[^\s,;]+)/gi;

/** Names as environments have them, and passwords, with a value behind the colon that needs no quotes. */
const namedInYaml =
  /\b((?:[A-Z0-9_]*(?:TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL|API_?KEY|PRIVATE_?KEY)[A-Z0-9_]*|password):[ \t]+)[^\s,;]+/g;

/** Runs of the characters that tokens are made of; a slash and a plus are among them in base64. */
const words = /[A-Za-z0-9_+/=-]{16,}/g;

/**
 * A text with every part left out that may be a secret: keys, passwords in addresses, values of what is named like a
 * secret, and every long run of characters that no person would have written. Errs on the side of leaving out, because it
 * is for pull requests and issues that anybody may read.
 */
export function withoutSecrets(text: string): string {
  return text
    .replace(privateKeys, hiddenText)
    .replace(passwordsInAddresses, `$1${hiddenText}@`)
    .replace(signedTokens, hiddenText)
    .replace(bearers, `$1 ${hiddenText}`)
    .replace(named, `$1${hiddenText}`)
    .replace(namedInYaml, `$1${hiddenText}`)
    .replace(digests, "$1…")
    .replace(words, (word) => (looksRandom(word) ? hiddenText : word));
}

/** Whether anything in a text may be a secret. */
export function mayBeSecret(text: string): boolean {
  return withoutSecrets(text) !== text.replace(digests, "$1…");
}

/** Letters and digits mixed without a break, or with capitals throughout: random, and not a name of somebody's choice. */
function looksRandom(word: string): boolean {
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(word);
  if (isUuid) return false;
  const isMixed = /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word);
  const longest = word.split(/[_/=-]/).reduce((most, part) => (part.length > most.length ? part : most), "");
  return (isMixed && word.length >= 20) || (longest.length >= 16 && /\d/.test(longest) && /[A-Za-z]/.test(longest));
}
