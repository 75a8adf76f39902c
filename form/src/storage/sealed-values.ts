// Small values by name, sealed under the PIN: the account, the last values given, the trace of a walk.
import type { Database } from './database';
import type { Vault } from './vault';

export class SealedValues {
  readonly #database: Database;
  readonly #vault: Vault;

  constructor(database: Database, vault: Vault) {
    this.#database = database;
    this.#vault = vault;
  }

  async get<Value>(name: string): Promise<Value | undefined> {
    const row = await this.#database.get('sealed', name);
    return row && this.#vault.open<Value>(row.sealed);
  }

  /** Stores `value`; undefined removes it. */
  async put(name: string, value: unknown): Promise<void> {
    if (value === undefined) {
      await this.#database.delete('sealed', name);
    } else {
      await this.#database.put('sealed', { name, sealed: await this.#vault.seal(value) });
    }
  }
}
