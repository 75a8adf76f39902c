// Reference data: the form definition, units and settings with the province, which are public, and the communes taken along, which are sealed.
import { phoneTime } from '../clock/clock.svelte';
import type { Definition } from '../definition/definition';
import { readLimits, USUAL_LIMITS, type Limits } from '../definition/limits';
import { readProvince, type Province } from '../definition/province';
import { readDefinition } from '../definition/read';
import { Communes } from '../storage/communes';
import { PUBLIC_STORE } from '../storage/database';
import { isObject } from '../record/household';
import type { Vault } from '../storage/vault';
import { ResponseLost, call } from '../sync/register';
import { fetchUnits, withPast, type UnitLists } from '../sync/units';
import { door } from './door.svelte';
import { present } from './present';

const UNITS_STAY_MILLISECONDS = 24 * 60 * 60 * 1000;

class Reference {
  definition = $state.raw<Definition | null>(null);
  units = $state.raw<UnitLists>({ now: [], former: [], on: '' });
  settings = $state.raw<{ tileUrl: string | null; tileAttribution: string; province: Province | null; limits: Limits }>({
    tileUrl: null,
    tileAttribution: '',
    province: null,
    limits: USUAL_LIMITS,
  });
  #communes: Communes | undefined;

  /** Without the names of the communes no household can be begun. */
  get hasUnits(): boolean {
    return this.units.now.length > 0 && this.units.former.length > 0;
  }
  get communes(): Communes {
    return present(this.#communes);
  }

  /** Reads what is stored on the phone, and fetches it again now and whenever the signal is back. */
  async start(): Promise<void> {
    this.definition = readDefinition(await stored('form.json'));
    this.units = { ...this.units, ...(await stored<UnitLists>('units')) };
    this.settings = { ...this.settings, ...(await stored<typeof this.settings>('settings')) };
    addEventListener('online', () => void this.refresh());
    void this.refresh();
  }

  unlock(vault: Vault): void {
    this.#communes = new Communes(door.database, vault);
  }

  /** Fetches everything; what is stored on the phone stays in use where the register does not respond. Returns whether all of it came. */
  async refresh(): Promise<boolean> {
    const came = await Promise.all([
      fetched('/v1/schema/form.json', (body) => this.#takeDefinition(body)),
      fetched('/form-settings.json', (body) => this.#takeSettings(body)),
      this.#refreshUnits(),
    ]);
    return came.every(Boolean);
  }

  async #takeDefinition(body: unknown): Promise<void> {
    const definition = readDefinition(body);
    if (definition === null) return;
    // Screens are rendered again only when something changed.
    if (JSON.stringify(await stored('form.json')) === JSON.stringify(body)) return;
    this.definition = definition;
    await store('form.json', body);
  }

  async #takeSettings(body: unknown): Promise<void> {
    if (!isObject(body)) return;
    const { tile_url: url, tile_attribution: attribution } = body;
    this.settings = {
      tileUrl: typeof url === 'string' && url ? url : null,
      tileAttribution: typeof attribution === 'string' ? attribution : '',
      province: readProvince(body['province']),
      limits: readLimits(body['limits']),
    };
    await store('settings', { ...this.settings });
  }

  async #refreshUnits(): Promise<boolean> {
    const age = phoneTime() - ((await stored<number>('units-at')) ?? 0);
    // A clock that was set back must not retain an old list for years.
    if (this.hasUnits && age >= 0 && age < UNITS_STAY_MILLISECONDS) return true;
    const newest = await fetchUnits();
    if (newest === null) return false;
    const units = withPast(newest, this.units);
    await store('units', units);
    await store('units-at', phoneTime());
    this.units = units;
    return true;
  }
}

async function fetched(path: string, take: (body: unknown) => Promise<void>): Promise<boolean> {
  try {
    const { status, body } = await call(path);
    if (status === 200) await take(body);
    return status === 200;
  } catch (error) {
    // Without signal what was fetched before serves; where there is nothing yet, the list says what to do.
    if (error instanceof ResponseLost) return false;
    throw error;
  }
}

async function stored<Value>(name: string): Promise<Value | undefined> {
  return (await door.database.get(PUBLIC_STORE, name))?.value as Value | undefined;
}

async function store(name: string, value: unknown): Promise<void> {
  await door.database.put(PUBLIC_STORE, { name, value });
}

export const reference = new Reference();
