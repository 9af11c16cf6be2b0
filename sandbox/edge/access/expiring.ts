import { randomBytes } from "node:crypto";

/** Things kept for a while under a name nobody guesses. The oldest go when there are too many. */
export class Expiring<T> {
  private readonly items = new Map<string, { value: T; until: number }>();

  /**
   * @param lifetime in milliseconds
   * @param most how many are kept
   */
  constructor(
    private readonly lifetime: number,
    private readonly most: number,
    private readonly now: () => number,
  ) {}

  /** @returns the name: 43 characters of base64url */
  add(value: T): string {
    const name = randomBytes(32).toString("base64url");
    this.set(name, value);
    return name;
  }

  set(name: string, value: T): void {
    this.items.delete(name);
    this.items.set(name, { value, until: this.now() + this.lifetime });
    for (const [oldest, { until }] of this.items) {
      if (until > this.now() && this.items.size <= this.most) break;
      this.items.delete(oldest);
    }
  }

  get(name: string): T | undefined {
    const item = this.items.get(name);
    return item && item.until > this.now() ? item.value : undefined;
  }

  /** The thing, which is then gone. */
  take(name: string): T | undefined {
    const value = this.get(name);
    this.items.delete(name);
    return value;
  }
}
