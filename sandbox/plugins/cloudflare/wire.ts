import type { Props } from "../framework/provider";
import type { Place } from "../framework/table";
import { isObject } from "../framework/values";

/** How a resource's properties are spelled on the wire: like_this, or likeThis in tunnel configurations. */
export type Spelling = "snake" | "camel";

/** Lists that have a plural name in Pulumi only; and selectors that Cloudflare spells in its own way. */
const SNAKE_EXCEPTIONS: Record<string, string> = {
  includes: "include",
  excludes: "exclude",
  requires: "require",
  targetCriterias: "target_criteria",
  userRiskScores: "user_risk_score",
  azureAd: "azureAD",
  githubOrganization: "github-organization",
  serviceAuth401Redirect: "service_auth_401_redirect",
};
const CAMEL_EXCEPTIONS: Record<string, string> = {
  ingresses: "ingress",
  audTags: "audTag",
  noTlsVerify: "noTLSVerify",
  matchSnItoHost: "matchSNItoHost",
};

/** The wire name of a property. */
export function wireName(property: string, spelling: Spelling): string {
  if (spelling === "camel") return CAMEL_EXCEPTIONS[property] ?? property;
  return SNAKE_EXCEPTIONS[property] ?? property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A whole document: its own fields are always like_this, only what is inside them may be spelled otherwise. */
export function documentToWire(props: Props, root: Place, spelling: Spelling): Props {
  const body: Props = {};
  for (const [name, value] of Object.entries(props)) {
    if (value !== undefined && value !== null)
      body[wireName(name, "snake")] = toWire(value, root.child(name), spelling);
  }
  return body;
}

/** What the API says in a document, as far as the table knows it. */
export function documentFromWire(body: Props, root: Place, spelling: Spelling): Props {
  const props: Props = {};
  for (const name of Object.keys(root.properties)) {
    const value = body[wireName(name, "snake")];
    if (value !== undefined && value !== null) props[name] = fromWire(value, root.child(name), spelling);
  }
  return props;
}

/** A value as the API wants it. Maps and free-form values keep their keys. */
export function toWire(value: unknown, place: Place | undefined, spelling: Spelling): unknown {
  if (Array.isArray(value)) return value.map((item) => toWire(item, place?.child(0), spelling));
  if (!isObject(value) || place?.kind !== "object") return value;
  const inner = Object.entries(value).filter(([, item]) => item !== undefined && item !== null);
  return Object.fromEntries(
    inner.map(([name, item]) => [wireName(name, spelling), toWire(item, place.child(name), spelling)]),
  );
}

/** What the API says, as far as the table knows it. Null means "not set" and is left out. */
export function fromWire(value: unknown, place: Place | undefined, spelling: Spelling): unknown {
  if (Array.isArray(value)) return value.map((item) => fromWire(item, place?.child(0), spelling));
  if (!isObject(value) || place?.kind !== "object") return value;
  const known = Object.keys(place.properties).map((name) => [name, value[wireName(name, spelling)]] as const);
  return Object.fromEntries(
    known
      .filter(([, item]) => item !== undefined && item !== null)
      .map(([name, item]) => [name, fromWire(item, place.child(name), spelling)]),
  );
}
