// A sale as it stands in the form, and its way to and from the server. Pure, but for the zone of the machine.

import type { LatePayment, Sale, SaleTerms, Title } from './types.ts';

export interface SaleForm {
  id: string;
  titleEn: string;
  titleZh: string;
  stock: string;
  limit: string;
  hold: string; // s
  opensAt: string; // as an input of type datetime-local has it; '' for none
  closesAt: string;
  late: LatePayment;
  attempts: string;
  extension: string;
  archive: string;
  metadata: string;
}

export type SaleBody = Partial<SaleTerms> & { id?: string; title?: Title | Record<string, string | null> };

export const kNewSale: SaleForm = {
  id: '',
  titleEn: '',
  titleZh: '',
  stock: '100',
  limit: '1',
  hold: '600',
  opensAt: '',
  closesAt: '',
  late: 'reject',
  attempts: '5',
  extension: '0',
  archive: '0',
  metadata: '{}',
};

/** "iPhone drop!" -> "iphone-drop". */
export function slugOf(title: string): string {
  return title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
}

export function isSlug(text: string): boolean {
  return /^[a-z0-9-]{1,64}$/.test(text);
}

/** A whole number within bounds, else undefined. */
export function whole(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,12}$/.test(text.trim())) return undefined;
  const value = Number(text.trim());
  return value >= least && value <= most ? value : undefined;
}

export function toLocal(time: string | null): string {
  if (time === null) return '';
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function fromLocal(text: string): string | null {
  const time = text === '' ? Number.NaN : new Date(text).getTime();
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

export function metadataOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.trim() || '{}');
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export function formOf(sale: Sale): SaleForm {
  const isText = typeof sale.title === 'string';
  const titles = isText ? { en: sale.title as string } : (sale.title as Record<string, string>);
  return {
    id: sale.id,
    titleEn: titles.en ?? '',
    titleZh: titles['zh-CN'] ?? '',
    stock: String(sale.stock),
    limit: String(sale.per_buyer_limit),
    hold: String(sale.hold_seconds),
    opensAt: toLocal(sale.opens_at),
    closesAt: toLocal(sale.closes_at),
    late: sale.late_payment,
    attempts: String(sale.claim_attempts),
    extension: String(sale.max_extension_seconds),
    archive: String(sale.archive_after_seconds),
    metadata: JSON.stringify(sale.metadata, null, 2),
  };
}

function titleBody(form: SaleForm): Title | undefined {
  const en = form.titleEn.trim();
  const zh = form.titleZh.trim();
  if (en && zh) return { en, 'zh-CN': zh };
  if (zh) return { 'zh-CN': zh };
  return en || undefined;
}

export function createBody(form: SaleForm): SaleBody {
  const title = titleBody(form);
  return {
    id: form.id.trim(),
    ...(title === undefined ? {} : { title }),
    stock: Number(form.stock),
    per_buyer_limit: Number(form.limit),
    hold_seconds: Number(form.hold),
    opens_at: fromLocal(form.opensAt),
    closes_at: fromLocal(form.closesAt),
    late_payment: form.late,
    claim_attempts: Number(form.attempts),
    max_extension_seconds: Number(form.extension),
    archive_after_seconds: Number(form.archive),
    metadata: metadataOf(form.metadata) ?? {},
  };
}

/** A merge patch with those members alone that the reader has changed since `before`: what he did not touch stays
 * as others may have made it meanwhile, other languages of the title among it. */
export function patchBody(before: SaleForm, form: SaleForm, title: Title): SaleBody {
  const body: SaleBody = {};
  const changed = (name: keyof SaleForm): boolean => before[name].trim() !== form[name].trim();
  if (changed('titleEn') || changed('titleZh')) {
    const isText = typeof title === 'string';
    const zh = form.titleZh.trim();
    if (isText && zh === '') body.title = form.titleEn.trim();
    else {
      body.title = {
        ...(isText || changed('titleEn') ? { en: form.titleEn.trim() || null } : {}),
        ...(isText || changed('titleZh') ? { 'zh-CN': zh || null } : {}),
      };
    }
  }
  if (changed('stock')) body.stock = Number(form.stock);
  if (changed('limit')) body.per_buyer_limit = Number(form.limit);
  if (changed('hold')) body.hold_seconds = Number(form.hold);
  if (changed('opensAt')) body.opens_at = fromLocal(form.opensAt);
  if (changed('closesAt')) body.closes_at = fromLocal(form.closesAt);
  if (before.late !== form.late) body.late_payment = form.late;
  if (changed('attempts')) body.claim_attempts = Number(form.attempts);
  if (changed('extension')) body.max_extension_seconds = Number(form.extension);
  if (changed('archive')) body.archive_after_seconds = Number(form.archive);
  if (changed('metadata')) {
    const old = metadataOf(before.metadata) ?? {};
    const now = metadataOf(form.metadata) ?? {};
    const gone = Object.fromEntries(Object.keys(old).filter((name) => !(name in now)).map((name) => [name, null]));
    body.metadata = { ...now, ...gone };
  }
  return body;
}

/** The reader's changes on top of what somebody else has saved meanwhile. */
export function rebased(before: SaleForm, mine: SaleForm, theirs: SaleForm): SaleForm {
  const result = { ...theirs };
  for (const name of Object.keys(mine) as (keyof SaleForm)[]) {
    if (mine[name] !== before[name]) (result as Record<string, string>)[name] = mine[name];
  }
  return result;
}

export function differing(one: SaleForm, other: SaleForm): (keyof SaleForm)[] {
  return (Object.keys(one) as (keyof SaleForm)[]).filter((name) => one[name] !== other[name]);
}
