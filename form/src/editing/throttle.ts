// Storing while somebody types: a write begins a fixed time after the first change that is not stored, however fast they go on.

export class Throttle {
  readonly #act: () => void;
  readonly #milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(act: () => void, milliseconds: number) {
    this.#act = act;
    this.#milliseconds = milliseconds;
  }

  /** Asks for a run. Unlike a debounce, further requests do not put it off: somebody who never pauses would never be stored. */
  request(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#act();
    }, this.#milliseconds);
  }

  /** Takes back what was asked for and has not run. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
