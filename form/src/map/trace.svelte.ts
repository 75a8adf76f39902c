// The trace of a boundary that is being taken: stored on the phone, so that it survives a dark screen, a reload and an empty battery.
import { door } from '../session/door.svelte';
import { mustStore, type Taking } from './taking';

export class Trace {
  readonly #name: string;
  #wanted: Taking | null;
  #written: Taking | null;
  #writing: Promise<void> = Promise.resolve();
  /** What was taken could not be stored: it would not survive a reload. */
  unstored = $state(false);

  /** `known` needs no trace: it is in the household. */
  constructor(name: string, known: Taking) {
    this.#name = name;
    this.#wanted = this.#written = known;
  }

  /** What was taken before the screen went dark or the page was loaded again; undefined for nothing. */
  async read(): Promise<Taking | undefined> {
    return door.sealed.get<Taking>(this.#name);
  }

  /** What is on the phone, as the page takes it up again. */
  holds(resumed: Taking): void {
    this.#wanted = this.#written = resumed;
  }

  /** Stores `taken` where it says more than what is stored. */
  store(taken: Taking): void {
    if (!mustStore(this.#wanted, taken)) return;
    this.#wanted = taken;
    this.#writing = this.#writing.then(() => this.#write());
  }

  /** Removes the trace from the phone. */
  async forget(): Promise<void> {
    await this.#writing;
    await door.sealed.put(this.#name, undefined);
  }

  async #write(): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === null || wanted === this.#written) return;
    try {
      await door.sealed.put(this.#name, wanted);
      this.#written = wanted;
      this.unstored = false;
    } catch (error) {
      // Shown on the screen; the next change tries again. The console has the reason.
      console.error(error);
      this.#wanted = null;
      this.unstored = true;
    }
  }
}
