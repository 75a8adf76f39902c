// Runs the state machine of taking a boundary: positions of the GPS, the trace on the phone, border, neighbours, the register's check.
import { phoneTime } from '../clock/clock.svelte';
import { valueAt } from '../definition/pointer';
import { itemAt } from '../definition/screens';
import { declaredArea } from '../definition/short-list';
import type { GeometryItem, Item } from '../definition/definition';
import { isOfToday, meantUnit } from '../editing/commune';
import type { Editor } from '../editing/editor.svelte';
import { door } from '../session/door.svelte';
import { reference } from '../session/reference.svelte';
import { isObject, listAt, textAt, type JsonObject } from '../record/household';
import { borderIsFresh, fetchBorder, storedBorder } from '../sync/borders';
import { ResponseLost } from '../sync/register';
import { metresOutside, positionInside, type Border } from '../geometry/border';
import { boundaryAnswers, positionAnswers, type Answers } from './accepted';
import type { BoundaryMap } from './boundary-map';
import { afterFailure, measuredAnew, NO_POSITIONS, withFix, type Positions } from './fixes';
import { overlapArea, parcelsNear, withNeighbours, type Neighbour } from './neighbours';
import { forRegister, shapeOfParcel } from './parcel-shape';
import { askRegister } from './register-check';
import { ScreenLock } from './screen-lock';
import { Trace } from './trace.svelte';
import { areaOfShape, distance, toGeometry, type Shape } from '../geometry/shape';
import { begin, cutOf, isClosed, isCrossed, isWhole, mayAccept, needsScreen, resumed, shapeOf, transition, type Taking, type TakingEvent } from './taking';
import { fromGrid, type Grid, type LonLat, type Zone } from '../geometry/vn2000';
import { average, type Fix } from './walk';

const NEAR_METRES = 1500;
const FAR_METRES = 20_000;
/** GeolocationPositionError.POSITION_UNAVAILABLE. */
const NO_LOCATION = 2;
/** The middle of the country, for a phone that does not know its province yet. */
const COUNTRY: LonLat = [107.0, 16.5];

export class BoundaryTaking {
  readonly #editor: Editor;
  readonly #pointer: string;
  /** Pointer of the object that holds the geometry: the parcel, or '' for the household. */
  readonly owner: string;
  readonly isPoint: boolean;
  readonly #item: GeometryItem;
  readonly #trace: Trace;
  /** The middle of the household's commune. */
  readonly #centre: LonLat | null;
  readonly #lock = new ScreenLock();
  #map: BoundaryMap | undefined;
  #watch: number | undefined;
  #over = false;

  state: Taking = $state.raw({ kind: 'choosing' });
  #positions: Positions = $state.raw(NO_POSITIONS);
  neighbours: readonly Neighbour[] = $state.raw([]);
  border: Border | null = $state.raw(null);
  /** The phone does not promise to keep the screen on. */
  screenMayDarken = $state(false);

  readonly fixes = $derived(this.#positions.fixes);
  readonly weak = $derived(this.#positions.weak);
  readonly reception = $derived(this.#positions.reception);
  readonly mean = $derived(average(this.fixes));
  readonly shape: Shape = $derived(shapeOf(this.state));
  readonly closed = $derived(isClosed(this.state));
  readonly crossed = $derived(isCrossed(this.state));
  readonly #sound = $derived(this.closed && isWhole(this.shape) && !this.crossed);
  readonly area = $derived(areaOfShape(this.shape));
  readonly overlap = $derived(this.#sound ? overlapArea(this.shape, this.neighbours, reference.settings.limits) : 0);
  /** How a boundary that cannot stand might be mended: by cutting what was walked beyond the beginning, or as the register proposes. */
  readonly mends: readonly { by: 'cut' | 'register'; shape: Shape; area: number }[] = $derived.by(() => {
    const { state } = this;
    if (state.kind !== 'ready') return [];
    const found = [
      { by: 'cut' as const, shape: this.crossed ? cutOf(state) : null },
      { by: 'register' as const, shape: state.check.kind === 'checked' ? state.check.proposal : null },
    ];
    return found.flatMap(({ by, shape }) => (shape && shape.length > 0 ? [{ by, shape, area: areaOfShape(shape) }] : []));
  });
  readonly declared = $derived.by((): number | null => {
    const parcel = valueAt(this.#editor.content, this.owner);
    return isObject(parcel) ? declaredArea(parcel) : null;
  });
  /** Metres from the middle of the commune, where that is too far to be true and no border is known; else 0. */
  readonly far = $derived.by((): number => {
    const position = this.#position();
    const away = position && this.#centre && !this.border ? distance(position, this.#centre) : 0;
    return away > FAR_METRES ? away : 0;
  });
  /** Metres outside the commune's border, as the register measures it; 0 where the officer has confirmed that. */
  readonly outside = $derived.by((): number => {
    const owner = this.owner === '' ? this.#editor.content : valueAt(this.#editor.content, this.owner);
    const { outside } = this.#item.describedBy;
    if (!this.border || (isObject(owner) && outside !== null && owner[outside] === true)) return 0;
    if (this.state.kind === 'position') return this.state.point ? metresOutside(this.border, this.state.point) : 0;
    return this.#sound ? metresOutside(this.border, positionInside(this.shape)) : 0;
  });

  constructor(editor: Editor, item: GeometryItem, pointer: string) {
    this.#editor = editor;
    this.#pointer = pointer;
    this.owner = pointer.slice(0, pointer.lastIndexOf('/'));
    this.isPoint = item.kind === 'point';
    this.#item = item;
    // What is there already needs no trace.
    const parcel = valueAt(editor.content, this.owner);
    const given = this.isPoint || !isObject(parcel) ? valueAt(editor.content, pointer) : toGeometry(shapeOfParcel(parcel, this.zones));
    this.state = begin(item.kind, given);
    this.#trace = new Trace(`trace ${editor.id} ${pointer}`, this.state);
    const commune = meantUnit(editor.content['commune'], editor.content, reference.units);
    this.#centre = commune && Number.isFinite(commune.longitude) ? [commune.longitude, commune.latitude] : null;
  }

  /** Takes up the trace that is on the phone: what was walked before the screen went dark or the page was loaded again. */
  async restore(): Promise<void> {
    const stored = this.isPoint ? undefined : await this.#trace.read();
    if (stored) this.#trace.holds((this.state = resumed(stored, performance.now())));
    if (needsScreen(this.state)) await this.stayAwake();
    this.border = await this.#borderHere();
  }

  /** The zones that sheets of the province come in, its own first; none before the phone knows its province. */
  get zones(): readonly Zone[] {
    return reference.settings.province?.zones ?? [];
  }

  /** The trace could not be stored: it would not survive a reload. */
  get unstored(): boolean {
    return this.#trace.unstored;
  }

  /** The box that is ticked where the land really lies outside; null where the form has none. */
  get outsideBox(): Item | null {
    const { outside } = this.#item.describedBy;
    const item = itemAt(reference.definition!, `${this.owner}/${outside ?? ''}`);
    return item?.name === outside ? item : null;
  }

  /** Where the map opens, and how near. */
  get start(): { position: LonLat; zoom: number; ownParcels: Shape[] } {
    const ownParcels = this.#shapesOf(listAt(this.#editor.content, 'parcels'));
    const position = this.#position() ?? ownParcels[0]?.[0]?.[0]?.[0] ?? this.#centre ?? reference.settings.province?.centre ?? COUNTRY;
    return { position, zoom: this.#position() || ownParcels.length > 0 ? 18 : 15, ownParcels };
  }

  /** The household's other parcels. */
  get ownOthers(): Shape[] {
    if (!this.#pointer.startsWith('/parcels/')) return [];
    const others = listAt(this.#editor.content, 'parcels').filter((_, index) => `/parcels/${index}` !== this.owner);
    return this.#shapesOf(others);
  }

  #shapesOf(parcels: readonly JsonObject[]): Shape[] {
    return parcels.map((each) => shapeOfParcel(each, this.zones)).filter((each) => each.length > 0);
  }

  /** Other zones that put corners of a sheet into the commune, where the chosen one does not. */
  zonesThatFit(chosen: Zone, corners: readonly Grid[]): Zone[] {
    const [corner] = corners;
    if (!corner) return [];
    const fits = (zone: Zone): boolean => {
      const position = fromGrid(corner, zone);
      if (this.border) return metresOutside(this.border, position) === 0;
      return this.#centre !== null && distance(position, this.#centre) < FAR_METRES;
    };
    return fits(chosen) ? [] : this.zones.filter(fits);
  }

  /** Begins once the map is drawn: centres it, listens to the GPS, and has the register check an existing boundary. */
  async run(map: BoundaryMap): Promise<void> {
    this.#map = map;
    const { position, ownParcels } = this.start;
    if (this.shape.flat(2).length > 1) map.fit(this.shape);
    else if (this.border && this.shape.flat(2).length === 0 && ownParcels.length === 0 && !this.#position()) map.fitBorder(this.border);
    this.#listen();
    await Promise.all([this.#refreshBorder(), this.#lookRound(position), this.state.kind === 'ready' ? this.#check() : undefined]);
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
    this.#trace.store(after);
    if (needsScreen(after) !== needsScreen(before)) await (needsScreen(after) ? this.stayAwake() : this.#lock.release());
    if (event.kind === 'close') this.#map?.fit(this.shape);
    if (event.kind === 'close' || event.kind === 'edited' || event.kind === 'mend') await this.#check();
  }

  /** Takes the corner at which the person stands; the next corner is measured from the start. */
  async takeHere(): Promise<void> {
    if (!this.mean) return;
    const { position, accuracy } = this.mean;
    this.#positions = measuredAnew(this.#positions);
    await this.send({ kind: 'point', position, accuracy });
  }

  /** A page that was hidden has lost the screen's lock. */
  async stayAwake(): Promise<void> {
    if (needsScreen(this.state)) this.screenMayDarken = !(await this.#lock.hold());
  }

  /** Writes what was taken into the household. Returns whether that was possible. */
  async accept(): Promise<boolean> {
    const { state } = this;
    if (!mayAccept(state)) return false;
    for (const [pointer, value] of this.#answers(state)) this.#editor.answer(pointer, value);
    await this.#editor.save();
    // While the household is not stored, the trace is all that would survive a reload.
    if (this.#editor.stored) await this.forget();
    return true;
  }

  #answers(state: Taking): Answers {
    const target = { item: this.#item, pointer: this.#pointer };
    if (state.kind === 'position') return positionAnswers(this.#editor.content, target, state.point!, state.accuracy);
    return state.kind === 'ready' || state.kind === 'editing' ? boundaryAnswers(reference.definition!, target, state.shape, state.capture) : [];
  }

  /** Removes the trace from the phone. */
  async forget(): Promise<void> {
    this.#over = true;
    await this.#trace.forget();
  }

  #position(): LonLat | null {
    return this.shape[0]?.[0]?.[0] ?? (this.state.kind === 'position' ? this.state.point : null);
  }

  #listen(): void {
    const failed = ({ code }: Pick<GeolocationPositionError, 'code'>): void => {
      this.#positions = afterFailure(code);
    };
    if (!navigator.geolocation) return failed({ code: NO_LOCATION });
    this.#watch = navigator.geolocation.watchPosition((position) => void this.#located(position), failed, { enableHighAccuracy: true, maximumAge: 0, timeout: 30_000 });
  }

  async #located({ coords }: GeolocationPosition): Promise<void> {
    const fix: Fix = { position: [coords.longitude, coords.latitude], accuracy: coords.accuracy, time: performance.now() };
    const first = this.fixes.length === 0;
    this.#positions = withFix(this.#positions, fix);
    this.#map?.showMe(fix.position, fix.accuracy);
    const { state } = this;
    const drawn = this.shape.flat(2).length;
    await this.send({ kind: 'fix', fix, mean: this.mean, now: phoneTime() });
    if (state.kind === 'walking') {
      if (this.shape.flat(2).length > drawn) this.#map?.goTo(fix.position);
    } else if (first && drawn === 0 && !(state.kind === 'position' && state.tapped) && (this.#centre === null || distance(fix.position, this.#centre) < FAR_METRES)) {
      this.#map?.goTo(fix.position, 18);
    }
  }

  /** The border of the household's commune; before it is chosen, that of the one that was taken along. */
  async #borderHere(): Promise<Border | null> {
    const chosen = textAt(this.#editor.content, 'commune');
    if (chosen) return isOfToday(this.#editor.content, reference.units) ? storedBorder(door.database, chosen) : null;
    const taken = await reference.communes.taken();
    return taken.length === 1 ? storedBorder(door.database, taken[0]!.commune) : null;
  }

  /** Where there is signal, a border that is missing or old is fetched while the person goes on. */
  async #refreshBorder(): Promise<void> {
    const chosen = textAt(this.#editor.content, 'commune');
    if (!chosen || !isOfToday(this.#editor.content, reference.units) || (await borderIsFresh(door.database, chosen))) return;
    try {
      this.border = await fetchBorder(door.database, chosen);
    } catch (error) {
      // Without signal the border on the phone stays, if there is one: the map says whose border it draws.
      if (!(error instanceof ResponseLost)) throw error;
    }
  }

  async #lookRound(position: LonLat): Promise<void> {
    const households = await reference.communes.households();
    const near = parcelsNear(households.values(), this.#editor.household, position, NEAR_METRES);
    this.neighbours = withNeighbours(near, this.neighbours);
  }

  /** The register's own check, where it can be reached; its findings and neighbours are shown beside ours. */
  async #check(): Promise<void> {
    const { state } = this;
    if (state.kind !== 'ready' || !isWhole(state.shape)) return;
    const { shape, capture } = state;
    await this.send({ kind: 'check', shape, check: { kind: 'asking' } });
    const check = await askRegister(forRegister(shape, capture), this.#editor.household, textAt(this.#editor.content, 'commune'), this.declared);
    if (check.kind === 'checked') this.neighbours = withNeighbours(this.neighbours, check.neighbours);
    await this.send({ kind: 'check', shape, check: check.kind === 'checked' ? { kind: 'checked', messages: check.messages, proposal: check.proposal } : check });
  }
}
