// Communes taken along: their households lie on the phone in sealed parts, and are opened once for search and warnings.
import { bestKnownTime } from '../clock/clock.svelte';
import { SearchIndex, fold, normalize } from '../search/fold';
import type { Database } from './database';
import { listAt, objectAt, textAt, type Household, type JsonObject } from '../record/household';
import type { Vault } from './vault';

const PART_SIZE = 200;
const TAKEN = 'communes-taken';

export interface Taken {
  commune: string;
  households: number;
  bytes: number;
  at: string;
}

export class Communes {
  readonly #database: Database;
  readonly #vault: Vault;
  #households: Promise<Map<string, Household>> | undefined;
  #index: Promise<SearchIndex<Household>> | undefined;
  /** Households by the values by which two heads are taken for one person. */
  #marks: Promise<Map<string, Household[]>> | undefined;

  constructor(database: Database, vault: Vault) {
    this.#database = database;
    this.#vault = vault;
  }

  /** All households taken along, by id. Decrypted once and retained in memory while the form is unlocked. */
  households(): Promise<Map<string, Household>> {
    this.#households ??= this.#read();
    return this.#households;
  }

  async search(query: string, limit: number): Promise<Household[]> {
    this.#index ??= this.#makeIndex();
    return (await this.#index).find(query, limit);
  }

  async get(id: string): Promise<Household | undefined> {
    return (await this.households()).get(id);
  }

  /** Stores the register's newest revision of a household that it just stored, if its commune was taken along. */
  async remember(record: Household): Promise<void> {
    const commune = textAt(record, 'commune');
    if (!(await this.taken()).some((each) => each.commune === commune)) return;
    const all = await this.households();
    const known = all.get(textAt(record, 'id'));
    const others = await this.#database.getAllKeys('communes', IDBKeyRange.bound([commune, 0], [commune, 1e9]));
    const last = others.at(-1)?.[1] ?? 0;
    all.set(textAt(record, 'id'), record);
    this.#index = undefined;
    this.#marks = undefined;
    if (known && Number(known['revision']) === Number(record['revision'])) return;
    await this.#database.put('communes', { commune, part: last + 1, sealed: await this.#vault.seal([record]) });
  }

  async taken(): Promise<Taken[]> {
    const row = await this.#database.get('sealed', TAKEN);
    return row ? this.#vault.open<Taken[]>(row.sealed) : [];
  }

  /** Puts a commune's households in the place of what was taken along of it before, in one transaction. */
  async replace(commune: string, households: readonly Household[]): Promise<Taken> {
    const parts = [];
    for (let from = 0; from < households.length; from += PART_SIZE) {
      parts.push({ commune, part: parts.length, sealed: await this.#vault.seal(households.slice(from, from + PART_SIZE)) });
    }
    const bytes = parts.reduce((sum, { sealed }) => sum + sealed.data.byteLength, 0);
    const summary: Taken = { commune, households: households.length, bytes, at: bestKnownTime().toISOString() };
    const taken = [...(await this.taken()).filter((each) => each.commune !== commune), summary];
    const sealedList = await this.#vault.seal(taken);
    const transaction = this.#database.transaction(['communes', 'sealed'], 'readwrite');
    const store = transaction.objectStore('communes');
    await store.delete(IDBKeyRange.bound([commune, 0], [commune, 1e9]));
    await Promise.all([...parts.map((part) => store.put(part)), transaction.objectStore('sealed').put({ name: TAKEN, sealed: sealedList }), transaction.done]);
    this.#households = undefined;
    this.#index = undefined;
    this.#marks = undefined;
    return summary;
  }

  /** Households that may be the same as `content`: the same number of a new or old card, or the same head's name and year of birth. */
  async alike(id: string, content: JsonObject): Promise<Household[]> {
    const wanted = marksOf(objectAt(content, 'head'));
    if (wanted.length === 0) return [];
    this.#marks ??= this.#makeMarks();
    const marks = await this.#marks;
    const found = new Set(wanted.flatMap((mark) => marks.get(mark) ?? []));
    return [...found].filter((household) => household['id'] !== id);
  }

  /** Makes search and warnings ready before they are needed. */
  prepare(): void {
    void (this.#index ??= this.#makeIndex()).then(() => (this.#marks ??= this.#makeMarks()));
  }

  // All three go part by part: thousands of households at once would hold an old phone for a second.

  async #read(): Promise<Map<string, Household>> {
    const households = new Map<string, Household>();
    for (const key of await this.#database.getAllKeys('communes')) {
      const row = await this.#database.get('communes', key);
      // Later parts hold newer versions of the same household.
      for (const household of row ? await this.#vault.open<Household[]>(row.sealed) : []) households.set(textAt(household, 'id'), household);
    }
    return households;
  }

  async #makeIndex(): Promise<SearchIndex<Household>> {
    const index = new SearchIndex<Household>([], searchText);
    for (const part of partsOf([...(await this.households()).values()])) {
      index.add(part);
      await breath();
    }
    return index;
  }

  async #makeMarks(): Promise<Map<string, Household[]>> {
    const marks = new Map<string, Household[]>();
    for (const part of partsOf([...(await this.households()).values()])) {
      for (const household of part) {
        for (const mark of marksOf(objectAt(household, 'head'))) {
          const alike = marks.get(mark);
          if (alike) alike.push(household);
          else marks.set(mark, [household]);
        }
      }
      await breath();
    }
    return marks;
  }
}

function partsOf<Row>(rows: readonly Row[]): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / PART_SIZE) }, (_, at) => rows.slice(at * PART_SIZE, (at + 1) * PART_SIZE));
}

/** Lets the page respond before the next part. A message comes at once, where a timer would wait. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** The keys by which a person is recognized, however name and number were typed: the numbers on the cards; name and year of birth. */
function marksOf(head: JsonObject): string[] {
  const number = normalize(textAt(head, 'national_id'));
  const old = normalize(textAt(head, 'old_id_number'));
  const name = fold(textAt(head, 'full_name'));
  const year = textAt(head, 'birth_date').slice(0, 4);
  return [...(number ? [`number ${number}`] : []), ...(old ? [`old ${old}`] : []), ...(name && year ? [`name ${name} ${year}`] : [])];
}

function searchText(household: Household): string {
  const people = [objectAt(household, 'head'), ...listAt(household, 'members')];
  const names = people.map((person) => textAt(person, 'full_name'));
  const numbers = people.flatMap((person) => [textAt(person, 'national_id'), textAt(person, 'old_id_number'), textAt(person, 'phone').replace(/^\+84/, '0')]);
  return [...names, ...numbers, textAt(household, 'village')].join(' ');
}
