import type { EdgeRoute } from "./edgeFragment";
import { allOf, anyOf, isOneOf, longestExpression, mediaTypeIs, noneOf } from "./wafExpression";

/** A hostname for services, and what they may send there. */
export interface BotHost {
  hostname: string;
  routes: EdgeRoute[];
}

/** One expression, and the hostnames that it is about. */
export interface HostRule {
  expression: string;
  hostnames: string[];
}

/** In lower case: nothing says that the field is, and a name in capitals must not slip past its rule. */
const host = "lower(http.host)";
const contentType = 'http.request.headers["content-type"][0]';
const headerNames = "http.request.headers.names[*]";

/**
 * What no service ever sends: names of fields by which Access tells an origin who somebody is, in any spelling that some
 * server reads as one of them, and so many fields that the rule cannot have seen them all.
 */
const forged = ["http.request.headers.truncated", `any(${headerNames} wildcard "cf*access*")`];

/** A WebSocket would be open in both directions, behind a path that was declared for single requests. */
const upgrade = `any(${headerNames} wildcard "upgrade")`;

/**
 * Expressions that match every request to one of the hostnames but those that its routes allow, to be blocked. Each is
 * about hostnames of its own, so they need not be in any order; together they are as few as a fixed order allows.
 *
 * Hostnames with equal routes share a condition. The order is fixed by routes and name, so that a new one changes its own
 * rule and, where that was full, those after it.
 *
 * @throws RangeError when the routes of one hostname alone are too long for an expression; {@link tooLong} tells before
 */
export function botRules(bots: BotHost[]): HostRule[] {
  return packed(routeGroups(bots), botCondition);
}

/** The hostnames among these whose routes alone are too long for an expression, with the length they would need. */
export function tooLong(bots: BotHost[]): { hostname: string; length: number }[] {
  return bots
    .map(({ hostname, routes }) => ({ hostname, length: botCondition(ordered(routes), [hostname]).length }))
    .filter(({ length }) => length > longestExpression);
}

/** How many hostnames find room that are as long as the longest of some and have the routes that most of them have. */
export interface Capacity {
  /** In the last of their {@link botRules}. */
  inLast: number;
  /** In one more of them. */
  inNew: number;
  /** In one of {@link hostRules}. */
  inList: number;
}

/** @param rules what {@link botRules} made of the hostnames */
export function capacityFor(bots: BotHost[], rules: HostRule[]): Capacity {
  const longest = Math.max(24, ...bots.map(({ hostname }) => hostname.length));
  const groups = routeGroups(bots).sort((a, b) => b.hostnames.length - a.hostnames.length);
  const { routes } = groups[0] ?? { routes: [webhook] };
  const count = (room: number, condition: (hostnames: string[]) => string) =>
    countThatFits(Math.ceil(longestExpression / longest), (n) => {
      const more = Array.from({ length: n }, (_, i) => String(i).padStart(longest, "x"));
      return condition(more).length <= room;
    });
  const ofBots = (hostnames: string[]) => botCondition(routes, hostnames);
  const last = rules.at(-1);
  return {
    inLast: last === undefined ? 0 : count(longestExpression - last.expression.length - " or ".length, ofBots),
    inNew: count(longestExpression, ofBots),
    inList: count(longestExpression, (hostnames) => isOneOf(host, hostnames)),
  };
}

/** A route such as most have, where there is none yet. */
const webhook: EdgeRoute = { path: "/hooks/example", methods: ["POST"], contentTypes: ["application/json"] };

/** Expressions that match every request to one of the hostnames. */
export function hostRules(hostnames: string[]): HostRule[] {
  if (hostnames.length === 0) return [];
  return packed([{ routes: [], hostnames: [...hostnames].sort() }], (_routes, names) => isOneOf(host, names));
}

/** An expression that matches every request to one of the paths, at whatever hostname; undefined when it is too long. */
export function pathRule(paths: string[]): string | undefined {
  const expression = isOneOf("http.request.uri.path", paths);
  return expression.length > longestExpression ? undefined : expression;
}

interface RouteGroup {
  routes: EdgeRoute[];
  hostnames: string[];
}

function routeGroups(bots: BotHost[]): RouteGroup[] {
  const groups = new Map<string, RouteGroup>();
  for (const bot of bots) {
    const routes = ordered(bot.routes);
    const key = JSON.stringify(routes);
    const group = groups.get(key) ?? { routes, hostnames: [] };
    groups.set(key, group);
    group.hostnames.push(bot.hostname);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { routes, hostnames }]) => ({ routes, hostnames: hostnames.sort() }));
}

/** The same routes in the one order that all have that mean the same. */
function ordered(routes: EdgeRoute[]): EdgeRoute[] {
  const sorted = (list: string[]) => [...new Set(list)].sort();
  return routes
    .map(({ path, methods, contentTypes }) => ({
      path,
      methods: sorted(methods),
      contentTypes: sorted(contentTypes),
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** One after the other into expressions as long as they may be; a group goes on in the next one where it must. */
function packed(groups: RouteGroup[], condition: (routes: EdgeRoute[], hostnames: string[]) => string): HostRule[] {
  const rules: HostRule[] = [];
  for (const { routes, hostnames } of groups) {
    let rest = hostnames;
    const extended = ({ expression }: HostRule, count: number) =>
      [...(expression === "" ? [] : [expression]), condition(routes, rest.slice(0, count))].join(" or ");
    const room = (rule: HostRule) => countThatFits(rest.length, (count) => fits(extended(rule, count)));
    while (rest.length > 0) {
      let rule = rules.at(-1);
      if (rule === undefined || room(rule) === 0) {
        rule = { expression: "", hostnames: [] };
        rules.push(rule);
      }
      const count = room(rule);
      if (count === 0) throw new RangeError(`the routes of ${rest[0]} do not fit into an expression`);
      rule.expression = extended(rule, count);
      rule.hostnames.push(...rest.slice(0, count));
      rest = rest.slice(count);
    }
  }
  return rules;
}

function fits(expression: string): boolean {
  return expression.length <= longestExpression;
}

/** The largest number up to a limit that fits, when all smaller ones do; 0 when none does. */
export function countThatFits(limit: number, fitting: (count: number) => boolean): number {
  let [low, high] = [0, limit];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fitting(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function botCondition(routes: EdgeRoute[], hostnames: string[]): string {
  const readable = routes.some(({ methods }) => methods.includes("GET"));
  const refused = [...forged, ...(readable ? [upgrade] : []), noneOf(allowed(routes))];
  return allOf([isOneOf(host, hostnames), anyOf(refused)]);
}

/** What each route allows; paths with the same methods and media types share one condition. */
function allowed(routes: EdgeRoute[]): string[] {
  const kinds = new Map<string, EdgeRoute & { paths: string[] }>();
  for (const route of routes) {
    const key = JSON.stringify([route.methods, route.contentTypes]);
    const kind = kinds.get(key) ?? { ...route, paths: [] };
    kinds.set(key, kind);
    kind.paths.push(route.path);
  }
  return [...kinds.values()].map(({ methods, paths, contentTypes }) =>
    allOf([
      isOneOf("http.request.method", methods),
      // As it was sent: what the connector gets has not been tidied up either.
      isOneOf("raw.http.request.uri.path", paths),
      ...(contentTypes.length === 0 ? [] : [anyOf(contentTypes.flatMap((type) => mediaTypeIs(contentType, type)))]),
    ]),
  );
}
