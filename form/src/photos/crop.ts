// The arithmetic of cutting a paper out of a picture: a rectangle in shares of the picture (0 to 1), its corners, its turns. Pure.

export interface Rectangle {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const CORNERS = ['left-top', 'right-top', 'right-bottom', 'left-bottom'] as const;
export type Corner = (typeof CORNERS)[number];

/** A side is never shorter than this share of the picture: two corners stay apart under a thumb. */
const SHORTEST = 0.1;
/** Tried one after the other until the picture weighs little enough; the last ones fit any picture. */
export const SIZES: readonly { side: number; quality: number }[] = [
  { side: 2000, quality: 0.85 },
  { side: 2000, quality: 0.75 },
  { side: 1700, quality: 0.75 },
  { side: 1700, quality: 0.65 },
  { side: 1400, quality: 0.65 },
  { side: 1400, quality: 0.5 },
  { side: 1100, quality: 0.5 },
  { side: 800, quality: 0.45 },
  { side: 500, quality: 0.4 },
];

/** Where the rectangle stands when a picture comes: people leave some table around the paper. */
export const FIRST: Rectangle = { left: 0.06, top: 0.06, right: 0.94, bottom: 0.94 };

const between = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

/** The rectangle with one corner moved, held inside the picture and away from the opposite corner. */
export function withCorner(rectangle: Rectangle, corner: Corner, by: { x: number; y: number }): Rectangle {
  const { left, top, right, bottom } = rectangle;
  return {
    left: corner.startsWith('left') ? between(left + by.x, 0, right - SHORTEST) : left,
    right: corner.startsWith('right') ? between(right + by.x, left + SHORTEST, 1) : right,
    top: corner.endsWith('top') ? between(top + by.y, 0, bottom - SHORTEST) : top,
    bottom: corner.endsWith('bottom') ? between(bottom + by.y, top + SHORTEST, 1) : bottom,
  };
}

/** The whole rectangle moved, held inside the picture. */
export function moved(rectangle: Rectangle, by: { x: number; y: number }): Rectangle {
  const x = between(by.x, -rectangle.left, 1 - rectangle.right);
  const y = between(by.y, -rectangle.top, 1 - rectangle.bottom);
  return { left: rectangle.left + x, right: rectangle.right + x, top: rectangle.top + y, bottom: rectangle.bottom + y };
}

/** The same cut of the picture after it was turned by 90° clockwise. */
export function turned({ left, top, right, bottom }: Rectangle): Rectangle {
  return { left: 1 - bottom, right: 1 - top, top: left, bottom: right };
}

/** Width and height scaled down so that the longer side is at most `side`; never up. */
export function within(width: number, height: number, side: number): { width: number; height: number } {
  const scale = Math.min(1, side / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
