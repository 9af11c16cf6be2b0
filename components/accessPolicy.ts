import { ZeroTrustAccessGroup, type ZeroTrustAccessGroupArgs } from "@pulumi/cloudflare/zeroTrustAccessGroup";
import { ZeroTrustAccessPolicy, type ZeroTrustAccessPolicyArgs } from "@pulumi/cloudflare/zeroTrustAccessPolicy";
import * as pulumi from "@pulumi/pulumi";
import { cloudName } from "./cloudNames";
import { type Fault, refuseFaults } from "./faults";

/** Who may open an operator hostname, and under which conditions. */
export interface AccessPolicyArgs {
  /** Cloudflare account id: 32 hexadecimal digits. */
  accountId: pulumi.Input<string>;
  /** Addresses admitted, compared exactly. Default: nobody; at least one of emails, emailDomains and groups is needed. */
  emails?: pulumi.Input<string>[];
  /** Everybody with an address at one of these domains, which must be your own, such as example.com. Default: nobody. */
  emailDomains?: pulumi.Input<string>[];
  /** Everybody in one of these Access groups of the account, by group id. Default: nobody. */
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
 * Refuses rules that would admit everyone.
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
      ...(args.emails ?? []).map((email) => ({ email: { email } })),
      ...(args.emailDomains ?? []).map((domain) => ({ emailDomain: { domain } })),
      ...(args.groups ?? []).map((id) => ({ group: { id } })),
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
    sessionDuration: args.sessionDuration ?? "8h",
  };
}

/** Domains at which anybody can have an address; the larger ones of each continent. */
const publicMail = new Set(
  `gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com aol.com icloud.com me.com mac.com
   proton.me protonmail.com pm.me tutanota.com tuta.com fastmail.com zoho.com mail.com hey.com gmx.com gmx.de gmx.net web.de
   t-online.de freenet.de posteo.de mailbox.org orange.fr free.fr laposte.net libero.it wp.pl seznam.cz mail.ru yandex.ru
   yandex.com qq.com 163.com 126.com sina.com foxmail.com naver.com daum.net rediffmail.com uol.com.br bol.com.br`.split(
    /\s+/,
  ),
);

/** Everything that is wrong with the arguments, as far as they are plain values. */
export function accessPolicyFaults(args: Omit<AccessPolicyArgs, "accountId">): Fault[] {
  const faults = [
    ...plain("emails", args.emails).flatMap(([path, email]) => emailFaults(path, email)),
    ...plain("emailDomains", args.emailDomains).flatMap(([path, domain]) => emailDomainFaults(path, domain)),
    ...plain("sessionDuration", [args.sessionDuration ?? "8h"]).flatMap(([, text]) =>
      durationFaults("sessionDuration", text),
    ),
  ];
  const people = [args.emails, args.emailDomains, args.groups].flatMap((list) => list ?? []);
  if (people.length === 0) {
    const remedy = "write at least one of emails, emailDomains, groups";
    faults.push({ path: "emails", reason: "is missing, and so is every other way in", remedy });
  }
  return faults;
}

function emailFaults(path: string, email: string): Fault[] {
  if (/^[^\s@*,;<>"]+@([a-z0-9-]+\.)+[a-z0-9-]{2,}$/i.test(email)) return [];
  const reason = email.includes("*") ? "would admit more than one person" : "is not an address";
  return [{ path, value: email, reason, remedy: "write one address in full, such as ana@example.com" }];
}

function emailDomainFaults(path: string, domain: string): Fault[] {
  if (publicMail.has(domain.toLowerCase())) {
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

function plain(path: string, values: pulumi.Input<string>[] = []): [string, string][] {
  return values.flatMap((value, i) => (typeof value === "string" ? [[`${path}[${i}]`, value]] : []));
}
