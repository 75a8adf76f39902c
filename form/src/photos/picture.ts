// Pictures on canvases: a file opened upright and not larger than needed, a cut of it as a JPEG that the register takes.
import { SIZES, within, type Rectangle } from './crop';
import { JPEG } from '../storage/photo-store';

/** Longest side of what is worked on: more than is stored, and little enough for an old phone's memory. */
const WORKING_SIDE = 2600;

/** The browser cannot open the file as a picture. */
export class NoPicture extends Error {}

/** The picture of a file, turned upright as its camera says, on a canvas. Raises NoPicture. */
export async function openPicture(file: Blob): Promise<HTMLCanvasElement> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch (error) {
    throw new NoPicture(String(error));
  }
  const { width, height } = within(bitmap.width, bitmap.height, WORKING_SIDE);
  const canvas = blank(width, height);
  paint(canvas, bitmap, 0, 0, bitmap.width, bitmap.height);
  bitmap.close();
  return canvas;
}

/** The picture turned by 90° clockwise, on a new canvas. */
export function turnedPicture(picture: HTMLCanvasElement): HTMLCanvasElement {
  const canvas = blank(picture.height, picture.width);
  const context = contextOf(canvas);
  context.translate(canvas.width, 0);
  context.rotate(Math.PI / 2);
  context.drawImage(picture, 0, 0);
  return canvas;
}

/** The cut as a JPEG of `most` bytes at most. A canvas knows pixels alone, so nothing of the camera's metadata is in it. Raises NoPicture. */
export async function cut(picture: HTMLCanvasElement, { left, top, right, bottom }: Rectangle, most: number): Promise<Blob> {
  const [x, y] = [left * picture.width, top * picture.height];
  const [width, height] = [(right - left) * picture.width, (bottom - top) * picture.height];
  let canvas: HTMLCanvasElement | null = null;
  for (const { side, quality } of SIZES) {
    const size = within(width, height, side);
    if (canvas?.width !== size.width || canvas.height !== size.height) {
      canvas = blank(size.width, size.height);
      paint(canvas, picture, x, y, width, height);
    }
    const jpeg = await asJpeg(canvas, quality);
    if (jpeg.size <= most) return jpeg;
  }
  throw new NoPicture('too large');
}

/** Draws a picture into a canvas that is shown, as large as fits. */
export async function showPicture(canvas: HTMLCanvasElement, file: Blob, side: number): Promise<void> {
  const picture = await openPicture(file);
  const { width, height } = within(picture.width, picture.height, side);
  canvas.width = width;
  canvas.height = height;
  paint(canvas, picture, 0, 0, picture.width, picture.height);
}

function blank(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new NoPicture('no canvas');
  return context;
}

/** Fills the canvas with a part of a picture; what is see-through becomes white, as paper is. */
function paint(canvas: HTMLCanvasElement, from: CanvasImageSource, x: number, y: number, width: number, height: number): void {
  const context = contextOf(canvas);
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(from, x, y, width, height, 0, 0, canvas.width, canvas.height);
}

function asJpeg(canvas: HTMLCanvasElement, quality: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob?.type === JPEG ? resolve(blob) : reject(new NoPicture('no JPEG'))), JPEG, quality);
  });
}
