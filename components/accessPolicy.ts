import { ZeroTrustAccessGroup, type ZeroTrustAccessGroupArgs } from "@pulumi/cloudflare/zeroTrustAccessGroup";
import { ZeroTrustAccessPolicy, type ZeroTrustAccessPolicyArgs } from "@pulumi/cloudflare/zeroTrustAccessPolicy";
import * as pulumi from "@pulumi/pulumi";
import { cloudName } from "./cloudNames";
import { type Fault, gated, refuseFaults } from "./faults";

/** Who may open an operator hostname, and under which conditions. */
export interface AccessPolicyArgs {
  /** Cloudflare account id: 32 hexadecimal digits. */
  accountId: pulumi.Input<string>;
  /** Addresses admitted, compared exactly. Default: nobody; at least one of emails, emailDomains and groups is needed. */
  emails?: pulumi.Input<string>[];
  /** Everybody with an address at one of these domains, which must be your own, such as example.com. Default: nobody. */
  emailDomains?: pulumi.Input<string>[];
  /** Everybody in one of these Access groups of the account, by group id, which is a UUID. Default: nobody. */
  groups?: pulumi.Input<string>[];
  /**
   * Whether the identity provider must have asked for a second factor and said so. Cloudflare's own one-time PIN never
   * does, so with it nobody gets in. Default: no.
   */
  requireMfa?: boolean;
  /** How long a login lasts, as a Cloudflare duration ("8h"). Default: 8 hours. */
  sessionDuration?: pulumi.Input<string>;
}

/**
 * One answer to "who may come in", shared by any number of agents.
 *
 * Owns an Access group (who) and a reusable policy (who, under which conditions).
 * Refuses rules that would admit everyone; what is known only later is checked then, and fails what needs it.
 */
export class AccessPolicy extends pulumi.ComponentResource {
  /** To attach to an Access application, in order. */
  public readonly policyIds: pulumi.Output<string[]>;

  constructor(name: string, args: AccessPolicyArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseFaults(accessPolicyFaults(args), `AccessPolicy ${name}`);
    super("creel:index:AccessPolicy", name, { accountId: args.accountId }, opts);

    const people = new ZeroTrustAccessGroup(name, accessGroup(name, args), { parent: this });
    const allow = new ZeroTrustAccessPolicy(`${name}-allow`, allowPolicy(name, args, people.id), { parent: this });

    this.policyIds = pulumi.all([allow.id]);
    this.registerOutputs({ policyIds: this.policyIds });
  }
}

/** The people, whichever way they come in. Cloudflare takes exactly one selector in each element. */
export function accessGroup(name: string, args: AccessPolicyArgs): ZeroTrustAccessGroupArgs {
  return {
    accountId: args.accountId,
    name: cloudName(name),
    includes: [
      ...eachCheckedLater(name, "emails", args.emails, emailFaults).map((email) => ({ email: { email } })),
      ...eachCheckedLater(name, "emailDomains", args.emailDomains, emailDomainFaults).map((domain) => ({
        emailDomain: { domain },
      })),
      ...eachCheckedLater(name, "groups", args.groups, groupFaults).map((id) => ({ group: { id } })),
    ],
  };
}

/** Admits the group; every further condition has to hold as well. */
export function allowPolicy(
  name: string,
  args: AccessPolicyArgs,
  group: pulumi.Input<string>,
): ZeroTrustAccessPolicyArgs {
  return {
    accountId: args.accountId,
    name: cloudName(name),
    decision: "allow",
    includes: [{ group: { id: group } }],
    requires: args.requireMfa ? [{ authMethod: { authMethod: "mfa" } }] : undefined,
    sessionDuration: checkedLater(name, "sessionDuration", args.sessionDuration ?? "8h", durationFaults),
  };
}

/** Mail services that are at home under many endings, such as yahoo.co.uk and outlook.com.br. */
const publicMailFamilies =
  /^(gmail|googlemail|yahoo|ymail|rocketmail|hotmail|outlook|live|msn|windowslive|aol|aim|icloud|gmx|yandex|proton|protonmail|tutanota|tuta|fastmail|zoho|zohomail|hushmail|mailinator)\.(com?\.)?[a-z]{2,3}$/;

/** Domains at which anybody can have an address; the larger ones of each continent. */
const publicMail = new Set(
  `me.com mac.com pm.me tutamail.com keemail.me mail.com email.com hey.com web.de t-online.de freenet.de posteo.de
   mailbox.org orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it wp.pl o2.pl onet.pl interia.pl
   seznam.cz mail.ru bk.ru inbox.ru list.ru rambler.ru ya.ru qq.com 163.com 126.com sina.com foxmail.com naver.com daum.net
   hanmail.net rediffmail.com uol.com.br bol.com.br ig.com.br terra.com.br`.split(/\s+/),
);

function isPublicMail(domain: string): boolean {
  return publicMail.has(domain) || publicMailFamilies.test(domain);
}

/** Everything that is wrong with the arguments, as far as they are known already. */
export function accessPolicyFaults(args: Omit<AccessPolicyArgs, "accountId">): Fault[] {
  const faults = [
    ...listFaults("emails", args.emails, emailFaults),
    ...listFaults("emailDomains", args.emailDomains, emailDomainFaults),
    ...listFaults("groups", args.groups, groupFaults),
    ...plainFaults("sessionDuration", args.sessionDuration ?? "8h", durationFaults),
  ];
  const people = [args.emails, args.emailDomains, args.groups].flatMap((list): unknown => list ?? []);
  if (people.length === 0) {
    const remedy = "write at least one of emails, emailDomains, groups";
    faults.push({ path: "emails", reason: "is missing, and so is every other way in", remedy });
  }
  return faults;
}

/** Tells what is wrong with a text. */
type Check = (path: string, text: string) => Fault[];

function listFaults(path: string, values: pulumi.Input<string>[] = [], check: Check): Fault[] {
  if (!Array.isArray(values))
    return [{ path, value: values, reason: "is not a list", remedy: "write a list of texts" }];
  return values.flatMap((value, i) => plainFaults(`${path}[${i}]`, value, check));
}

/** What is wrong with a value that is known already. */
function plainFaults(path: string, value: pulumi.Input<string>, check: Check): Fault[] {
  return isLater(value) ? [] : textFaults(path, value, check);
}

function textFaults(path: string, value: unknown, check: Check): Fault[] {
  if (typeof value === "string") return check(path, value);
  return [{ path, value, reason: "is not a text", remedy: "write a text" }];
}

/** The value, and where it becomes known only later, behind the same checks. */
function checkedLater(name: string, path: string, value: pulumi.Input<string>, check: Check): pulumi.Input<string> {
  if (!isLater(value)) return value;
  return gated(pulumi.output(value), (known) => textFaults(path, known, check), `AccessPolicy ${name}`);
}

function eachCheckedLater(
  name: string,
  path: string,
  values: pulumi.Input<string>[] = [],
  check: Check,
): pulumi.Input<string>[] {
  return values.map((value, i) => checkedLater(name, `${path}[${i}]`, value, check));
}

function isLater(value: unknown): value is pulumi.Output<string> | Promise<string> {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

function groupFaults(path: string, id: string): Fault[] {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return [];
  const remedy = "write its id as Cloudflare shows it: a UUID, such as 11111111-2222-3333-4444-555555555555";
  return [{ path, value: id, reason: "is not the id of an Access group", remedy }];
}

function emailFaults(path: string, email: string): Fault[] {
  if (/^[^\s\p{Cc}@*,;<>"]+@([a-z0-9-]+\.)+[a-z0-9-]{2,}$/iu.test(email)) return [];
  const reason = email.includes("*") ? "would admit more than one person" : "is not an address";
  return [{ path, value: email, reason, remedy: "write one address in full, such as ana@example.com" }];
}

function emailDomainFaults(path: string, domain: string): Fault[] {
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
