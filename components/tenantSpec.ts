import { z } from "zod";
import type { AccessPolicyArgs } from "./accessPolicy";
import { accessPolicyFaults, durationFaults, mostServiceTokens } from "./accessPolicyFaults";
import { nameFaults } from "./agentNames";
import { type Fault, faultsUnder } from "./faults";
import { checkedText, message, text } from "./schema";
import { didYouMean } from "./suggestions";

/** Kinds of identity providers, as Cloudflare calls them. */
const identityProviderTypes = [
  "azureAD",
  "centrify",
  "cloudflare",
  "facebook",
  "github",
  "google",
  "google-apps",
  "linkedin",
  "oidc",
  "okta",
  "onelogin",
  "onetimepin",
  "pingone",
  "saml",
  "yandex",
] as const;

const idForm = "its id as Cloudflare shows it: a UUID";

/** An identity provider of the account. */
export const identityProviderSchema = z.strictObject({
  id: text(idForm, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    .refine((id) => !/^[0-]+$/.test(id), { error: message("is a placeholder", `write ${idForm}`) })
    .meta({ title: idForm })
    .describe("Id of the identity provider, which is a UUID."),
  type: z
    .enum(identityProviderTypes)
    .describe("What it is, such as google; onetimepin is Cloudflare's own PIN by mail."),
});

/** A secret by which a program comes in. */
const serviceTokenSchema = z.strictObject({
  duration: text("hours, such as 8760h")
    .optional()
    .describe("How long it lasts, in hours, at most a year. Default: a year (8760h)."),
  rotation: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe("Count it up to have a new secret made. Default: 1, the first."),
  previousUntil: text('a time in quotes, such as "2027-01-31T12:00:00Z"')
    .optional()
    .describe("Until when the secret before the last rotation is still taken. Default: not at all."),
});

/** Who may open the agents of one tenant. */
export const tenantSchema = z.strictObject({
  emails: z.array(text("an address")).default([]).describe("Addresses admitted, compared exactly. Default: none."),
  emailDomains: z
    .array(text("a domain"))
    .default([])
    .describe("Domains of your own; everybody with an address there is admitted. Default: none."),
  groups: z
    .array(text("an Access group id"))
    .default([])
    .describe("Ids of Access groups that are admitted. Default: none."),
  identityProviders: z
    .array(text("the name of an identity provider"))
    .min(1)
    .optional()
    .describe("Identity providers of which one must have been used, by name. Default: any of the account."),
  require: z
    .strictObject({
      mfa: z.boolean().default(false).describe("Whether a second factor is required at login. Default: no."),
      countries: z
        .array(text("a country, such as DE"))
        .min(1)
        .optional()
        .describe("Countries of which people must be in one, by their two letters (ISO 3166-1). Default: any."),
    })
    .default({ mfa: false })
    .describe("What else has to hold. Default: nothing."),
  session: checkedText("hours, such as 8h", (value) => durationFaults("", value))
    .default("8h")
    .describe("How long a login lasts, in hours and minutes. Default: 8 hours."),
  purpose: text("a question")
    .optional()
    .describe("What people are asked to justify before they come in; the answer is logged. Default: nothing."),
  serviceTokens: z
    .record(z.string(), serviceTokenSchema)
    .default({})
    .describe("Programs that may come in without a person, by name. Default: none."),
});

/** The document's `identityProviders`, by name. */
export type IdentityProviders = Record<string, z.output<typeof identityProviderSchema>>;
export type Tenant = z.output<typeof tenantSchema>;

/**
 * What the AccessPolicy of a tenant is made of.
 *
 * @param tenant as much of it as is right by itself
 * @param providers the fleet's identity providers; names that are not among them are left out
 */
export function tenantAccess(
  tenant: Partial<Tenant>,
  providers: IdentityProviders,
): Omit<AccessPolicyArgs, "accountId"> {
  const { emails, emailDomains, groups, require, session, purpose, serviceTokens } = tenant;
  const known = tenant.identityProviders?.filter((name) => Object.hasOwn(providers, name));
  return {
    emails,
    emailDomains,
    groups,
    // Where none is known, that is said already.
    identityProviders: known?.length ? known.map((name) => providers[name]!) : undefined,
    requireMfa: require?.mfa,
    countries: require?.countries,
    sessionDuration: session,
    purpose,
    serviceTokens,
  };
}

/**
 * Everything that is wrong with the tenants beyond each value by itself, with paths from the root of the document.
 *
 * @param tenants what is right of each tenant, by name
 * @param providers the identity providers that are right
 * @param written names of all that are there. What is wrong with one is said of it, and not of who names it.
 */
export function tenantFaults(
  tenants: Record<string, Partial<Tenant>>,
  providers: IdentityProviders,
  written = Object.keys(providers),
): Fault[] {
  const faults = Object.entries(tenants).flatMap(([name, tenant]) => {
    const found = accessPolicyFaults(tenantAccess(tenant, providers)).map((fault) => inTenant(fault));
    for (const [i, provider] of (tenant.identityProviders ?? []).entries()) {
      if (written.includes(provider)) continue;
      const remedy = didYouMean(provider, written, "identityProviders");
      found.push({ path: `identityProviders[${i}]`, value: provider, reason: "is not an identity provider", remedy });
    }
    return faultsUnder(`tenants.${name}`, found);
  });
  const tokens = Object.values(tenants).flatMap(({ serviceTokens }) => Object.keys(serviceTokens ?? {}));
  if (tokens.length > mostServiceTokens) {
    const reason = `have ${tokens.length} service tokens, and an account has room for ${mostServiceTokens}`;
    faults.push({ path: "tenants", reason, remedy: "let programs of one kind share a token" });
  }
  return [...faults, ...Object.keys(providers).flatMap((name) => nameFaults(`identityProviders.${name}`, name))];
}

/** The same fault, where a tenant has the argument that it is about. */
function inTenant(fault: Fault): Fault {
  const path = fault.path.replace(/^countries/, "require.countries").replace(/^requireMfa/, "require.mfa");
  return { ...fault, path: path === "sessionDuration" ? "session" : path };
}
