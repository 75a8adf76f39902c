// Map tiles on the drawing surface: where one does not come, the part of a coarser one that lies there is shown larger.
import { addressOf } from '../sync/tiles';
import { L } from './leaflet';

const SIDE = 256;
/** The closest view that tile servers usually have. */
const CLOSEST_ZOOM = 19;
const MOST_LEVELS = 6;

export class FallbackTiles extends L.GridLayer {
  readonly #template: string;

  constructor(template: string, options: L.GridLayerOptions) {
    super({ ...options, tileSize: SIDE });
    this.#template = template;
  }

  override createTile(coords: L.Coords, done: L.DoneCallback): HTMLElement {
    const tile = document.createElement('div');
    const picture = new Image();
    picture.alt = '';
    tile.style.overflow = 'hidden';
    picture.style.position = 'absolute';
    const show = (level: number): void => {
      const zoom = coords.z - level;
      if (level > MOST_LEVELS || zoom < 0) {
        done(new Error('no tile'), tile);
        return;
      }
      if (zoom > CLOSEST_ZOOM) {
        show(level + 1);
        return;
      }
      const times = 2 ** level;
      picture.onload = () => done(undefined, tile);
      picture.onerror = () => show(level + 1);
      picture.width = picture.height = SIDE * times;
      picture.style.left = `${-(((coords.x % times) + times) % times) * SIDE}px`;
      picture.style.top = `${-(((coords.y % times) + times) % times) * SIDE}px`;
      picture.src = addressOf(this.#template, zoom, Math.floor(coords.x / times), Math.floor(coords.y / times));
    };
    tile.append(picture);
    show(0);
    return tile;
  }
}
