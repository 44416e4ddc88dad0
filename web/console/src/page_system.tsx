// The server itself: is it ready, what runs, what an answer rests on.

import { get } from './api.ts';
import { Checks } from './checks.tsx';
import { useLoad } from './hooks.ts';
import { dateTime, duration, number, t, type MessageKey } from './i18n.ts';
import { Await, Fact, Note } from './parts.tsx';
import { serverChecks } from './preflight.ts';
import type { ServerAbout } from './types.ts';

const kLimits: [string, MessageKey, 'count' | 'bytes' | 'time'][] = [
  ['stock', 'limit.stock', 'count'],
  ['quantity', 'limit.quantity', 'count'],
  ['claim_attempts', 'limit.claim_attempts', 'count'],
  ['hold_seconds', 'limit.hold_seconds', 'time'],
  ['max_extension_seconds', 'limit.max_extension_seconds', 'time'],
  ['archive_after_seconds', 'limit.archive_after_seconds', 'time'],
  ['slug_bytes', 'limit.slug_bytes', 'bytes'],
  ['buyer_bytes', 'limit.buyer_bytes', 'bytes'],
  ['reference_bytes', 'limit.reference_bytes', 'bytes'],
  ['metadata_bytes', 'limit.metadata_bytes', 'bytes'],
  ['idempotency_key_bytes', 'limit.idempotency_key_bytes', 'bytes'],
];

interface Seen {
  about: ServerAbout;
  tookMs: number;
}

async function look(signal: AbortSignal): Promise<Seen> {
  const began = performance.now();
  const about = await get<ServerAbout>('/v1/server', signal);
  return { about, tookMs: performance.now() - began };
}

function shownLimit(value: number, kind: 'count' | 'bytes' | 'time'): string {
  if (kind === 'time') return duration(value);
  return kind === 'bytes' ? t('bytes', { n: value }) : number(value);
}

export function SystemPage() {
  const seen = useLoad('server', look, 2000);
  return (
    <>
      <div class="head">
        <h1>{t('nav.system')}</h1>
      </div>
      <Await of={seen}>
        {({ about, tookMs }) => (
          <div class="split">
            <section class="card" data-ready={seen.problem ? 'unknown' : about.ready ? 'yes' : 'no'}>
              <h2>{t('system.readiness')}</h2>
              <div class="stack">
                {!about.ready && <Note kind="bad">{t('system.not_ready')}</Note>}
                <Checks checks={serverChecks(about, tookMs)} />
                <p class="hint">{t('system.readiness_hint')}</p>
              </div>
            </section>
            <div class="stack wide">
              <section class="card">
                <h2>{t('system.server')}</h2>
                <dl class="facts">
                  <Fact name={t('system.version')}>
                    {about.name} {about.version}
                  </Fact>
                  <Fact name={t('system.engine')}>{about.engine}</Fact>
                  <Fact name={t('system.durability')}>{about.durability}</Fact>
                  <Fact name={t('system.backup')}>
                    {about.last_backup_at ? dateTime(about.last_backup_at) : t('system.backup_none')}
                  </Fact>
                </dl>
                {about.durability === 'synced' && <p class="hint">{t('system.synced')}</p>}
              </section>
              <section class="card">
                <h2>{t('system.limits')}</h2>
                <dl class="facts">
                  {kLimits
                    .filter(([name]) => about.limits[name] !== undefined)
                    .map(([name, words, kind]) => (
                      <Fact key={name} name={t(words)}>
                        {shownLimit(about.limits[name] as number, kind)}
                      </Fact>
                    ))}
                </dl>
              </section>
            </div>
          </div>
        )}
      </Await>
    </>
  );
}
