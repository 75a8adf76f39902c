// What the register's response to the list of a household's photos means for the screen.
import './texts';
import { refusal } from '../language/explain';
import { say } from '../language/language.svelte';
import { readList, type RegisteredPhoto } from '../storage/photo';
import { readProblem, type RegisterResponse } from '../sync/response';

/** No rights any more, no such household, erased: photos that were listed before must not stay on the screen. */
const NO_MORE = [403, 404, 410];

/** The photos, null where those listed before stay; and why the list did not come, empty where it did. */
export interface Registered {
  photos: RegisteredPhoto[] | null;
  missing: string;
}

export function readRegistered(response: RegisterResponse): Registered {
  const listed = response.status === 200 ? readList(response.body) : null;
  if (listed !== null) return { photos: listed, missing: '' };
  // Without a reason a page on the way responded, not the register.
  const problem = readProblem(response);
  if (problem === null) return { photos: null, missing: say('photo.registerLost') };
  return { photos: NO_MORE.includes(problem.status) ? [] : null, missing: refusal(problem) };
}
