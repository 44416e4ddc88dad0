// Asking the server: JSON in, JSON out, and every refusal as a Problem that a page can show.

import { learnDate } from './clock.ts';
import { language } from './i18n.ts';

export interface Flaw {
  pointer?: string;
  parameter?: string;
  header?: string;
  detail: string;
}

/** A refusal (RFC 9457), or `unreachable` where no answer came. */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: Flaw[] = [],
    readonly body: Record<string, unknown> = {},
  ) {
    super(title);
  }

  /** What is wrong with this member of the body, if anything. */
  about(member: string): string | undefined {
    return this.errors.find((flaw) => flaw.pointer?.split('/')[1] === member)?.detail;
  }
}

export interface Answer<T> {
  data: T;
  etag: string | null;
}

export interface Ask {
  method?: string;
  body?: unknown;
  ifMatch?: string;
  accept?: string;
  signal?: AbortSignal | undefined;
}

/** Called whenever the server no longer knows who is asking. */
let onSignedOut: () => void = () => {};
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

export async function problemOf(response: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  try {
    body = (await response.json()) as Record<string, unknown>;
  } catch {
    // Not JSON: something between here and the server answered, and its status must do.
  }
  const text = (name: string): string => (typeof body[name] === 'string' ? (body[name] as string) : '');
  return new Problem(
    text('code') || `http-${response.status}`,
    response.status,
    text('title') || `HTTP ${response.status}`,
    text('detail'),
    Array.isArray(body.errors) ? (body.errors as Flaw[]) : [],
    body,
  );
}

/** Throws a Problem for anything but success; an AbortError passes as it is. */
export async function fetchOrProblem(path: string, ask: Ask = {}): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: ask.accept ?? 'application/json',
    'Accept-Language': language(),
  };
  if (ask.body !== undefined) {
    headers['Content-Type'] = ask.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  }
  if (ask.ifMatch) headers['If-Match'] = ask.ifMatch;
  let response: Response;
  const sent = Date.now();
  try {
    response = await fetch(path, {
      method: ask.method ?? 'GET',
      headers,
      body: ask.body === undefined ? null : JSON.stringify(ask.body),
      signal: ask.signal ?? null,
      cache: 'no-store',
    });
  } catch (error) {
    if (ask.signal?.aborted) throw error;
    throw new Problem('unreachable', 0, '', '');
  }
  const date = response.headers.get('Date');
  if (date) learnDate(date, sent);
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401) onSignedOut();
  throw problem;
}

export async function request<T>(path: string, ask: Ask = {}): Promise<Answer<T>> {
  const response = await fetchOrProblem(path, ask);
  const etag = response.headers.get('ETag');
  try {
    const data = response.status === 204 ? undefined : await response.json();
    return { data: data as T, etag };
  } catch (error) {
    if (ask.signal?.aborted) throw error;
    throw new Problem('unreachable', 0, '', ''); // the connection broke in the middle of the answer
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request<T>(path, { signal })).data;
}

export function salePath(id: string, rest = ''): string {
  return `/v1/sales/${encodeURIComponent(id)}${rest}`;
}

/** What the server's own page says to do about a problem, in the reader's language; '' if it says nothing. */
export async function adviceOn(code: string): Promise<string> {
  try {
    const response = await fetch(`/problems/${encodeURIComponent(code)}`, {
      headers: { Accept: 'text/plain', 'Accept-Language': language() },
    });
    if (!response.ok) return '';
    const paragraphs = (await response.text()).trim().split(/\n\s*\n/);
    // The last paragraph is a heading and, below it, the advice.
    return (paragraphs.at(-1) ?? '').split('\n').slice(1).join(' ');
  } catch {
    return '';
  }
}
