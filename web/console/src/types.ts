// What the server answers, as its /openapi.json describes it. Members that are not read stand not here.

import type { AnswerTimes } from './answer_times.ts';

export type Title = string | Record<string, string>;
export type SaleState = 'scheduled' | 'open' | 'paused' | 'closed';
export type LatePayment = 'reject' | 'reacquire';

export interface SaleTerms {
  stock: number;
  per_buyer_limit: number;
  hold_seconds: number;
  opens_at: string | null;
  closes_at: string | null;
  late_payment: LatePayment;
  claim_attempts: number;
  max_extension_seconds: number;
  archive_after_seconds: number;
  metadata: Record<string, unknown>;
}

export interface Sale extends SaleTerms {
  id: string;
  title: Title;
  status: SaleState;
  cancelled?: true;
  version: number;
  created_at: string;
}

export interface SaleStatus {
  status: SaleState;
  now: string;
  opens_at: string | null;
  closes_at: string | null;
  availability: 'available' | 'all_held' | 'gone';
  next_return_at: string | null;
}

export interface SaleStats {
  stock: number;
  available: number;
  held: number;
  confirmed: number;
  burned: number;
  released: { buyer: number; merchant: number; expired: number; cancelled: number };
  refused: Record<string, number>;
  sequence: number;
  conserved: boolean;
  as_of: string;
}

export interface Claim {
  id: string;
  buyer: string;
  quantity: number;
  units: number[];
  status: 'held' | 'confirmed' | 'released';
  released_by?: string;
  sequence: number;
  claimed_at: string;
  expires_at: string | null;
  reference?: string;
}

export interface FeedEvent {
  id: string;
  type: string;
  subject: string;
  time: string;
  sequence: string;
  data: Record<string, unknown>;
}

export interface Page<T> {
  data: T[];
  has_more: boolean;
  next: string | null;
}

export interface ServerCheck {
  name: string;
  ok: boolean;
  detail: string;
}

export interface ServerAbout {
  name: string;
  version: string;
  engine: string;
  durability: string;
  ready: boolean;
  checks: ServerCheck[];
  last_backup_at: string | null;
  claim_answers: AnswerTimes;
  limits: Record<string, number>;
}

export interface Session {
  signed_in: boolean;
  dev: boolean; // the server trusts every program of its machine
  key: { name: string; prefix: string } | null;
  scopes: string[];
  expires_at: string | null;
}
