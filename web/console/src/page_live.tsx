// The Live page: one sentence, the stock, the pace, and the buttons that steer a sale.

import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { withinMs, type AnswerTimes } from './answer_times.ts';
import { Problem } from './api.ts';
import { Chart, Swatch } from './chart.tsx';
import { serverNow } from './clock.ts';
import { eventWords } from './event_words.tsx';
import { useTick } from './hooks.ts';
import { clockTime, countdown, dateTime, duration, number, percent, rich, t, type MessageKey } from './i18n.ts';
import { LiveActions } from './live_actions.tsx';
import { isStale, LiveState, type LivePicture } from './live_state.ts';
import { Loading, Note, ProblemNote, StockBar } from './parts.tsx';
import { SaleHead } from './sale_head.tsx';
import { useTheme } from './theme.ts';
import type { SaleStats } from './types.ts';

const kShownReasons = 5;

function useLive(id: string): { picture: LivePicture | undefined; live: LiveState | undefined; turn: number } {
  const [shown, setShown] = useState<{ picture: LivePicture | undefined; turn: number }>({ picture: undefined, turn: 0 });
  const live = useRef<LiveState>();
  useEffect(() => {
    setShown({ picture: undefined, turn: 0 });
    const state = new LiveState(id, (picture) => setShown((old) => ({ picture, turn: old.turn + 1 })));
    live.current = state;
    return () => state.close();
  }, [id]);
  return { ...shown, live: live.current };
}

export function LivePage({ sale: id }: { sale: string }) {
  const { picture, live, turn } = useLive(id);
  const [isStreamer, setStreamer] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  if (!picture || (!picture.stats && !picture.problem)) {
    return (
      <>
        <SaleHead id={id} page="live" sale={undefined} />
        <Loading />
      </>
    );
  }
  if (picture.problem && !picture.stats) {
    return (
      <>
        <SaleHead id={id} page="live" sale={undefined} />
        <ProblemNote problem={picture.problem} />
      </>
    );
  }
  return (
    <div class="live" ref={frame}>
      <SaleHead id={id} page="live" sale={picture.sale} />
      <Stale picture={picture} />
      <div class={isStale(picture) ? 'is-stale' : ''}>
        <Sentence picture={picture} hidesNumbers={isStreamer} />
        {picture.sale && live && (
          <LiveActions
            sale={picture.sale}
            frame={frame}
            isStreamer={isStreamer}
            onStreamer={setStreamer}
            onSaw={(sale) => live.saw(sale)}
          />
        )}
        {picture.stats && <Figures picture={picture} stats={picture.stats} turn={turn} hidesNumbers={isStreamer} />}
      </div>
    </div>
  );
}

function Stale({ picture }: { picture: LivePicture }) {
  useTick(500);
  if (!isStale(picture)) {
    // One that answers with a refusal is not silent: it says why.
    const refused = picture.problem && picture.problem.status > 0;
    return refused ? <ProblemNote problem={picture.problem as Problem} /> : null;
  }
  const seconds = Math.floor((Date.now() - picture.freshAt) / 1000);
  return (
    <div class="stale" data-stale>
      <Note kind="warn">
        <strong>{t('live.stale', { at: clockTime(picture.freshAt) })}</strong>
        <p class="num">{t('live.stale_more', { n: seconds })}</p>
      </Note>
    </div>
  );
}

const b = (text: string | number): VNode => <b class="num">{typeof text === 'number' ? number(text) : text}</b>;

/** A pace is not known to the second, and a number that trembles is not read. */
function about(seconds: number): string {
  const step = seconds < 20 ? 1 : seconds < 120 ? 5 : seconds < 3600 ? 60 : 3600;
  return duration(Math.max(step, Math.round(seconds / step) * step));
}

interface Telling {
  key: MessageKey;
  values: Record<string, string | number | VNode>;
}

function whatIs(picture: LivePicture, stats: SaleStats): Telling {
  const status = picture.status?.status ?? picture.sale?.status ?? 'open';
  const numbers = { left: b(stats.available), stock: b(stats.stock), sold: b(stats.confirmed), held: b(stats.held), n: stats.available };
  if (picture.sale?.cancelled) return { key: 'live.cancelled', values: numbers };
  switch (status) {
    case 'scheduled': {
      const opensAt = picture.status?.opens_at ?? picture.sale?.opens_at;
      const left = opensAt ? Date.parse(opensAt) - serverNow() : 0;
      return { key: 'live.scheduled', values: { ...numbers, time: b(countdown(left)) } };
    }
    case 'paused':
      return { key: 'live.paused', values: numbers };
    case 'closed':
      return { key: stats.held > 0 ? 'live.closed_held' : 'live.closed', values: { ...numbers, n: stats.held } };
    case 'open':
      break;
  }
  if (stats.available === 0) {
    if (stats.held === 0) return { key: 'live.sold_out', values: numbers };
    const back = picture.status?.next_return_at;
    return back
      ? { key: 'live.all_held', values: { ...numbers, n: stats.held, time: b(clockTime(back)) } }
      : { key: 'live.all_held_unknown', values: { ...numbers, n: stats.held } };
  }
  const selloutIn = picture.selloutIn;
  return selloutIn !== undefined && selloutIn < 86_400
    ? { key: 'live.open_pace', values: { ...numbers, time: b(about(selloutIn)) } }
    : { key: 'live.open', values: numbers };
}

const kWithoutNumbers: Partial<Record<MessageKey, MessageKey>> = {
  'live.open_pace': 'live.open_hidden',
  'live.open': 'live.open_hidden',
  'live.paused': 'live.paused_hidden',
  'live.all_held': 'live.all_held_hidden',
  'live.all_held_unknown': 'live.all_held_hidden',
  'live.sold_out': 'live.sold_out_hidden',
  'live.closed': 'live.closed_hidden',
  'live.closed_held': 'live.closed_hidden',
};

function Sentence({ picture, hidesNumbers }: { picture: LivePicture; hidesNumbers: boolean }) {
  if (!picture.stats) return null;
  const { key, values } = whatIs(picture, picture.stats);
  const shownKey = (hidesNumbers && kWithoutNumbers[key]) || key;
  return (
    <>
      <p class="sentence" data-state={key.slice('live.'.length)}>
        <span>{rich(shownKey, values)}</span>
      </p>
      <StateAloud key_={kWithoutNumbers[key] ?? key} values={values} />
    </>
  );
}

/** Read out when the state of the sale changes, and not with each number. */
function StateAloud({ key_, values }: { key_: MessageKey; values: Telling['values'] }) {
  const words = useMemo(() => rich(key_, values), [key_]);
  return (
    <p class="hidden-visually" role="status">
      {words}
    </p>
  );
}

function Hidden({ hides, children }: { hides: boolean; children: ComponentChildren }) {
  return hides ? <span aria-label={t('live.hidden')}>•••</span> : <>{children}</>;
}

function Figures({ picture, stats, turn, hidesNumbers }: {
  picture: LivePicture;
  stats: SaleStats;
  turn: number;
  hidesNumbers: boolean;
}) {
  const theme = useTheme();
  const parts = [
    ['available', stats.available],
    ['held', stats.held],
    ['confirmed', stats.confirmed],
    ...(stats.burned > 0 ? [['burned', stats.burned] as const] : []),
  ] as const;
  return (
    <>
      <section class="card" aria-label={t('live.stock')}>
        <StockBar
          stats={stats}
          big
          label={
            hidesNumbers
              ? t('live.hidden')
              : parts.map(([name, units]) => `${t(`stock.${name}`)} ${number(units)}`).join(', ')
          }
        />
        <dl class="key">
          {parts.map(([name, units]) => (
            <div key={name}>
              <dt>
                <i class={name} /> {t(`stock.${name}`)}
              </dt>
              <dd class="num" data-count={name}>
                <Hidden hides={hidesNumbers}>{number(units)}</Hidden>
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <div class="live-grid">
        <section class="card plot-card">
          <div class="plot-head">
            <h2>{t('live.rates')}</h2>
            <p class="plot-key">
              <Pace name="live.granted" value={picture.granted} hides={hidesNumbers} />
              <Pace name="live.refused" value={picture.refused} hides={hidesNumbers} dashed />
            </p>
          </div>
          <Chart
            series={picture.series}
            turn={turn}
            hidesNumbers={hidesNumbers}
            theme={theme}
            label={hidesNumbers ? t('live.rates') : t('live.rates_now', {
              granted: Math.round(picture.granted),
              refused: Math.round(picture.refused),
            })}
          />
          <Answers times={picture.answers} hides={hidesNumbers} />
        </section>
        <Reasons refused={stats.refused} hidesNumbers={hidesNumbers} />
        <Ticker picture={picture} hidesNumbers={hidesNumbers} />
        <Released stats={stats} hidesNumbers={hidesNumbers} />
      </div>
    </>
  );
}

function Pace({ name, value, hides, dashed = false }: {
  name: MessageKey;
  value: number;
  hides: boolean;
  dashed?: boolean;
}) {
  return (
    <span>
      <Swatch dashed={dashed} /> {t(name)} <b class="num">{hides ? '•••' : t('live.a_second', { n: Math.round(value) })}</b>
    </span>
  );
}

/** Known by ranges, so no more digits than those can bear. */
function milliseconds(value: number | undefined): string {
  if (value === undefined) return '–';
  if (value === Infinity) return '> 2500';
  return value < 10 ? value.toFixed(1) : number(Math.round(value));
}

function Answers({ times, hides }: { times: AnswerTimes | undefined; hides: boolean }) {
  const within = (part: number) => (
    <b class="num">{hides ? '•••' : t('live.in_ms', { n: milliseconds(times && withinMs(times, part)) })}</b>
  );
  return (
    <div class="answer-times" data-answers>
      <p class="plot-key">
        <span>
          {t('live.half_within')} {within(0.5)}
        </span>
        <span>
          {t('live.most_within')} {within(0.99)}
        </span>
      </p>
      <p class="hint">{t('live.answered_of')}</p>
    </div>
  );
}

function Reasons({ refused, hidesNumbers }: { refused: Record<string, number>; hidesNumbers: boolean }) {
  const all = Object.values(refused).reduce((sum, each) => sum + each, 0);
  const reasons = Object.entries(refused)
    .filter(([, count]) => count > 0)
    .sort((a, c) => c[1] - a[1])
    .slice(0, kShownReasons);
  return (
    <section class="card">
      <h2>{t('live.reasons')}</h2>
      {reasons.length === 0 ? (
        <p class="quiet">{t('live.no_reasons')}</p>
      ) : (
        <ul class="reasons">
          {reasons.map(([code, count]) => (
            <li key={code}>
              <span>{reasonName(code)}</span>
              <span class="num">
                <Hidden hides={hidesNumbers}>
                  {number(count)} <span class="quiet">{percent(count, all)}</span>
                </Hidden>
              </span>
              <meter min={0} max={all} value={count} aria-label={reasonName(code)} />
            </li>
          ))}
        </ul>
      )}
      <p class="hint">{t('live.reasons_since')}</p>
    </section>
  );
}

const kReasons: Record<string, MessageKey> = {
  'not-open': 'reason.not-open',
  paused: 'reason.paused',
  closed: 'reason.closed',
  'sold-out': 'reason.sold-out',
  'insufficient-stock': 'reason.insufficient-stock',
  'limit-exceeded': 'reason.limit-exceeded',
  'attempts-exhausted': 'reason.attempts-exhausted',
  'idempotency-key-reused': 'reason.idempotency-key-reused',
};

function reasonName(code: string): string {
  const key = kReasons[code];
  return key ? t(key) : code;
}

function Ticker({ picture, hidesNumbers }: { picture: LivePicture; hidesNumbers: boolean }) {
  return (
    <section class="card">
      <div class="plot-head">
        <h2>{t('live.events')}</h2>
        <p class="hint">
          {picture.isSampled ? t('live.sampled') : picture.isStreaming ? t('live.every_event') : t('live.connecting')}
        </p>
      </div>
      {picture.ticker.length === 0 ? (
        <p class="quiet">{t('live.no_events')}</p>
      ) : (
        <ol class="ticker">
          {picture.ticker.map((event) => (
            <li key={event.id}>
              <time class="num" dateTime={event.time}>
                {clockTime(event.time)}
              </time>
              {eventWords(event, hidesNumbers)}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function Released({ stats, hidesNumbers }: { stats: SaleStats; hidesNumbers: boolean }) {
  const reasons = (['expired', 'buyer', 'merchant', 'cancelled'] as const).filter(
    (reason) => reason !== 'cancelled' || stats.released.cancelled > 0,
  );
  return (
    <section class="card">
      <h2>{t('live.released')}</h2>
      <dl class="facts">
        {reasons.map((reason) => (
          <div key={reason}>
            <dt>{t(`released.${reason}`)}</dt>
            <dd class="num">
              <Hidden hides={hidesNumbers}>{number(stats.released[reason])}</Hidden>
            </dd>
          </div>
        ))}
      </dl>
      <p class="hint">{t('live.as_of', { at: dateTime(stats.as_of) })}</p>
    </section>
  );
}

