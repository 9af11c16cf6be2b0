import { BotManagement } from "@pulumi/cloudflare/botManagement";
import type { Provider } from "@pulumi/cloudflare/provider";
import { Ruleset, type RulesetArgs } from "@pulumi/cloudflare/ruleset";
import { ZoneSetting } from "@pulumi/cloudflare/zoneSetting";
import * as pulumi from "@pulumi/pulumi";
import type { EdgeFragment } from "./edgeFragment";
import { refuseFaults } from "./faults";
import { zoneEdgeFaults } from "./zoneEdgeFaults";
import type { ZonePlan } from "./zonePlans";
import {
  botsOf,
  firewallRules,
  managedRules,
  rateLimitRules,
  type ZonePacking,
  type ZoneRateLimit,
  zonePacking,
} from "./zoneRules";

/** What connections to a zone have to be like. */
export interface ZoneTls {
  /** Oldest TLS version that is accepted: 1.2 or 1.3. Default: 1.2. */
  minVersion?: string;
  /** What browsers are told with every answer (HSTS). Default: to insist on HTTPS for 180 days, for that name alone. */
  hsts?: ZoneHsts;
}

/** For how long and where browsers insist on HTTPS. */
export interface ZoneHsts {
  /** How long after a visit, in days, from 0, which switches it off, to 730. Default: 180. */
  days?: number;
  /**
   * Whether for every name below the one visited as well. The zone may hold names that Creel knows nothing of and that
   * have no HTTPS: they would be out of reach until the days are over. Default: no.
   */
  includeSubdomains?: boolean;
}

/** What Cloudflare does about automated clients. */
export interface ZoneBots {
  /**
   * Bot Fight Mode, which only the plan free has. It challenges webhooks and programs, and no rule can make an
   * exception, so it is refused with a bot hostname. Default: no.
   */
  fightMode?: boolean;
}

/** The rules and settings of one zone. */
export interface ZoneEdgeArgs {
  /** Cloudflare zone id: 32 hexadecimal digits. */
  zoneId: pulumi.Input<string>;
  /** Name of the zone, such as example.com. */
  zone: string;
  /** The zone's plan: free, pro, business or enterprise. It decides how many rules there are and what they can tell apart. */
  plan: ZonePlan;
  /** What the agents in the zone need, of all stacks that use it: AgentTunnel gives them. */
  fragments: EdgeFragment[];
  /** How often one address may call the paths of bot hostnames. Default: 200 times in 10 seconds. */
  rateLimit?: ZoneRateLimit;
  /** Whether Cloudflare's own rules run, for every name but those of operators. Default: yes. */
  managedRules?: boolean;
  /** What connections have to be like. HTTPS is always insisted on. Default: TLS 1.2 or later, and HSTS for 180 days. */
  tls?: ZoneTls;
  /** What Cloudflare does about automated clients. Default: it lets them through; rules and Access judge them. */
  bots?: ZoneBots;
  /**
   * A Cloudflare provider for zone settings only. It must be neither the one of Access resources nor that of tunnels:
   * settings are changed by PATCH, and in one process that can spoil the updates that follow.
   */
  settingsProvider: Provider;
}

/**
 * What Cloudflare does with requests before any of them gets near an agent, for one zone.
 *
 * Owns the zone's one ruleset in each of three phases (custom rules, rate limits, managed rules), its TLS settings and
 * its bot settings. There is one of each in a zone, so a zone has one ZoneEdge, whichever stacks its agents are in; a
 * ruleset that is there already has to be imported or deleted first.
 *
 * Bot hostnames are open for declared requests only: exact path, method and content type. Nobody can bring along what
 * Access would tell an origin. Settings cannot be deleted: without the ZoneEdge they stay as they are.
 *
 * Refuses what the plan has no room for or does not include, before anything is made.
 */
export class ZoneEdge extends pulumi.ComponentResource {
  /** How full the plan is. */
  public readonly packing: pulumi.Output<ZonePacking>;
  /** All there is: a public name has to wait for it, and go before it. */
  public readonly resources: pulumi.Resource[];

  constructor(name: string, args: ZoneEdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseFaults(zoneEdgeFaults(args), `ZoneEdge ${name}`);
    const { zoneId, zone, plan, fragments } = args;
    super("creel:index:ZoneEdge", name, { zoneId, zone, plan }, opts);

    const bots = botsOf(fragments);
    const packing = zonePacking(fragments, plan);
    if (pulumi.runtime.isDryRun()) pulumi.log.info(packingText(zone, plan, packing), this);

    const phases = [
      ["firewall", "http_request_firewall_custom", firewallRules(bots, plan)],
      ["rate-limit", "http_ratelimit", rateLimitRules(bots, plan, args.rateLimit ?? {}) ?? []],
      ["managed", "http_request_firewall_managed", args.managedRules === false ? [] : managedRules(fragments, plan)],
    ] as const;
    const rulesets = phases
      .filter(([, , rules]) => rules.length > 0)
      .map(([suffix, phase, rules]) => this.ruleset(`${name}-${suffix}`, zoneId, phase, [...rules]));
    const onSettings = { parent: this, provider: args.settingsProvider };
    const settings = Object.entries(zoneSettings(args.tls)).map(
      ([settingId, value]) =>
        new ZoneSetting(`${name}-${settingId.replaceAll("_", "-")}`, { zoneId, settingId, value }, onSettings),
    );
    const handling = botSettings(plan, args.bots);
    const management = handling && new BotManagement(`${name}-bots`, { zoneId, ...handling }, { parent: this });

    this.packing = pulumi.output(packing);
    this.resources = [...rulesets, ...settings, ...(management ? [management] : [])];
    this.registerOutputs({ packing: this.packing });
  }

  private ruleset(name: string, zoneId: pulumi.Input<string>, phase: string, rules: RulesetArgs["rules"]): Ruleset {
    // A zone takes one ruleset of a phase, so a second one cannot be made while the first is there; and name and phase
    // replace it, so neither depends on anything.
    return new Ruleset(
      name,
      { zoneId, name: "creel", description: "Made by Creel", kind: "zone", phase, rules },
      { parent: this, deleteBeforeReplace: true },
    );
  }
}

/** Zone settings by id, with values complete, so that what Cloudflare answers is what was asked for. */
function zoneSettings({ minVersion = "1.2", hsts = {} }: ZoneTls = {}): Record<string, unknown> {
  const { days = 180, includeSubdomains = false } = hsts;
  return {
    always_use_https: "on",
    min_tls_version: minVersion,
    tls_1_3: "on",
    security_header: {
      strict_transport_security: {
        enabled: days > 0,
        max_age: days * 24 * 60 * 60,
        include_subdomains: includeSubdomains,
        // Being on the browsers' own lists cannot be taken back within months; nosniff is the applications' business.
        preload: false,
        nosniff: false,
      },
    },
  };
}

/**
 * Bot settings that leave webhooks and programs alone. From pro on what is definitely automated has to be allowed, because
 * connectors are. What Enterprise has is a contract of its own, and left alone.
 */
function botSettings(plan: ZonePlan, { fightMode = false }: ZoneBots = {}) {
  const allow = { sbfmDefinitelyAutomated: "allow", sbfmVerifiedBots: "allow" };
  switch (plan) {
    case "free":
      return { fightMode };
    case "pro":
      return allow;
    case "business":
      return { ...allow, sbfmLikelyAutomated: "allow" };
    case "enterprise":
      return undefined;
  }
}

function packingText(zone: string, plan: ZonePlan, { rules, ofRules, agents, bots, characters, left }: ZonePacking) {
  const use = `${rules} of ${ofRules} custom rules in use, ${characters} characters`;
  return `${zone} (${plan}): ${agents} agents, ${bots} bot hostnames; ${use}; room for about ${left} more bot hostnames`;
}
