// What became of a sale: the proof, the winners, the timeline.

import { useEffect, useRef, useState } from 'preact/hooks';

import { auditSale, type Audit } from './audit.ts';
import { get, request, salePath } from './api.ts';
import { useDoing, useLoad } from './hooks.ts';
import { dateTime, number, t } from './i18n.ts';
import { Icon } from './icons.tsx';
import { Await, Fact, Note, ProblemNote } from './parts.tsx';
import { SaleHead } from './sale_head.tsx';
import { Timeline } from './timeline.tsx';
import type { Sale, SaleStats } from './types.ts';
import { Winners } from './winners.tsx';

interface Result {
  sale: Sale;
  stats: SaleStats;
}

async function loadResult(id: string, signal: AbortSignal): Promise<Result> {
  const [sale, stats] = await Promise.all([
    request<Sale>(salePath(id), { signal }),
    get<SaleStats>(salePath(id, '/stats'), signal),
  ]);
  return { sale: sale.data, stats };
}

export function ResultPage({ sale: id }: { sale: string }) {
  const result = useLoad(`result ${id}`, (signal) => loadResult(id, signal), 3000);
  return (
    <>
      <SaleHead id={id} page="result" sale={result.data?.sale} />
      <Await of={result}>
        {({ sale, stats }) => (
          <div class="stack wide">
            {sale.status !== 'closed' && <Note>{t('result.not_over')}</Note>}
            <Proof sale={sale} stats={stats} />
            <div class="split">
              <Winners sale={id} />
              <Timeline sale={id} turn={sale.version + (sale.status === 'closed' ? 0.5 : 0)} />
            </div>
          </div>
        )}
      </Await>
    </>
  );
}

/** The sum is done here, from the parts: `conserved` alone would be the server's word for itself. */
function Proof({ sale, stats }: Result) {
  const parts = stats.available + stats.held + stats.confirmed + stats.burned;
  const addsUp = parts === stats.stock && stats.conserved;
  const refused = Object.values(stats.refused).reduce((sum, each) => sum + each, 0);
  const terms = [
    ['available', stats.available],
    ['held', stats.held],
    ['confirmed', stats.confirmed],
    ...(stats.burned > 0 ? [['burned', stats.burned] as const] : []),
  ] as const;
  return (
    <section class="card proof" data-proof={addsUp ? 'adds-up' : 'broken'}>
      <div>
        <p class={addsUp ? 'verdict' : 'verdict bad'}>
          <Icon name={addsUp ? 'check' : 'warn'} size={30} />
          {t(addsUp ? 'proof.adds_up' : 'proof.broken')}
        </p>
        <dl class="sum num">
          {terms.map(([name, units]) => (
            <div key={name}>
              <dt>{t(`stock.${name}`)}</dt>
              <dd>{number(units)}</dd>
            </div>
          ))}
          <div class="total">
            <dt>{t('stock.stock')}</dt>
            <dd>{number(parts)}</dd>
          </div>
        </dl>
        <Recount sale={sale} />
      </div>
      <dl class="facts">
        <Fact name={t('proof.stock_on_offer')}>{number(stats.stock)}</Fact>
        <Fact name={t('proof.released')}>
          {number(Object.values(stats.released).reduce((sum, each) => sum + each, 0))}
        </Fact>
        <Fact name={t('proof.refused')}>{number(refused)}</Fact>
        <Fact name={t('proof.sequence')}>{number(stats.sequence)}</Fact>
        <Fact name={t('proof.as_of')}>{dateTime(stats.as_of)}</Fact>
      </dl>
    </section>
  );
}

function Recount({ sale }: { sale: Sale }) {
  const doing = useDoing();
  const [seen, setSeen] = useState(0);
  const [audit, setAudit] = useState<Audit | undefined>();
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);
  const start = (): void => {
    setAudit(undefined);
    setSeen(0);
    doing.run(async () => {
      const result = await auditSale(sale.id, sale.per_buyer_limit, setSeen, abort.current.signal);
      if (!abort.current.signal.aborted) setAudit(result);
    });
  };
  return (
    <div class="stack">
      <div class="button-row">
        <button type="button" class="button" disabled={doing.busy} onClick={start}>
          {t('proof.recount')}
        </button>
      </div>
      <p class="hint num" role="status">
        {doing.busy
          ? t('proof.counting', { n: seen })
          : audit
            ? t(audit.addsUp ? 'proof.counted' : 'proof.counted_wrong', {
                n: audit.claims,
                held: audit.held,
                confirmed: audit.confirmed,
                doubled: audit.doubledUnits,
                over: audit.buyersOverLimit,
              })
            : t('proof.recount_hint')}
      </p>
      {audit && !audit.addsUp && sale.status !== 'closed' && <p class="hint">{t('proof.counted_moving')}</p>}
      {doing.problem && <ProblemNote problem={doing.problem} onRetry={start} />}
    </div>
  );
}
