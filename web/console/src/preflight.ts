// What should be looked at before a sale opens: its own terms, this machine's clock, and the server.

import type { Check } from './checks.tsx';
import { clockOffset, serverNow } from './clock.ts';
import { duration, number, t, type MessageKey } from './i18n.ts';
import { fromLocal, isSlug, metadataOf, whole, type SaleForm } from './sale_form.ts';
import type { ServerAbout, Session } from './types.ts';

const kSlowAnswer = 500; // ms
const kClockApart = 2000; // ms
const kOldBackup = 86_400_000; // ms
const kSoon = 60_000; // ms
const kLongHold = 3600; // s

const kServerChecks: Record<string, MessageKey> = {
  engine: 'check.engine',
  clock: 'check.clock',
  disk: 'check.disk',
  keys: 'check.keys',
  snapshot: 'check.snapshots',
  archive: 'check.archive',
  redis: 'check.redis',
  durability: 'check.durability',
  setup: 'check.setup',
  feed: 'check.feed',
  history: 'check.history',
};

function check(id: string, isGood: boolean, good: string, otherwise: string, verdict: Check['verdict'] = 'warn', detail = ''): Check {
  return { id, verdict: isGood ? 'ok' : verdict, title: isGood ? good : otherwise, ...(detail && !isGood ? { detail } : {}) };
}

/** What the server says of itself, and how long it took to say so. */
export function serverChecks(about: ServerAbout, tookMs: number): Check[] {
  const named = about.checks.map((each): Check => {
    const key = kServerChecks[each.name];
    const title = key ? t(key) : each.name;
    return { id: each.name, verdict: each.ok ? 'ok' : 'bad', title, ...(each.ok ? {} : { detail: each.detail }) };
  });
  const answers = check(
    'answers',
    tookMs < kSlowAnswer,
    t('check.answers', { n: Math.max(1, Math.round(tookMs)) }),
    t('check.answers_slowly', { n: Math.round(tookMs) }),
  );
  return [answers, ...named];
}

function termsChecks(form: SaleForm, hasOpened: boolean): Check[] {
  const stock = whole(form.stock, 1, 100_000_000);
  const limit = whole(form.limit, 1, 1000);
  const hold = whole(form.hold, 0, 2_592_000);
  const opens = fromLocal(form.opensAt);
  const closes = fromLocal(form.closesAt);
  const untilOpen = opens ? Date.parse(opens) - serverNow() : 0;
  const checks = [
    check('id', isSlug(form.id.trim()), t('check.id'), t('check.id_bad'), 'bad'),
    check('stock', stock !== undefined, t('check.stock', { n: stock ?? 0 }), t('check.stock_bad'), 'bad'),
    check(
      'limit',
      limit !== undefined && stock !== undefined && limit <= stock,
      t('check.limit', { n: limit ?? 0 }),
      t('check.limit_bad'),
      limit === undefined ? 'bad' : 'warn',
    ),
    check(
      'hold',
      hold !== undefined && hold > 0 && hold <= kLongHold,
      t('check.hold', { time: duration(hold ?? 0) }),
      t(hold === undefined ? 'check.hold_bad' : hold === 0 ? 'check.hold_none' : 'check.hold_long'),
      hold === undefined ? 'bad' : 'warn',
    ),
  ];
  if (!hasOpened) {
    checks.push(
      opens === null || untilOpen <= 0
        ? check('opens', false, '', t('check.opens_now'))
        : check('opens', untilOpen > kSoon, t('check.opens', { time: duration(untilOpen / 1000) }), t('check.opens_soon')),
    );
  }
  if (closes !== null) {
    const length = Date.parse(closes) - Math.max(opens ? Date.parse(opens) : 0, serverNow());
    checks.push(check('closes', length > 0, t('check.closes', { time: duration(length / 1000) }), t('check.closes_bad'), 'bad'));
  }
  if (metadataOf(form.metadata) === undefined) checks.push(check('metadata', false, '', t('check.metadata_bad'), 'bad'));
  return checks;
}

function backupCheck(takenAt: string | null): Check {
  const age = takenAt === null ? Infinity : Math.max(0, serverNow() - Date.parse(takenAt));
  const bad = takenAt === null ? t('check.backup_none') : t('check.backup_old', { time: duration(age / 1000) });
  return check('backup', age < kOldBackup, t('check.backup', { time: duration(age / 1000) }), bad);
}

export interface Flight {
  form: SaleForm;
  hasOpened: boolean;
  about: ServerAbout | undefined;
  tookMs: number;
  session: Session;
}

export function preflight({ form, hasOpened, about, tookMs, session }: Flight): Check[] {
  const apart = Math.abs(clockOffset());
  const checks = termsChecks(form, hasOpened);
  checks.push(
    check('browser-clock', apart < kClockApart, t('check.browser_clock'), t('check.browser_clock_bad', { time: duration(apart / 1000) })),
  );
  if (!session.dev) {
    checks.push(check('scope', session.scopes.includes('sales:write'), t('check.scope'), t('check.scope_bad'), 'bad'));
  }
  if (session.dev) checks.push(check('dev', false, '', t('check.dev')));
  if (!about) return [...checks, check('server', false, '', t('check.server_silent'), 'bad')];
  checks.push(...serverChecks(about, tookMs));
  // What is in Redis is backed up there.
  if (!session.dev && about.engine !== 'redis') checks.push(backupCheck(about.last_backup_at));
  const stock = whole(form.stock, 1, 100_000_000);
  const most = about.limits.stock;
  if (stock !== undefined && most !== undefined && stock > most) {
    checks.push(check('stock-limit', false, '', t('check.stock_limit', { most: number(most) }), 'bad'));
  }
  return checks;
}
