import { ZeroTrustAccessGroup, type ZeroTrustAccessGroupArgs } from "@pulumi/cloudflare/zeroTrustAccessGroup";
import { ZeroTrustAccessPolicy, type ZeroTrustAccessPolicyArgs } from "@pulumi/cloudflare/zeroTrustAccessPolicy";
import {
  ZeroTrustAccessServiceToken,
  type ZeroTrustAccessServiceTokenArgs,
} from "@pulumi/cloudflare/zeroTrustAccessServiceToken";
import * as pulumi from "@pulumi/pulumi";
import {
  accessPolicyFaults,
  checkedLater,
  durationFaults,
  emailDomainFaults,
  emailFaults,
  uuidFaults,
} from "./accessPolicyFaults";
import { cloudName } from "./cloudNames";
import { refuseFaults } from "./faults";

/** An identity provider of the account. */
export interface IdentityProvider {
  /** Its id, which is a UUID. */
  id: pulumi.Input<string>;
  /** What it is, as Cloudflare calls it, such as google; onetimepin is Cloudflare's own PIN by mail. */
  type: string;
}

/** A secret by which a program comes in without a person. */
export interface ServiceTokenArgs {
  /** How long it lasts, in hours, at most a year: 8760h. Longer than before makes it last longer. Default: a year. */
  duration?: string;
  /** Counted up, it has a new secret made; it never goes down. Default: 1, the first secret. */
  rotation?: number;
  /**
   * Until when the secret before the last rotation is still taken, such as 2027-01-31T12:00:00Z. Default: not at all
   * any more.
   */
  previousUntil?: string;
}

/** Who may open an operator hostname, and under which conditions. */
export interface AccessPolicyArgs {
  /** Cloudflare account id: 32 hexadecimal digits. */
  accountId: pulumi.Input<string>;
  /** Addresses admitted, compared exactly. Default: nobody; at least one of emails, emailDomains and groups is needed. */
  emails?: pulumi.Input<string>[];
  /** Everybody with an address at one of these domains, which must be your own, such as example.com. Default: nobody. */
  emailDomains?: pulumi.Input<string>[];
  /**
   * Everybody in one of these Access groups of the account, by group id, which is a UUID. Who that is cannot be seen from
   * here: a group that includes everyone admits everyone. Default: nobody.
   */
  groups?: pulumi.Input<string>[];
  /** Identity providers of which people must have used one. Default: any of the account. */
  identityProviders?: IdentityProvider[];
  /**
   * Whether the identity provider must have asked for a second factor and said so. Cloudflare's own one-time PIN never
   * does, so with nothing else it is refused. Default: no.
   */
  requireMfa?: boolean;
  /** Countries of which people must be in one, by their two letters (ISO 3166-1), such as DE. Default: any. */
  countries?: string[];
  /** How long a login lasts, as a Cloudflare duration ("8h"). Default: 8 hours. */
  sessionDuration?: pulumi.Input<string>;
  /** What people are asked to justify before they come in; Cloudflare logs what they answer. Default: nothing. */
  purpose?: string;
  /** Programs that may come in without a person, by name; countries and logins are not asked of them. Default: none. */
  serviceTokens?: Record<string, ServiceTokenArgs>;
}

/** What a program needs to come in. */
export interface ServiceTokenFacts {
  /** For the header `CF-Access-Client-Id`. */
  clientId: pulumi.Output<string>;
  /** For the header `CF-Access-Client-Secret`; a secret. */
  clientSecret: pulumi.Output<string>;
  /** When it ends, such as 2027-11-30T12:00:00Z. */
  expiresAt: pulumi.Output<string>;
}

/**
 * One answer to "who may come in", shared by any number of agents.
 *
 * Owns an Access group (who), groups of the countries and identity providers of which one is required, a reusable policy
 * (who, under which conditions), and for programs their service tokens and a policy of their own.
 * Refuses rules that would admit everyone or nobody; what is known only later is checked then, and fails what needs it.
 */
export class AccessPolicy extends pulumi.ComponentResource {
  /**
   * To attach to an Access application. Their order means nothing: Cloudflare looks at the policies of programs before
   * those of people, wherever they stand.
   */
  public readonly policyIds: pulumi.Output<string[]>;
  /** Service tokens by name. */
  public readonly serviceTokens: Record<string, ServiceTokenFacts>;

  constructor(name: string, args: AccessPolicyArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseFaults(accessPolicyFaults(args), `AccessPolicy ${name}`);
    super("creel:index:AccessPolicy", name, { accountId: args.accountId }, opts);
    const parent = { parent: this };
    const { countries, identityProviders, serviceTokens = {} } = args;

    const people = new ZeroTrustAccessGroup(name, accessGroup(name, args), parent);
    const required = [
      countries && new ZeroTrustAccessGroup(`${name}--countries`, countryGroup(name, args), parent),
      identityProviders && new ZeroTrustAccessGroup(`${name}--logins`, loginGroup(name, args), parent),
    ].flatMap((group) => (group === undefined ? [] : [group.id]));
    const policies = [new ZeroTrustAccessPolicy(`${name}-allow`, allowPolicy(name, args, people.id, required), parent)];

    const tokens = Object.entries(serviceTokens).map(
      ([token, order]) =>
        [
          token,
          new ZeroTrustAccessServiceToken(`${name}--${token}`, serviceToken(name, args, token, order), parent),
        ] as const,
    );
    if (tokens.length > 0) {
      const ids = tokens.map(([, { id }]) => id);
      policies.push(new ZeroTrustAccessPolicy(`${name}-programs`, programPolicy(name, args, ids), parent));
    }

    this.policyIds = pulumi.all(policies.map(({ id }) => id));
    this.serviceTokens = Object.fromEntries(
      tokens.map(([token, { clientId, clientSecret, expiresAt }]) => [
        token,
        { clientId, clientSecret: pulumi.secret(clientSecret), expiresAt },
      ]),
    );
    this.registerOutputs({ policyIds: this.policyIds, serviceTokens: this.serviceTokens });
  }
}

/** The people, whichever way they come in. Cloudflare takes exactly one selector in each element. */
function accessGroup(name: string, args: AccessPolicyArgs): ZeroTrustAccessGroupArgs {
  const { accountId, emails = [], emailDomains = [], groups = [] } = args;
  const subject = `AccessPolicy ${name}`;
  return {
    accountId,
    name: cloudName(name),
    includes: [
      ...emails.map((email, i) => ({ email: { email: checkedLater(subject, `emails[${i}]`, email, emailFaults) } })),
      ...emailDomains.map((domain, i) => ({
        emailDomain: { domain: checkedLater(subject, `emailDomains[${i}]`, domain, emailDomainFaults) },
      })),
      ...groups.map((id, i) => ({
        group: { id: checkedLater(subject, `groups[${i}]`, id, uuidFaults("an Access group")) },
      })),
    ],
  };
}

/** Conditions of a policy must all hold; one of several countries can be asked for only through a group. */
function countryGroup(name: string, { accountId, countries = [] }: AccessPolicyArgs): ZeroTrustAccessGroupArgs {
  const includes = countries.map((countryCode) => ({ geo: { countryCode } }));
  return { accountId, name: cloudName(`${name}--countries`), includes };
}

/** The same of identity providers: having used one is enough. */
function loginGroup(name: string, { accountId, identityProviders = [] }: AccessPolicyArgs): ZeroTrustAccessGroupArgs {
  const includes = identityProviders.map(({ id }, i) => {
    const at = `identityProviders[${i}].id`;
    return { loginMethod: { id: checkedLater(`AccessPolicy ${name}`, at, id, uuidFaults("an identity provider")) } };
  });
  return { accountId, name: cloudName(`${name}--logins`), includes };
}

/** Admits the group; every further condition has to hold as well. */
function allowPolicy(
  name: string,
  args: AccessPolicyArgs,
  people: pulumi.Input<string>,
  requiredGroups: pulumi.Input<string>[],
): ZeroTrustAccessPolicyArgs {
  const requires = [
    ...(args.requireMfa ? [{ authMethod: { authMethod: "mfa" } }] : []),
    ...requiredGroups.map((id) => ({ group: { id } })),
  ];
  return {
    accountId: args.accountId,
    name: cloudName(name),
    decision: "allow",
    includes: [{ group: { id: people } }],
    requires: requires.length === 0 ? undefined : requires,
    sessionDuration: session(name, args),
    ...(args.purpose === undefined
      ? {}
      : { purposeJustificationRequired: true, purposeJustificationPrompt: args.purpose }),
  };
}

/** Admits programs by their own tokens, each by its id: any token of the account would be too many. */
function programPolicy(name: string, args: AccessPolicyArgs, ids: pulumi.Input<string>[]): ZeroTrustAccessPolicyArgs {
  return {
    accountId: args.accountId,
    name: cloudName(`${name}--programs`),
    decision: "non_identity",
    includes: ids.map((tokenId) => ({ serviceToken: { tokenId } })),
    sessionDuration: session(name, args),
  };
}

/** Always a value: left empty, it would differ from what Cloudflare answers, at every run. */
function session(name: string, { sessionDuration = "8h" }: AccessPolicyArgs): pulumi.Input<string> {
  return checkedLater(`AccessPolicy ${name}`, "sessionDuration", sessionDuration, durationFaults);
}

/** A time that has passed: what a rotation replaces is refused at once. */
const atOnce = "2020-01-01T00:00:00Z";

function serviceToken(
  name: string,
  { accountId }: AccessPolicyArgs,
  token: string,
  { duration = "8760h", rotation = 1, previousUntil = atOnce }: ServiceTokenArgs,
): ZeroTrustAccessServiceTokenArgs {
  return {
    accountId,
    name: cloudName(`${name}--${token}`),
    duration,
    // The provider takes the two together only, and the first secret has none before it.
    ...(rotation === 1 ? {} : { clientSecretVersion: rotation, previousClientSecretExpiresAt: previousUntil }),
  };
}
