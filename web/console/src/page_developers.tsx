// For those who write the shop: the key in use, commands to copy, and the events as they are.

import { useEffect, useState } from 'preact/hooks';

import { get, Problem } from './api.ts';
import { isOfSale, shortType } from './event_words.tsx';
import { useDoing } from './hooks.ts';
import { clockTimeExact, dateTime, t } from './i18n.ts';
import { Code, Empty, Fact, Field, Loading, Note, ProblemNote } from './parts.tsx';
import type { FeedEvent, Page, Session } from './types.ts';

const kPage = 50;

function curls(origin: string, isDev: boolean): [Parameters<typeof t>[0], string][] {
  const key = isDev ? '' : ` \\\n  -H "Authorization: Bearer $DOORBUSTER_API_KEY"`;
  const buyer = isDev ? ` -H 'X-Buyer-Id: alice'` : key;
  const forWhom = isDev ? '' : ` \\\n  -H 'Content-Type: application/json' -d '{"buyer":"alice"}'`;
  return [
    ['dev.curl_status', `curl ${origin}/v1/sales/SALE/status`],
    [
      'dev.curl_create',
      `curl -X POST ${origin}/v1/sales${key} \\\n  -H 'Content-Type: application/json' \\\n  -d '{"id":"SALE","title":"A sale","stock":100,"hold_seconds":600}'`,
    ],
    ['dev.curl_claim', `curl -X POST ${origin}/v1/sales/SALE/claims${buyer}${forWhom}`],
    [
      'dev.curl_confirm',
      `curl -X POST ${origin}/v1/sales/SALE/claims/CLAIM/confirm${key} \\\n  -H 'Content-Type: application/json' -d '{"reference":"order_991"}'`,
    ],
    ['dev.curl_events', `curl -N ${origin}/v1/events${key} \\\n  -H 'Accept: text/event-stream'`],
    ['dev.curl_export', `curl ${origin}/v1/sales/SALE/claims${key} \\\n  -H 'Accept: text/csv' -o winners.csv`],
  ];
}

export function DevelopersPage({ session }: { session: Session }) {
  return (
    <>
      <div class="head">
        <h1>{t('nav.developers')}</h1>
        <a class="button" href="/openapi.json" target="_blank" rel="noopener">
          {t('dev.openapi')}
        </a>
      </div>
      <div class="stack wide">
        <div class="split">
          <section class="card">
            <h2>{t('dev.curl')}</h2>
            <div class="stack">
              {curls(location.origin, session.dev).map(([title, command]) => (
                <Code key={title} title={t(title)} text={command} />
              ))}
            </div>
          </section>
          <Keys session={session} />
        </div>
        <Events />
      </div>
    </>
  );
}

function Keys({ session }: { session: Session }) {
  return (
    <section class="card">
      <h2>{t('dev.keys')}</h2>
      <div class="stack">
        {session.dev ? (
          <Note>{t('dev.no_key')}</Note>
        ) : (
          <dl class="facts">
            {session.key && (
              <Fact name={t('dev.key_name')}>
                {session.key.name} <span class="mono quiet">{session.key.prefix}…</span>
              </Fact>
            )}
            {session.expires_at && <Fact name={t('dev.key_expires')}>{dateTime(session.expires_at)}</Fact>}
          </dl>
        )}
        {session.scopes.length > 0 && <p class="legend">{t('dev.scopes')}</p>}
        {session.scopes.length > 0 && (
          <ul class="scopes">
            {session.scopes.map((scope) => (
              <li key={scope} class="chip mono">
                {scope}
              </li>
            ))}
          </ul>
        )}
        <Code
          title={t('dev.keys_hint')}
          text={'doorbuster keys create shop --scopes all\ndoorbuster keys list\ndoorbuster keys revoke shop'}
        />
      </div>
    </section>
  );
}

interface Looked {
  events: FeedEvent[];
  next: string;
  hasMore: boolean;
}

function Events() {
  const [sale, setSale] = useState('');
  const [asked, setAsked] = useState('');
  const [looked, setLooked] = useState<Looked | undefined>();
  const doing = useDoing();
  const load = (from: Looked | undefined, of: string): void =>
    doing.run(async () => {
      const query = new URLSearchParams({ limit: String(kPage), after: from?.next ?? '0' });
      if (of) query.set('sale', of);
      const page = await pageOrOldest(query);
      setLooked({ events: (from?.events ?? []).concat(page.data), next: page.next ?? '0', hasMore: page.has_more });
    });
  useEffect(() => load(undefined, ''), []);
  const search = (event: Event): void => {
    event.preventDefault();
    setLooked(undefined);
    setAsked(sale.trim());
    load(undefined, sale.trim());
  };
  return (
    <section class="card">
      <h2>{t('dev.events')}</h2>
      <form class="tools" onSubmit={search}>
        <Field label={t('dev.events_of')}>
          {(attributes) => (
            <input
              {...attributes}
              class="input mono"
              type="text"
              placeholder={t('dev.all_sales')}
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
              value={sale}
              onInput={(event) => setSale(event.currentTarget.value)}
            />
          )}
        </Field>
        <button type="submit" class="button" disabled={doing.busy}>
          {t('dev.show')}
        </button>
      </form>
      {doing.problem && <ProblemNote problem={doing.problem} onRetry={() => load(looked, asked)} />}
      {!looked ? (
        !doing.problem && <Loading lines={6} />
      ) : looked.events.length === 0 ? (
        <Empty title={t('dev.no_events')} />
      ) : (
        <ol class="events">
          {looked.events.map((event) => (
            <EventRow key={event.id} event={event} />
          ))}
        </ol>
      )}
      {looked && (
        <p>
          <button type="button" class="button" disabled={doing.busy} onClick={() => load(looked, asked)}>
            {t(looked.hasMore ? 'more' : 'dev.look_again')}
          </button>
        </p>
      )}
    </section>
  );
}

/** From the oldest that is kept, where the beginning is not. */
async function pageOrOldest(query: URLSearchParams): Promise<Page<FeedEvent>> {
  try {
    return await get<Page<FeedEvent>>(`/v1/events?${query}`);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'cursor-expired') throw error;
    query.set('after', String(error.body.oldest));
    return get<Page<FeedEvent>>(`/v1/events?${query}`);
  }
}

function EventRow({ event }: { event: FeedEvent }) {
  const [isOpen, setOpen] = useState(false);
  const who = isOfSale(event) ? '' : String(event.data.buyer ?? '');
  return (
    <li>
      <details onToggle={(toggled) => setOpen((toggled.currentTarget as HTMLDetailsElement).open)}>
        <summary>
          <span class="num quiet">{event.id}</span>
          <span class="mono">{shortType(event)}</span>
          <span>
            {event.subject.split('/')[1]} {who && `· ${who}`}
          </span>
          <span class="num quiet">{clockTimeExact(event.time)}</span>
        </summary>
        {isOpen && <pre tabIndex={0}>{JSON.stringify(event, null, 2)}</pre>}
      </details>
    </li>
  );
}
