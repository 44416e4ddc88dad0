// Reads every claim of a sale and counts anew, without looking at the server's counters: no unit with two
// owners, nobody over the limit, and sums that are those of the counters.

import { get, salePath } from './api.ts';
import type { Claim, Page, SaleStats } from './types.ts';

const kPage = 1000;

export interface Audit {
  claims: number;
  held: number; // units
  confirmed: number; // units
  doubledUnits: number;
  buyersOverLimit: number;
  addsUp: boolean;
}

/** Pure: fed page by page, so that it can be tested without a server. */
export class Auditor {
  private readonly owned = new Set<number>();
  private readonly units = new Map<string, number>();
  private readonly result: Audit = { claims: 0, held: 0, confirmed: 0, doubledUnits: 0, buyersOverLimit: 0, addsUp: false };

  constructor(private readonly limit: number) {}

  look(claims: Claim[]): void {
    for (const claim of claims) {
      this.result.claims += 1;
      if (claim.status === 'released') continue;
      this.result[claim.status] += claim.quantity;
      for (const unit of claim.units) {
        if (this.owned.has(unit)) this.result.doubledUnits += 1;
        this.owned.add(unit);
      }
      const before = this.units.get(claim.buyer) ?? 0;
      const after = before + claim.quantity;
      this.units.set(claim.buyer, after);
      if (before <= this.limit && after > this.limit) this.result.buyersOverLimit += 1;
    }
  }

  finish(stats: SaleStats): Audit {
    const { held, confirmed, doubledUnits, buyersOverLimit } = this.result;
    const agrees = held === stats.held && confirmed === stats.confirmed;
    return { ...this.result, addsUp: agrees && doubledUnits === 0 && buyersOverLimit === 0 };
  }
}

export async function auditSale(
  id: string,
  limit: number,
  onProgress: (claims: number) => void,
  signal: AbortSignal,
): Promise<Audit> {
  const auditor = new Auditor(limit);
  let after = '';
  let seen = 0;
  do {
    const page = await get<Page<Claim>>(salePath(id, `/claims?limit=${kPage}${after}`), signal);
    auditor.look(page.data);
    seen += page.data.length;
    onProgress(seen);
    after = page.next === null ? '' : `&after=${encodeURIComponent(page.next)}`;
  } while (after !== '');
  return auditor.finish(await get<SaleStats>(salePath(id, '/stats'), signal));
}
