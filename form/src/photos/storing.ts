// What stores and sends photos: loaded once the door is open, not before.
export { sendNextPhoto } from './photo-sender';
export { PhotoStore } from './photo-store';
