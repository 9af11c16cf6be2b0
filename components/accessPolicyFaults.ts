import * as pulumi from "@pulumi/pulumi";
import type { AccessPolicyArgs, ServiceTokenArgs } from "./accessPolicy";
import { nameFaults } from "./agentNames";
import { countryFaults } from "./countries";
import { type Fault, faultsUnder, gated } from "./faults";
import { isPublicMail } from "./publicMail";

/** Rules that one group or policy can have (https://developers.cloudflare.com/cloudflare-one/account-limits/). */
const mostRules = 1000;
/** Service tokens that an account can have (same page). */
export const mostServiceTokens = 50;
/**
 * Types of identity providers of which Cloudflare learns whether there was a second factor
 * (https://developers.cloudflare.com/cloudflare-one/access-controls/policies/mfa-requirements/).
 */
const tellsFactors = ["okta", "azureAD", "oidc", "saml"];

/** Everything that is wrong with the arguments, as far as they are known already. */
export function accessPolicyFaults(args: Omit<AccessPolicyArgs, "accountId">): Fault[] {
  return [
    ...listFaults("emails", args.emails, emailFaults),
    ...listFaults("emailDomains", args.emailDomains, emailDomainFaults),
    ...listFaults("groups", args.groups, uuidFaults("an Access group")),
    ...peopleFaults(args),
    ...loginFaults(args),
    ...(args.countries === undefined ? [] : countryFaults("countries", args.countries)),
    ...plainFaults("sessionDuration", args.sessionDuration ?? "8h", durationFaults),
    ...purposeFaults(args.purpose),
    ...serviceTokensFaults(args.serviceTokens ?? {}),
  ];
}

function peopleFaults({
  emails,
  emailDomains,
  groups,
  identityProviders,
}: Omit<AccessPolicyArgs, "accountId">): Fault[] {
  const people = [emails, emailDomains, groups].flatMap((list): unknown => list ?? []);
  if (people.length > mostRules) {
    const reason = `has ${people.length} ways in together with emailDomains and groups, and Cloudflare takes ${mostRules}`;
    return [{ path: "emails", reason, remedy: "write a domain of your own, or keep people in an Access group" }];
  }
  if (people.length > 0) return [];
  const remedy = "write at least one of emails, emailDomains, groups";
  const missing = { path: "emails", reason: "is missing, and so is every other way in", remedy };
  if (identityProviders === undefined || identityProviders.length === 0) return [missing];
  const reason = onlyPin(identityProviders)
    ? "would admit everyone by itself: anybody can have a one-time PIN sent"
    : "would admit everybody by itself who can log in there";
  return [missing, { path: "identityProviders", reason, remedy }];
}

function loginFaults({ identityProviders, requireMfa }: Omit<AccessPolicyArgs, "accountId">): Fault[] {
  if (identityProviders === undefined) return [];
  if (!Array.isArray(identityProviders)) {
    return [{ path: "identityProviders", reason: "is not a list", remedy: "write a list of identity providers" }];
  }
  if (identityProviders.length === 0) {
    return [
      { path: "identityProviders", reason: "is empty: nobody could log in", remedy: "write one, or leave it out" },
    ];
  }
  const faults = identityProviders.flatMap(({ id }, i) =>
    plainFaults(`identityProviders[${i}].id`, id, uuidFaults("an identity provider")),
  );
  if (requireMfa && !identityProviders.some(({ type }) => tellsFactors.includes(type))) {
    const reason = onlyPin(identityProviders)
      ? "would admit nobody: a one-time PIN is never a second factor"
      : "would admit nobody: none of its identity providers tells Cloudflare of second factors";
    const remedy = `add an identity provider that does (${tellsFactors.join(", ")}), or do not require one`;
    faults.push({ path: "requireMfa", reason, remedy });
  }
  return faults;
}

function onlyPin(providers: { type: string }[]): boolean {
  return providers.every(({ type }) => type === "onetimepin");
}

function purposeFaults(purpose: string | undefined): Fault[] {
  if (purpose === undefined || /^[^\p{Cc}]*[^\p{Cc}\s][^\p{Cc}]*$/u.test(purpose)) return [];
  return [
    {
      path: "purpose",
      value: purpose,
      reason: "asks nothing",
      remedy: "write a question on one line, or leave it out",
    },
  ];
}

function serviceTokensFaults(tokens: Record<string, ServiceTokenArgs>): Fault[] {
  const faults = Object.entries(tokens).flatMap(([name, token]) => [
    ...nameFaults(`serviceTokens.${name}`, name),
    ...faultsUnder(`serviceTokens.${name}`, serviceTokenFaults(token)),
  ]);
  const count = Object.keys(tokens).length;
  if (count > mostServiceTokens) {
    const reason = `has ${count} tokens, and an account has room for ${mostServiceTokens}`;
    faults.push({ path: "serviceTokens", reason, remedy: "let programs of one kind share a token" });
  }
  return faults;
}

function serviceTokenFaults({ duration = "8760h", rotation = 1, previousUntil }: ServiceTokenArgs): Fault[] {
  const faults: Fault[] = [];
  const hours = Number(/^([1-9]\d{0,3})h$/.exec(duration)?.[1] ?? 0);
  if (hours < 1 || hours > 8760) {
    const remedy = "write whole hours, at least 1h and at most a year, which is 8760h";
    faults.push({ path: "duration", value: duration, reason: "is not how long a token can last", remedy });
  }
  if (!Number.isSafeInteger(rotation) || rotation < 1) {
    const remedy = "write 1 for the first secret, 2 for the second and so on";
    faults.push({ path: "rotation", value: rotation, reason: "is not the number of a secret", remedy });
  }
  if (previousUntil === undefined) return faults;
  if (rotation === 1) {
    const reason = "has no meaning for a first secret: there is none before it";
    faults.push({ path: "previousUntil", reason, remedy: "remove it, or count rotation up" });
  }
  if (!isTime(previousUntil)) {
    const remedy = 'write date and time in UTC and in quotes, such as "2027-01-31T12:00:00Z"';
    faults.push({ path: "previousUntil", value: previousUntil, reason: "is not a time", remedy });
  }
  return faults;
}

/** Whether a text is a time in UTC that there is: Date would take the 31st of February for another day. */
function isTime(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text.replace("Z", ".000Z");
}

/** Tells what is wrong with a text. */
type Check = (path: string, text: string) => Fault[];

function listFaults(path: string, values: pulumi.Input<string>[] = [], check: Check): Fault[] {
  if (!Array.isArray(values))
    return [{ path, value: values, reason: "is not a list", remedy: "write a list of texts" }];
  return values.flatMap((value, i) => plainFaults(`${path}[${i}]`, value, check));
}

/** What is wrong with a value that is known already. */
export function plainFaults(path: string, value: pulumi.Input<string>, check: Check): Fault[] {
  return isLater(value) ? [] : textFaults(path, value, check);
}

function textFaults(path: string, value: unknown, check: Check): Fault[] {
  if (typeof value === "string") return check(path, value);
  return [{ path, value, reason: "is not a text", remedy: "write a text" }];
}

/** The value, and where it becomes known only later, behind the same checks. */
export function checkedLater(
  subject: string,
  path: string,
  value: pulumi.Input<string>,
  check: Check,
): pulumi.Input<string> {
  return isLater(value) ? gated(pulumi.output(value), (known) => textFaults(path, known, check), subject) : value;
}

/** Whether a value becomes known only later. */
export function isLater<T>(value: pulumi.Input<T>): value is pulumi.Output<T> | Promise<T> {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** Checks the id of something that Cloudflare calls by a UUID; `what` names it, such as "an Access group". */
export function uuidFaults(what: string): Check {
  return (path, id) => {
    if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return [];
    const remedy = "write its id as Cloudflare shows it: a UUID, such as 11111111-2222-3333-4444-555555555555";
    return [{ path, value: id, reason: `is not the id of ${what}`, remedy }];
  };
}

export function emailFaults(path: string, email: string): Fault[] {
  if (/\P{ASCII}/u.test(email)) {
    const reason = "has characters that may look like others, or cannot be seen";
    return [{ path, value: email, reason, remedy: "write it in ASCII; a domain with other letters begins with xn--" }];
  }
  if (/^[^\s\p{Cc}@*,;<>"]+@([a-z0-9-]+\.)+[a-z0-9-]{2,}$/iu.test(email)) return [];
  const many = email.includes("*") ? "would admit more than one person" : "is not an address";
  const reason = email.toLowerCase() === "everyone" ? "would admit everyone" : many;
  return [{ path, value: email, reason, remedy: "write one address in full, such as ana@example.com" }];
}

export function emailDomainFaults(path: string, domain: string): Fault[] {
  if (isPublicMail(domain.toLowerCase())) {
    const remedy = "write the addresses themselves under emails";
    return [{ path, value: domain, reason: "would admit everyone: anybody can have an address there", remedy }];
  }
  if (/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i.test(domain)) return [];
  const reason = domain.includes("*") ? "would admit everyone" : "is not a domain";
  return [{ path, value: domain, reason, remedy: "write a domain of your own, such as example.com" }];
}

/** What is wrong with a Cloudflare duration: whole hours and minutes, at most 720 hours, which is a limit of ours. */
export function durationFaults(path: string, text: string): Fault[] {
  const [, hours, minutes] = /^(?:(\d+)h)?(?:(\d+)m)?$/.exec(text) ?? [];
  const total = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  if (text !== "" && total >= 1 && total <= 720 * 60) return [];
  return [
    {
      path,
      value: text,
      reason: "is not how long a login can last",
      remedy: "write hours and minutes, such as 8h or 1h30m, at most 720h",
    },
  ];
}
