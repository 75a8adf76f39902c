// Whether the phone has room: one error for a full one, whatever a browser calls it.

/** The phone has no room left; nothing was stored. */
export class PhoneFull extends Error {}

export function isFull(error: unknown): boolean {
  return error instanceof PhoneFull || (error instanceof DOMException && error.name === 'QuotaExceededError');
}

/** Does what writes to the phone. Raises PhoneFull. */
export async function withRoom<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    throw error instanceof Error && isFull(error) ? new PhoneFull(error.message) : error;
  }
}
