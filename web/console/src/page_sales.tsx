// All sales: what opens next, what is on, what comes, what was.

import { useEffect, useState } from 'preact/hooks';

import { get, salePath } from './api.ts';
import { serverNow } from './clock.ts';
import { useLoad } from './hooks.ts';
import { dateTime, number, t, titleOf, type MessageKey } from './i18n.ts';
import { Icon } from './icons.tsx';
import { Await, chipOf, Countdown, Empty, shareLine, StockBar } from './parts.tsx';
import { saleLink } from './route.ts';
import type { Page, Sale, SaleStats } from './types.ts';

const kPage = 200; // sales asked for at a time
const kShown = 24; // cards of ended sales shown at first

async function allSales(signal: AbortSignal): Promise<Sale[]> {
  const sales: Sale[] = [];
  let after = '';
  do {
    const page = await get<Page<Sale>>(`/v1/sales?limit=${kPage}${after}`, signal);
    sales.push(...page.data);
    after = page.next === null ? '' : `&after=${encodeURIComponent(page.next)}`;
  } while (after !== '');
  return sales;
}

function opensAt(sale: Sale): number {
  return sale.opens_at === null ? 0 : Date.parse(sale.opens_at);
}

export function SalesPage() {
  const sales = useLoad('sales', allSales, 3000);
  return (
    <>
      <div class="head">
        <h1>{t('nav.sales')}</h1>
        <a class="button first" href="#/new">
          <Icon name="plus" size={18} />
          {t('sales.new')}
        </a>
      </div>
      <Await of={sales}>{(list) => <Lists sales={list} />}</Await>
    </>
  );
}

function Lists({ sales }: { sales: Sale[] }) {
  if (sales.length === 0) {
    return (
      <Empty title={t('sales.none')}>
        <p class="quiet">{t('sales.none_advice')}</p>
        <a class="button first" href="#/new">
          {t('sales.new')}
        </a>
      </Empty>
    );
  }
  const of = (...states: string[]): Sale[] => sales.filter((sale) => states.includes(sale.status));
  const coming = of('scheduled').sort((a, b) => opensAt(a) - opensAt(b));
  const next = coming.find((sale) => opensAt(sale) > serverNow());
  return (
    <>
      {next?.opens_at && (
        <section class="next" aria-label={t('sales.next')}>
          <div>
            <p>{t('sales.next')}</p>
            <p class="what">
              <a href={saleLink(next.id, 'live')}>{titleOf(next.title)}</a>
            </p>
            <p class="quiet num">{dateTime(next.opens_at)}</p>
          </div>
          <Countdown class="countdown" until={next.opens_at} />
        </section>
      )}
      <Group title="sales.on" sales={of('open', 'paused').reverse()} every={2000} />
      <Group title="sales.coming" sales={coming} every={0} />
      <Group title="sales.ended" sales={of('closed').reverse()} every={0} />
    </>
  );
}

function Group({ title, sales, every }: { title: MessageKey; sales: Sale[]; every: number }) {
  const [shown, setShown] = useState(kShown);
  if (sales.length === 0) return null;
  return (
    <section>
      <h2 class="section-title">
        {t(title)} <span class="num">({number(sales.length)})</span>
      </h2>
      <ul class="sales">
        {sales.slice(0, shown).map((sale) => (
          <Card key={sale.id} sale={sale} every={every} />
        ))}
      </ul>
      {sales.length > shown && (
        <p>
          <button type="button" class="button" onClick={() => setShown(shown + kShown)}>
            {t('more')}
          </button>
        </p>
      )}
    </section>
  );
}

function Card({ sale, every }: { sale: Sale; every: number }) {
  const page = sale.status === 'closed' ? 'result' : 'live';
  return (
    <li class="card sale-card">
      <div class="sale-top">
        <h3>
          <a href={saleLink(sale.id, page)}>{titleOf(sale.title)}</a>
        </h3>
        {chipOf(sale)}
      </div>
      <p class="mono small">{sale.id}</p>
      <div class="sale-foot">
        {sale.status === 'scheduled' ? <Coming sale={sale} /> : <Stock sale={sale} every={every} />}
      </div>
    </li>
  );
}

function Coming({ sale }: { sale: Sale }) {
  return (
    <p class="quiet small num">
      {sale.opens_at ? t('sales.opens', { at: dateTime(sale.opens_at) }) : ''} ·{' '}
      {t('units', { n: sale.stock })}
    </p>
  );
}

function Stock({ sale, every }: { sale: Sale; every: number }) {
  const stats = useLoad(`${sale.id} ${sale.version}`, (signal) => get<SaleStats>(salePath(sale.id, '/stats'), signal), every);
  // What ended is asked for once more when it ends: its last numbers are the ones that stay.
  useEffect(() => stats.reload(), [sale.status]);
  if (!stats.data) return <p class="quiet small">{t('units', { n: sale.stock })}</p>;
  const taken = stats.data.held + stats.data.confirmed;
  return (
    <div class="stack">
      <StockBar stats={stats.data} label={shareLine(stats.data)} />
      <p class="quiet small num">
        {sale.status === 'closed'
          ? t('sales.sold', { sold: number(taken), stock: number(stats.data.stock) })
          : shareLine(stats.data)}
      </p>
    </div>
  );
}
