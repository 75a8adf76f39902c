// Storing while somebody types: a write begins a fixed time after the first change that is not stored, however fast they go on.

export class Throttle {
  readonly #act: () => void;
  readonly #milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(act: () => void, milliseconds: number) {
    this.#act = act;
    this.#milliseconds = milliseconds;
  }

  /** Requests a run. Unlike a debounce, further requests do not delay it: what somebody types without a pause would never be stored. */
  request(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#act();
    }, this.#milliseconds);
  }

  /** Cancels a requested run that has not started. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
