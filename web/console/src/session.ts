// Who is asking: a session of the console, or nobody yet.

import { fetchOrProblem, Problem, request } from './api.ts';
import type { Session } from './types.ts';

const kSession = '/console/session';

export type SessionState =
  | { kind: 'asking' }
  | { kind: 'out' }
  | { kind: 'in'; session: Session }
  | { kind: 'failed'; problem: Problem };

export async function readSession(): Promise<SessionState> {
  try {
    const { data } = await request<Session>(kSession);
    return data.signed_in || data.dev ? { kind: 'in', session: data } : { kind: 'out' };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { kind: 'failed', problem: error };
  }
}

export async function signIn(key: string): Promise<void> {
  await fetchOrProblem(kSession, { method: 'POST', body: { key } });
}

export async function signOut(): Promise<void> {
  await fetchOrProblem(kSession, { method: 'DELETE' });
}
