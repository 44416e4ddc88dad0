// What the element shows, from all that is known. Pure.

import type { ServerClock } from './clock';
import type { Claim, Status } from './server';

export type Phase =
  | 'loading'
  | 'countdown'
  | 'ready'
  | 'sending'
  | 'won'
  | 'all-held'
  | 'gone'
  | 'paused'
  | 'closed'
  | 'error';

export interface Known {
  status: Status | undefined;
  claim: Claim | undefined;
  sending: boolean;
  recalling: boolean; // he has won before, and it is being asked how that stands
  noSale: boolean;
}

// Whether it is the buyer's now. A hold whose time is up by the server's clock is over, whatever comes.
export function isLive(claim: Claim | undefined, clock: ServerClock): boolean {
  if (!claim || claim.status === 'released') return false;
  return claim.status === 'confirmed' || !claim.expires_at || clock.until(claim.expires_at) > 0;
}

export function phaseOf({ status, claim, sending, recalling, noSale }: Known, clock: ServerClock): Phase {
  if (isLive(claim, clock)) return 'won';
  if (sending) return 'sending';
  if (noSale) return 'error';
  if (!status || recalling) return 'loading';
  switch (status.status) {
    case 'scheduled':
      return status.opens_at && clock.until(status.opens_at) <= 0 ? 'ready' : 'countdown';
    case 'open':
      if (status.closes_at && clock.until(status.closes_at) <= 0) return 'closed';
      if (status.availability === 'all_held') return 'all-held';
      return status.availability === 'gone' ? 'gone' : 'ready';
    case 'paused':
    case 'closed':
      return status.status;
  }
}
