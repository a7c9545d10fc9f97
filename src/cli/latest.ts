/** The latest values of a series, the newest last, up to a number of them. */
export class Latest<T> {
  readonly #most: number;
  readonly #values: T[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get values(): readonly T[] {
    return this.#values;
  }

  add(value: T): void {
    this.#values.push(value);
    if (this.#values.length > this.#most) this.#values.shift();
  }
}
