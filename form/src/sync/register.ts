// The way to the register: one fetch with a time limit, and responses as plain values. A lost response is an error of its own.
import { noteRegisterTime } from '../clock/clock.svelte';
import type { Household } from '../record/household';
import { isRevoked, type RegisterResponse } from './response';

const LIMIT_MILLISECONDS = 30_000;

export interface Call {
  method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** A picture is sent as it is, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  limit?: number;
}

/** The register did not respond in time or could not be reached. Whether it acted is unknown. */
export class ResponseLost extends Error {}

let language = 'vi';

export function speak(newLanguage: string): void {
  language = newLanguage;
}

/** Calls the register. Raises ResponseLost when there is no response; every response, a refusal too, is returned. */
export async function call(path: string, { method = 'GET', body, headers = {}, limit = LIMIT_MILLISECONDS }: Call = {}): Promise<RegisterResponse> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      headers: {
        Accept: 'application/json',
        'Accept-Language': language,
        // Proves, together with the headers that the browser adds, that a page of ours sent the request (against forgery).
        'X-Requested-With': 'so-nong-ho-form',
        ...(body === undefined ? {} : { 'Content-Type': body instanceof Blob ? body.type : 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
      // The register never redirects; who does is a log-in page on the way.
      redirect: 'manual',
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(limit),
    });
    text = await response.text();
  } catch (error) {
    throw new ResponseLost(error instanceof Error ? error.message : String(error));
  }
  if (response.type === 'opaqueredirect') throw new ResponseLost('redirected');
  const retryAfter = Number(response.headers.get('Retry-After'));
  const read: RegisterResponse = {
    status: response.status,
    type: (response.headers.get('Content-Type') ?? '').split(';')[0]!.trim().toLowerCase(),
    body: readJson(text),
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : null,
    whole: response.headers.get('Sight') === 'personal',
  };
  // A page of a hotspot on the way says nothing about the register's clock.
  if (read.type.endsWith('json')) noteClock(response.headers.get('Date'));
  if (isRevoked(read)) await onRevoked();
  return read;
}

/** What is done when the register says that this device's session was ended from elsewhere, with whatever call. */
let onRevoked: () => Promise<void> = () => Promise.resolve();

export function whenRevoked(act: () => Promise<void>): void {
  onRevoked = act;
}

/** PUTs a household; `revision` is the one it was made from, null for a new one. */
export function putHousehold(id: string, content: Household, revision: number | null): Promise<RegisterResponse> {
  const headers: Record<string, string> = revision === null ? {} : { 'If-Match': `"${revision}"` };
  return call(`/v1/households/${encodeURIComponent(id)}`, { method: 'PUT', body: content, headers });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: a log-in page, or no body. The reader of the response distinguishes the two, and shows it.
    return null;
  }
}

function noteClock(date: string | null): void {
  const registerTime = date === null ? Number.NaN : Date.parse(date);
  if (Number.isFinite(registerTime)) noteRegisterTime(registerTime);
}
