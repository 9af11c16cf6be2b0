import type { RulesetRule, Zone } from "../../clouds/cloudflare/model";
import type { CloudflareWorld } from "../../clouds/cloudflare/world";
import type { EdgeRequest, EdgeResponse, Step } from "../request";
import { inspected } from "./attackShapes";
import type { BotVerdict } from "./bots";
import { condition } from "./compile";
import type { Facts } from "./facts";
import { managedMatches } from "./managedRules";
import type { RateLimits } from "./rateLimits";
import { banned, blocked, type CustomResponse, challenged, custom, limited } from "./responses";
import { Skips } from "./skips";

/** What a walk needs to know. */
export interface WalkContext {
  world: CloudflareWorld;
  zone: Zone;
  request: EdgeRequest;
  facts: Facts;
  limits: RateLimits;
  /** Milliseconds since 1970. */
  now: number;
}

/** One request's way through the phases of its zone: steps are noted until something makes an answer. */
export class Walk {
  readonly steps: Step[] = [];
  readonly skips = new Skips();
  /** The answer of what stopped the request. */
  response: EdgeResponse | undefined;

  constructor(private readonly context: WalkContext) {}

  /** Custom rules. */
  custom(phase: string): void {
    this.each(phase, (rule) => {
      if (condition(rule.expression)(this.context.facts)) this.act(phase, rule);
    });
  }

  /** Rate limits: every rule counts for itself. */
  limit(phase: string): void {
    const { limits, zone, facts, now } = this.context;
    this.each(phase, (rule) => {
      const seconds = limits.refusal(zone, rule, facts, now);
      if (seconds !== undefined) this.act(phase, rule, seconds);
    });
  }

  /**
   * Managed rules.
   *
   * @param body its bytes, one to a character; empty when there is none to look at
   */
  managed(phase: string, body: string): void {
    const { request, facts } = this.context;
    const seen = inspected(request, body);
    this.each(phase, (rule) => {
      if (!condition(rule.expression)(facts)) return;
      if (rule.action !== "execute") {
        this.act(phase, rule);
        return;
      }
      for (const match of managedMatches(rule, seen, this.skips)) {
        if (this.response) return;
        this.act(phase, { ...rule, action: match.action, action_parameters: {} }, undefined, match.rule.description);
      }
    });
  }

  /** What bot protection says. */
  bots(verdict: BotVerdict | undefined): void {
    if (!verdict || this.response) return;
    const { request } = this.context;
    this.steps.push({ by: "waf", verdict: "block", reason: verdict.reason });
    const answers = { block: blocked, challenge: challenged, ban: banned };
    this.response = answers[verdict.action](request);
  }

  /** The enabled rules of a phase, until one makes an answer or skips the rest. */
  private each(phase: string, meet: (rule: RulesetRule) => void): void {
    if (this.response || this.skips.hasPhase(phase)) return;
    this.skips.rest = false;
    for (const rule of rulesOf(this.context.world, this.context.zone, phase)) {
      if (this.response || this.skips.rest) return;
      meet(rule);
    }
  }

  /** @param seconds for which a rate limit refuses */
  private act(phase: string, rule: RulesetRule, seconds?: number, detail?: string): void {
    const named = `${phase}: ${rule.action} by ${rule.ref}${detail ? ` (${detail})` : ""}`;
    if (rule.action === "skip") {
      const what = this.skips.add(rule);
      if (rule.logging?.enabled !== false) this.step("skip", `${named}, skips ${what}`);
    } else if (rule.action === "log") {
      this.step("log", named);
    } else {
      this.step("block", named);
      this.response = this.answer(rule, seconds);
    }
  }

  private answer(rule: RulesetRule, seconds: number | undefined): EdgeResponse {
    const { request } = this.context;
    if (rule.action !== "block") return challenged(request);
    const own = rule.action_parameters?.response as CustomResponse | undefined;
    if (seconds === undefined) return own ? custom(own, 403) : blocked(request);
    if (!own) return limited(request, seconds);
    const response = custom(own, 429);
    return { ...response, headers: [...response.headers, ["retry-after", String(seconds)]] };
  }

  private step(verdict: Step["verdict"], reason: string): void {
    this.steps.push({ by: "waf", verdict, reason });
  }
}

/** The enabled rules of a zone's ruleset for a phase. */
export function rulesOf({ state }: CloudflareWorld, zone: Zone, phase: string): RulesetRule[] {
  const ruleset = Object.values(state.rulesets).find(
    (candidate) => candidate.owner === `zones/${zone.id}` && candidate.phase === phase && candidate.kind === "zone",
  );
  return ruleset?.rules.filter((rule) => rule.enabled) ?? [];
}
