import { coerceText, DEFAULTS } from "./defaults";
import type { Fault, Props } from "./provider";
import { formatPath, type Path, type Place } from "./table";
import { validatorFaults } from "./validators";
import { Archive, Asset, isObject, UNKNOWN } from "./values";

/** How a provider words its complaints: bridged from Terraform, or written for Pulumi in Go. */
export interface Dialect {
  missing(path: Path, owner: string): Fault;
  unknown(path: Path, owner: string): Fault;
  wrongType(path: Path, expected: string, value: unknown, secret: boolean, owner: string): Fault;
  invalid(path: Path, reason: string): Fault;
  /** A resource's own complaint. */
  reword(fault: Fault): Fault;
}

/** Wording of pulumi-terraform-bridge (pkg/tfbridge/format_check_failures.go, typechecker.go). */
export function bridgedDialect(resourceName: string): Dialect {
  // The property stays empty: the CLI shows a failure with a property in another form, which the bridge avoids.
  const reword = ({ property, reason }: Fault): Fault => ({
    property: "",
    reason: property === "" ? reason : `${reason}. Examine values at '${resourceName}.${property}'.`,
  });
  const examine = (path: Path, reason: string) => reword({ property: formatPath(path), reason });
  return {
    missing: (path) => ({ property: "", reason: `Missing required property '${formatPath(path)}'` }),
    unknown: (path) => examine(path, "Invalid or unknown key"),
    wrongType: (path, expected, value, secret) => examine(path, wrongTypeReason(expected, value, secret)),
    invalid: examine,
    reword,
  };
}

/** The bridge's type checker; a secret value is not repeated. */
export function wrongTypeReason(expected: string, value: unknown, secret: boolean): string {
  return `expected ${expected} type, got ${excerpt(value, secret)} of type ${typeName(value)}`;
}

/** Go's name of a type: `command:remote:Command` is `remote.CommandInputs`, `remote:Connection` is `remote.Connection`. */
function goType(type: string): string {
  const [module, name] = type.split(":").slice(-2);
  return `${module}.${name}${type.split(":").length > 2 ? "Inputs" : ""}`;
}

/** Wording of pulumi-go-provider (the SDK's property mapper). */
export function nativeDialect(): Dialect {
  const field = (path: Path) => String(path.at(-1) ?? "");
  return {
    missing: (path, owner) => ({
      property: field(path),
      reason: `Missing required field '${field(path)}' on '${goType(owner)}'`,
    }),
    unknown: (path, owner) => ({
      property: field(path),
      reason: `Unrecognized field '${field(path)}' on '${goType(owner)}'`,
    }),
    wrongType: (path, expected, value, _secret, owner) => ({
      property: field(path),
      reason: `Field '${field(path)}' on '${goType(owner)}' must be a '${expected}'; got '${typeName(value)}' instead`,
    }),
    invalid: (path, reason) => ({ property: formatPath(path), reason }),
    reword: (fault) => fault,
  };
}

/**
 * Inputs against the table: required and unknown properties, types, upstream validators, at every depth. Texts that read
 * as the wanted number or boolean are converted, as bridged providers do.
 */
export function checkInputs(inputs: Props, root: Place, dialect: Dialect): { inputs: Props; faults: Fault[] } {
  const faults: Fault[] = [];
  const checked = checkObject(inputs, root, [], false, dialect, faults);
  if (faults.length === 0) faults.push(...validatorFaults(checked, root, dialect));
  return { inputs: checked, faults };
}

function checkObject(
  object: Props,
  place: Place,
  path: Path,
  secret: boolean,
  dialect: Dialect,
  faults: Fault[],
): Props {
  const checked: Props = {};
  for (const [name, value] of Object.entries(object)) {
    if (name === DEFAULTS) {
      checked[name] = value;
      continue;
    }
    const child = place.child(name);
    if (!child || child.computed) {
      faults.push(dialect.unknown([...path, name], place.type));
      continue;
    }
    checked[name] = checkValue(value, child, [...path, name], secret || child.secret, place.type, dialect, faults);
  }
  for (const [name, fact] of Object.entries(place.properties)) {
    if (fact.required && (checked[name] === undefined || checked[name] === null)) {
      faults.push(dialect.missing([...path, name], place.type));
    }
  }
  return checked;
}

function checkValue(
  value: unknown,
  place: Place,
  path: Path,
  secret: boolean,
  owner: string,
  dialect: Dialect,
  faults: Fault[],
): unknown {
  if (value === UNKNOWN || value === null || value === undefined || place.kind === "any") return value;
  const wrong = () => {
    faults.push(dialect.wrongType(path, place.typeName, value, secret, owner));
    return value;
  };
  switch (place.kind) {
    case "asset":
      return value instanceof Asset || value instanceof Archive ? value : wrong();
    case "string":
      if (typeof value === "string") return value;
      return typeof value === "number" || typeof value === "boolean" ? String(value) : wrong();
    case "boolean":
    case "integer":
    case "number": {
      const converted = typeof value === "string" ? coerceText(value, place) : value;
      const wanted = place.kind === "boolean" ? "boolean" : "number";
      return typeof converted === wanted ? converted : wrong();
    }
    case "array":
      if (!Array.isArray(value)) return wrong();
      return value.map((item, index) =>
        checkValue(item, place.child(index)!, [...path, index], secret, owner, dialect, faults),
      );
    case "map":
      if (!isObject(value)) return wrong();
      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => [
          name,
          checkValue(item, place.child(name)!, [...path, name], secret, owner, dialect, faults),
        ]),
      );
    case "object":
      return isObject(value) ? checkObject(value, place, path, secret, dialect, faults) : wrong();
  }
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value instanceof Asset) return "asset";
  if (value instanceof Archive) return "archive";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** At most 30 characters, like the bridge's own preview of a value. */
function excerpt(value: unknown, secret: boolean): string {
  if (secret) return "secret(<redacted>)";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 30 ? `${text.slice(0, 27)}...` : text;
}
