// What carries the state machine of taking a boundary: positions of the GPS, the trace on the phone, border, neighbours, the register's check.
import { valueAt } from '../definition/pointer';
import type { GeometryItem } from '../definition/definition';
import type { Editor } from '../editing/editor.svelte';
import { door } from '../session/door.svelte';
import { reference } from '../session/reference.svelte';
import { isObject, listAt, textAt } from '../storage/household';
import { borderIsFresh, fetchBorder, storedBorder } from '../sync/borders';
import { ResponseLost } from '../sync/register';
import { metresOutside, placeInside, type Border } from './border';
import type { BoundaryMap } from './boundary-map';
import { withFix, type Reception } from './fixes';
import { overlapArea, parcelsNear, withNeighbours, type Neighbour } from './neighbours';
import { askRegister } from './register-check';
import { ScreenLock } from './screen-lock';
import { areaOf, distance, fromPolygon, toPolygon, type Ring } from './shape';
import { begin, isClosed, isCrossed, mayAccept, mustStore, needsScreen, resumed, ringOf, transition, type Method, type Taking, type TakingEvent } from './taking';
import type { LonLat, Zone } from './vn2000';
import { average, type Fix } from './walk';

const NEAR_METRES = 1500;
const FAR_METRES = 20_000;
/** The middle of the country, for a phone that does not know its province yet. */
const COUNTRY: LonLat = [107.0, 16.5];
const METHOD_CODES: Record<Exclude<Method, null>, string> = { walked: 'walked', tapped: 'drawn', sheet: 'sheet' };
const round = (value: number): number => Math.round(value * 1e7) / 1e7;

export class BoundaryTaking {
  readonly #editor: Editor;
  readonly #pointer: string;
  /** Pointer of the object that holds the geometry: the parcel, or '' for the household. */
  readonly owner: string;
  readonly isPoint: boolean;
  readonly #traceName: string;
  /** The middle of the household's commune. */
  readonly #centre: LonLat | null;
  readonly #lock = new ScreenLock();
  #map: BoundaryMap | undefined;
  #watch: number | undefined;
  #over = false;
  #stored: Taking | null = null;
  #written: Taking | null = null;
  #writing: Promise<void> = Promise.resolve();

  state: Taking = $state.raw({ kind: 'choosing' });
  fixes: readonly Fix[] = $state.raw([]);
  reception: Reception = $state('waiting');
  neighbours: readonly Neighbour[] = $state.raw([]);
  border: Border | null = $state.raw(null);
  /** The phone does not promise to keep the screen on. */
  screenMayDarken = $state(false);
  /** The trace could not be stored: it would not survive a reload. */
  unstored = $state(false);

  readonly mean = $derived(average(this.fixes));
  readonly ring: Ring = $derived(ringOf(this.state));
  readonly closed = $derived(isClosed(this.state));
  readonly crossed = $derived(isCrossed(this.state));
  readonly area = $derived(this.ring.length > 2 ? areaOf(this.ring) : 0);
  readonly overlap = $derived(this.closed && this.ring.length > 2 && !this.crossed ? overlapArea(this.ring, this.neighbours) : 0);
  readonly declared = $derived.by((): number | null => {
    const parcel = valueAt(this.#editor.content, this.owner);
    return isObject(parcel) && typeof parcel['declared_area_m2'] === 'number' ? parcel['declared_area_m2'] : null;
  });
  /** Metres from the middle of the commune, where that is too far to be true and no border is known; else 0. */
  readonly far = $derived.by((): number => {
    const place = this.#place();
    const away = place && this.#centre && !this.border ? distance(place, this.#centre) : 0;
    return away > FAR_METRES ? away : 0;
  });
  /** Metres outside the commune's border, as the register measures it; 0 where the officer has confirmed that. */
  readonly outside = $derived.by((): number => {
    const owner = this.owner === '' ? this.#editor.content : valueAt(this.#editor.content, this.owner);
    if (!this.border || (isObject(owner) && owner['outside_confirmed'] === true)) return 0;
    if (this.state.kind === 'position') return this.state.point ? metresOutside(this.border, this.state.point) : 0;
    return this.closed && this.ring.length > 2 && !this.crossed ? metresOutside(this.border, placeInside(this.ring)) : 0;
  });

  constructor(editor: Editor, item: GeometryItem, pointer: string) {
    this.#editor = editor;
    this.#pointer = pointer;
    this.owner = pointer.slice(0, pointer.lastIndexOf('/'));
    this.isPoint = item.kind === 'point';
    this.#traceName = `trace ${editor.id} ${pointer}`;
    // What is there already needs no trace.
    this.#stored = this.#written = this.state = begin(item.kind, valueAt(editor.content, pointer));
    const commune = reference.units.now.find(({ code }) => code === editor.content['commune']);
    this.#centre = commune && Number.isFinite(commune.longitude) ? [commune.longitude, commune.latitude] : null;
  }

  /** Takes up the trace that is on the phone: what was walked before the screen went dark or the page was loaded again. */
  async restore(): Promise<void> {
    const stored = this.isPoint ? undefined : await door.sealed.get<Taking>(this.#traceName);
    if (stored) this.#stored = this.#written = this.state = resumed(stored, performance.now());
    if (needsScreen(this.state)) await this.stayAwake();
    this.border = await this.#borderHere();
  }

  /** The zones that sheets of the province come in, its own first; none before the phone knows its province. */
  get zones(): readonly Zone[] {
    return reference.settings.province?.zones ?? [];
  }

  /** Where the map opens, and how near. */
  get start(): { place: LonLat; zoom: number; ownParcels: Ring[] } {
    const ownParcels = listAt(this.#editor.content, 'parcels').map((each) => fromPolygon(each['geometry'])).filter((each) => each.length > 2);
    const place = this.#place() ?? ownParcels[0]?.[0] ?? this.#centre ?? reference.settings.province?.centre ?? COUNTRY;
    return { place, zoom: this.ring.length > 0 || ownParcels.length > 0 ? 18 : 15, ownParcels };
  }

  /** The household's other parcels. */
  get ownOthers(): Ring[] {
    if (!this.#pointer.startsWith('/parcels/')) return [];
    const others = listAt(this.#editor.content, 'parcels').filter((_, index) => `/parcels/${index}` !== this.owner);
    return others.map((each) => fromPolygon(each['geometry'])).filter((each) => each.length > 2);
  }

  /** Begins on a map that is drawn: looks round, listens to the GPS, has the register check a boundary that is there. */
  async run(map: BoundaryMap): Promise<void> {
    this.#map = map;
    const { place, ownParcels } = this.start;
    if (this.ring.length > 1) map.fit(this.ring);
    else if (this.border && this.ring.length === 0 && ownParcels.length === 0 && !this.#place()) map.fitBorder(this.border);
    this.#listen();
    await Promise.all([this.#refreshBorder(), this.#lookRound(place), this.state.kind === 'ready' ? this.#check() : undefined]);
  }

  async stop(): Promise<void> {
    this.#over = true;
    this.#map = undefined;
    if (this.#watch !== undefined) navigator.geolocation.clearWatch(this.#watch);
    await this.#lock.release();
  }

  async send(event: TakingEvent): Promise<void> {
    const before = this.state;
    const after = transition(before, event);
    if (after === before || this.#over) return;
    this.state = after;
    this.#store();
    if (needsScreen(after) !== needsScreen(before)) await (needsScreen(after) ? this.stayAwake() : this.#lock.release());
    if (event.kind === 'close') this.#map?.fit(this.ring);
    if (event.kind === 'close' || event.kind === 'edited') await this.#check();
  }

  /** Takes the corner at which the person stands; the next one is measured anew. */
  async takeHere(): Promise<void> {
    if (!this.mean) return;
    const { position } = this.mean;
    this.fixes = [];
    await this.send({ kind: 'point', position });
  }

  /** A page that was hidden has lost the screen's lock. */
  async stayAwake(): Promise<void> {
    if (needsScreen(this.state)) this.screenMayDarken = !(await this.#lock.hold());
  }

  /** Writes what was taken into the household. Returns whether that was possible. */
  async accept(): Promise<boolean> {
    const { state } = this;
    if (!mayAccept(state)) return false;
    if (state.kind === 'position') {
      this.#editor.answer(this.#pointer, { type: 'Point', coordinates: state.point!.map(round) });
    } else {
      this.#editor.answer(this.#pointer, toPolygon(this.ring));
      this.#acceptMethod(state.kind === 'ready' || state.kind === 'editing' ? state.method : null);
    }
    await this.#editor.save();
    // While the household is not stored, the trace is all that would survive a reload.
    if (this.#editor.stored) await this.forget();
    return true;
  }

  #acceptMethod(method: Method): void {
    if (method === null) return;
    const methods = reference.definition?.lists['boundary_methods'] ?? [];
    if (methods.some(({ code }) => code === METHOD_CODES[method])) this.#editor.answer(`${this.owner}/boundary_method`, METHOD_CODES[method]);
    if (method === 'walked' && this.mean) this.#editor.answer(`${this.owner}/boundary_accuracy_m`, Math.round(this.mean.accuracy * 10) / 10);
  }

  /** Removes the trace from the phone. */
  async forget(): Promise<void> {
    this.#over = true;
    await this.#writing;
    await door.sealed.put(this.#traceName, undefined);
  }

  #place(): LonLat | null {
    return this.ring[0] ?? (this.state.kind === 'position' ? this.state.point : null);
  }

  #listen(): void {
    if (!navigator.geolocation) {
      this.reception = 'none';
      return;
    }
    const failed = (): void => {
      if (this.fixes.length === 0) this.reception = 'none';
    };
    this.#watch = navigator.geolocation.watchPosition((position) => void this.#located(position), failed, { enableHighAccuracy: true, maximumAge: 0, timeout: 30_000 });
  }

  async #located({ coords }: GeolocationPosition): Promise<void> {
    const fix: Fix = { position: [coords.longitude, coords.latitude], accuracy: coords.accuracy, time: performance.now() };
    const first = this.fixes.length === 0;
    this.fixes = withFix(this.fixes, fix);
    this.reception = 'here';
    this.#map?.showMe(fix.position, fix.accuracy);
    const { state } = this;
    const drawn = this.ring.length;
    await this.send({ kind: 'fix', fix, mean: this.mean?.position ?? fix.position, now: Date.now() });
    if (state.kind === 'walking') {
      if (this.ring.length > drawn) this.#map?.goTo(fix.position);
    } else if (first && drawn === 0 && !(state.kind === 'position' && state.tapped) && (this.#centre === null || distance(fix.position, this.#centre) < FAR_METRES)) {
      this.#map?.goTo(fix.position, 18);
    }
  }

  /** Stores the trace on the phone: it survives a dark screen, a reload and an empty battery. */
  #store(): void {
    if (!mustStore(this.#stored, this.state)) return;
    this.#stored = this.state;
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    const wanted = this.#stored;
    if (wanted === null || wanted === this.#written) return;
    try {
      await door.sealed.put(this.#traceName, wanted);
      this.#written = wanted;
      this.unstored = false;
    } catch {
      // Shown on the screen; the next change tries again.
      this.#stored = null;
      this.unstored = true;
    }
  }

  /** The commune of the household; before it is chosen, the one that was taken along. */
  async #borderHere(): Promise<Border | null> {
    const chosen = textAt(this.#editor.content, 'commune');
    if (chosen) return storedBorder(door.database, chosen);
    const taken = await reference.communes.taken();
    return taken.length === 1 ? storedBorder(door.database, taken[0]!.commune) : null;
  }

  /** Where there is signal, a border that is missing or old is fetched while the person goes on. */
  async #refreshBorder(): Promise<void> {
    const chosen = textAt(this.#editor.content, 'commune');
    if (!chosen || (await borderIsFresh(door.database, chosen))) return;
    try {
      this.border = await fetchBorder(door.database, chosen);
    } catch (error) {
      // Without signal the border on the phone stays, if there is one: the map says whose border it draws.
      if (!(error instanceof ResponseLost)) throw error;
    }
  }

  async #lookRound(place: LonLat): Promise<void> {
    const households = await reference.communes.households();
    const near = parcelsNear(households.values(), this.#editor.household, place, NEAR_METRES);
    this.neighbours = withNeighbours(near, this.neighbours);
  }

  /** The register's own check, where it can be reached; its findings and neighbours are shown beside ours. */
  async #check(): Promise<void> {
    const { ring } = this;
    if (ring.length < 3 || this.crossed) return;
    await this.send({ kind: 'check', ring, check: { kind: 'asking' } });
    const check = await askRegister(ring, this.#editor.household, textAt(this.#editor.content, 'commune'), this.declared);
    if (check.kind === 'checked') this.neighbours = withNeighbours(this.neighbours, check.neighbours);
    await this.send({ kind: 'check', ring, check: check.kind === 'checked' ? { kind: 'checked', messages: check.messages } : check });
  }
}
