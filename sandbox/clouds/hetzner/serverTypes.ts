/** One size of server. Shapes and availability as Hetzner sells them in 2026; prices are of the right order only. */
export interface ServerType {
  id: number;
  name: string;
  category: string;
  cpu_type: "shared" | "dedicated";
  architecture: "x86" | "arm";
  cores: number;
  /** GB. */
  memory: number;
  /** GB. */
  disk: number;
  /** Net price of a month in euro. */
  monthly: number;
  /** Where it may be ordered. */
  locations: string[];
  /** Where it is on its way out, and the times of announcement and end. */
  deprecated?: { locations: string[]; announced: string; unavailable_after: string };
}

const europe = ["fsn1", "nbg1", "hel1"];
const overseas = ["ash", "hil", "sin"];

/** The generation before, no longer sold in Europe. */
const retired = { locations: europe, announced: "2025-10-16T06:00:00Z", unavailable_after: "2025-12-31T23:59:59Z" };

type Shape = [id: number, name: string, cores: number, memory: number, disk: number, monthly: number];

function family(common: Omit<ServerType, "id" | "name" | "cores" | "memory" | "disk" | "monthly">, shapes: Shape[]) {
  return shapes.map(
    ([id, name, cores, memory, disk, monthly]): ServerType => ({ id, name, cores, memory, disk, monthly, ...common }),
  );
}

export const serverTypes: ServerType[] = [
  ...family({ category: "Cost-Optimized", cpu_type: "shared", architecture: "x86", locations: europe }, [
    [114, "cx23", 2, 4, 40, 2.99],
    [115, "cx33", 4, 8, 80, 4.99],
    [116, "cx43", 8, 16, 160, 8.99],
    [117, "cx53", 16, 32, 320, 16.99],
  ]),
  ...family(
    { category: "Cost-Optimized", cpu_type: "shared", architecture: "x86", locations: europe, deprecated: retired },
    [
      [104, "cx22", 2, 4, 40, 3.29],
      [105, "cx32", 4, 8, 80, 6.3],
    ],
  ),
  ...family({ category: "Cost-Optimized", cpu_type: "shared", architecture: "arm", locations: europe }, [
    [45, "cax11", 2, 4, 40, 3.29],
    [93, "cax21", 4, 8, 80, 5.99],
    [94, "cax31", 8, 16, 160, 11.99],
    [95, "cax41", 16, 32, 320, 23.99],
  ]),
  ...family(
    {
      category: "Regular Performance",
      cpu_type: "shared",
      architecture: "x86",
      locations: [...europe, ...overseas],
      deprecated: retired,
    },
    [
      [22, "cpx11", 2, 2, 40, 4.49],
      [23, "cpx21", 3, 4, 80, 7.99],
      [24, "cpx31", 4, 8, 160, 14.99],
      [25, "cpx41", 8, 16, 240, 27.99],
      [26, "cpx51", 16, 32, 360, 59.99],
    ],
  ),
  ...family({ category: "Regular Performance", cpu_type: "shared", architecture: "x86", locations: europe }, [
    [109, "cpx22", 2, 4, 80, 5.99],
    [110, "cpx32", 4, 8, 160, 10.49],
    [111, "cpx42", 8, 16, 320, 18.99],
    [112, "cpx52", 12, 24, 480, 27.49],
    [113, "cpx62", 16, 32, 640, 37.99],
  ]),
  ...family(
    {
      category: "General Purpose",
      cpu_type: "dedicated",
      architecture: "x86",
      locations: [...europe, ...overseas],
    },
    [
      [96, "ccx13", 2, 8, 80, 11.99],
      [97, "ccx23", 4, 16, 160, 23.99],
      [98, "ccx33", 8, 32, 240, 47.99],
      [99, "ccx43", 16, 64, 360, 95.99],
      [100, "ccx53", 32, 128, 600, 191.99],
      [101, "ccx63", 48, 192, 960, 287.99],
    ],
  ),
];

/** End of sale at a location, when there is one. */
export function deprecationAt(type: ServerType, location: string) {
  if (!type.deprecated?.locations.includes(location)) return null;
  const { announced, unavailable_after } = type.deprecated;
  return { announced, unavailable_after };
}

/** Whether a new server of this type can be ordered at a location today. */
export function isSoldAt(type: ServerType, location: string): boolean {
  const deprecation = deprecationAt(type, location);
  const ended = deprecation !== null && Date.parse(deprecation.unavailable_after) < Date.now();
  return type.locations.includes(location) && !ended;
}
