// What the supervisor's page shows of coverage: the table, its map and the last 30 days, each loaded, lost or refused for itself.
import { bestKnownTime } from '../clock/clock.svelte';
import { STAGES, type Stage } from '../definition/definition';
import { readProvince, type Province } from '../definition/province';
import { isObject, textAt, type JsonObject } from '../record/household';
import { ResponseLost, call } from '../sync/register';
import { LAST_DAY_OF_DISTRICTS } from '../sync/units';
import { drawing, type Drawing } from './drawing';

export type Level = 'commune' | 'district' | 'province' | 'country';

const LEVELS: readonly Level[] = ['commune', 'district', 'province'];
const DAYS = 30;
const DAY_MILLISECONDS = 86_400_000;

/** A day of the trend. */
export type Point = Record<Stage, number>;

export class Coverage {
  level = $state<Level>('commune');
  table = $state<'loading' | 'ready' | 'lost' | 'sign-in'>('loading');
  rows = $state.raw<JsonObject[]>([]);
  total = $state.raw<JsonObject>({});
  asOf = $state('');
  /** No unit of this level lies wholly in the area of the reader. */
  outside = $state(false);
  province = $state.raw<Province | null>(null);
  /** The provinces that lie wholly in the area of the reader. */
  provinces = $state.raw<string[]>([]);
  map = $state.raw<Drawing | null>(null);
  mapLost = $state(false);
  trend = $state.raw<Point[]>([]);
  trendLost = $state(false);
  /** The unit that is chosen on the map or in the table. */
  chosen = $state<string | null>(null);

  get levels(): readonly Level[] {
    return this.provinces.length > 1 ? [...LEVELS, 'country'] : LEVELS;
  }

  /** The query of the register's reports on this level. */
  get query(): string {
    return `level=${this.level}${this.level === 'district' ? `&geography=${LAST_DAY_OF_DISTRICTS}` : ''}`;
  }

  show(level: Level): Promise<void> {
    this.level = level;
    return this.load();
  }

  /** Loads the table, then map and trend. Responses for a level that is no longer shown are ignored. */
  async load(): Promise<void> {
    const { query } = this;
    this.table = 'loading';
    try {
      await this.#loadProvince();
      if (!(await this.#loadTable(query))) return;
    } catch (error) {
      if (query === this.query) this.table = 'lost';
      if (!(error instanceof ResponseLost)) throw error;
      return;
    }
    await Promise.all([this.loadMap(), this.loadTrend()]);
  }

  /** The same rows with borders, where any are loaded. */
  async loadMap(): Promise<void> {
    const { query } = this;
    const body = await wanted(`/v1/coverage.geojson?${query}`);
    if (query !== this.query) return;
    this.mapLost = body === undefined;
    this.map = body === undefined ? null : drawing(body);
    this.chosen = this.map?.shapes.length === 1 ? this.map.shapes[0]!.unit : null;
  }

  async loadTrend(): Promise<void> {
    const days = await this.#days();
    this.trendLost = days === undefined;
    this.trend = (days ?? []).map((day) => Object.fromEntries(STAGES.map((stage) => [stage, Number(day[stage] ?? 0)])) as Point);
  }

  async #loadProvince(): Promise<void> {
    if (this.province !== null) return;
    const { status, body } = await call('/form-settings.json');
    // Only the heading needs the unit's name; the rest of the page works without it.
    if (status === 200 && isObject(body)) this.province = readProvince(body['province']);
  }

  /** Returns whether the table was loaded. */
  async #loadTable(query: string): Promise<boolean> {
    const { status, body } = await call(`/v1/coverage?${query}`);
    if (query !== this.query) return false;
    if (status === 401) {
      this.table = 'sign-in';
      return false;
    }
    this.outside = status === 403;
    const report = this.outside ? { rows: [] } : body;
    if ((status !== 200 && !this.outside) || !isObject(report) || !Array.isArray(report['rows'])) throw new ResponseLost(String(status));
    this.rows = report['rows'].filter(isObject);
    this.total = isObject(report['total']) ? report['total'] : {};
    this.asOf = textAt(report, 'as_of') || this.asOf;
    this.table = 'ready';
    return true;
  }

  /** The days of the trend; empty for an account without a whole province, undefined if the response was lost. */
  async #days(): Promise<JsonObject[] | undefined> {
    const report = await wanted('/v1/coverage?level=province');
    if (report === undefined) return undefined;
    this.provinces = objectsAt(report, 'rows').map((row) => textAt(row, 'unit')).filter((unit) => unit !== '');
    const unit = this.provinces.length > 1 ? '*' : this.provinces[0];
    if (unit === undefined) return [];
    const to = this.asOf || bestKnownTime().toISOString().slice(0, 10);
    const from = new Date(Date.parse(to) - (DAYS - 1) * DAY_MILLISECONDS).toISOString().slice(0, 10);
    const trend = await wanted(`/v1/coverage/trend?unit=${unit}&from=${from}&to=${to}`);
    return trend === undefined ? undefined : objectsAt(trend, 'days');
  }
}

/** The body of a report; {} if the account may not see it, undefined if the response was lost. */
async function wanted(path: string): Promise<JsonObject | undefined> {
  try {
    const { status, body } = await call(path);
    if (status === 403) return {};
    return status === 200 && isObject(body) ? body : undefined;
  } catch (error) {
    // Shown where it is missing, with a way to load it again.
    if (error instanceof ResponseLost) return undefined;
    throw error;
  }
}

function objectsAt(body: JsonObject, name: string): JsonObject[] {
  const found = body[name];
  return Array.isArray(found) ? found.filter(isObject) : [];
}
