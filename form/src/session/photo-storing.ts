// What stores and sends photos: loaded once the door is open, not before.
export { sendNextPhoto } from '../sync/photo-sender';
export { PhotoStore } from '../storage/photo-store';
