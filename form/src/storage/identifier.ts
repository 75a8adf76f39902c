// Identifiers minted on the phone: UUID version 7 (RFC 9562), so that a retry after a lost response is the same write.
import { bestKnownTime } from '../clock/clock.svelte';

/** A new UUIDv7. The clock only orders ids; 74 random bits make them unique even when the clock is wrong. */
export function mintIdentifier(now: number = bestKnownTime().getTime()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(now / 2 ** 32));
  view.setUint32(2, now >>> 0);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
