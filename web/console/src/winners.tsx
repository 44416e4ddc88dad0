// The claims of a sale: searched by the server, shown a screenful at a time, and downloaded by links.
//
// Rows are loaded as they are scrolled to, and only those in sight are elements: the page is as quick with a
// hundred thousand as with ten.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { get, Problem, request, salePath } from './api.ts';
import { clockTimeExact, number, t } from './i18n.ts';
import { Icon } from './icons.tsx';
import { Empty, Field, Loading, ProblemNote } from './parts.tsx';
import type { Claim, Page } from './types.ts';

const kPage = 500;
const kRow = 44; // px, as in main.css
const kMargin = 8; // rows beyond what is in sight
const kFew = 10; // as many are shown without a scroll bar
const kTypingPause = 300; // ms

type StatusFilter = '' | Claim['status'];

interface Search {
  text: string;
  status: StatusFilter;
}

interface Found {
  rows: Claim[];
  next: string | null | undefined; // undefined: nothing asked for yet; null: there are no more
  problem: Problem | undefined;
}

function isClaimId(text: string): boolean {
  return /^clm_[0-9a-z]{26}$/.test(text);
}

async function pageOf(id: string, search: Search, after: string | undefined, signal: AbortSignal): Promise<Page<Claim>> {
  if (isClaimId(search.text)) {
    try {
      const { data } = await request<Claim>(salePath(id, `/claims/${search.text}`), { signal });
      const fits = search.status === '' || data.status === search.status;
      return { data: fits ? [data] : [], has_more: false, next: null };
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
      return { data: [], has_more: false, next: null };
    }
  }
  return get<Page<Claim>>(salePath(id, `/claims?${queryOf(search, { limit: String(kPage), after })}`), signal);
}

function queryOf(search: Search, more: Record<string, string | undefined>): URLSearchParams {
  const query = new URLSearchParams();
  if (search.status) query.set('status', search.status);
  if (search.text && !isClaimId(search.text)) query.set('buyer', search.text);
  for (const [name, value] of Object.entries(more)) if (value !== undefined) query.set(name, value);
  return query;
}

function useClaims(id: string, search: Search): { found: Found; more: () => void } {
  const [found, setFound] = useState<Found>({ rows: [], next: undefined, problem: undefined });
  const busy = useRef(false);
  const abort = useRef(new AbortController());
  const load = useCallback(
    async (before: Found): Promise<void> => {
      if (busy.current || before.next === null) return;
      busy.current = true;
      const { signal } = abort.current;
      try {
        const page = await pageOf(id, search, before.next, signal);
        if (!signal.aborted) setFound({ rows: before.rows.concat(page.data), next: page.next, problem: undefined });
      } catch (error) {
        if (!signal.aborted) {
          setFound({ ...before, problem: error instanceof Problem ? error : new Problem('console', 0, String(error), '') });
        }
      } finally {
        if (!signal.aborted) busy.current = false;
      }
    },
    [id, search],
  );
  useEffect(() => {
    abort.current = new AbortController();
    busy.current = false;
    const nothing: Found = { rows: [], next: undefined, problem: undefined };
    setFound(nothing);
    void load(nothing);
    return () => abort.current.abort();
  }, [load]);
  return { found, more: () => void load(found) };
}

export function Winners({ sale }: { sale: string }) {
  const [text, setText] = useState('');
  const [status, setStatus] = useState<StatusFilter>('');
  const [search, setSearch] = useState<Search>({ text: '', status: '' });
  useEffect(() => {
    const timer = window.setTimeout(() => {
      const wanted = { text: text.trim(), status };
      setSearch((old) => (old.text === wanted.text && old.status === wanted.status ? old : wanted));
    }, kTypingPause);
    return () => window.clearTimeout(timer);
  }, [text, status]);
  const { found, more } = useClaims(sale, search);
  return (
    <section class="card">
      <h2>{t('result.winners')}</h2>
      <div class="tools">
        <Field label={t('result.search')}>
          {(attributes) => (
            <input
              {...attributes}
              class="input"
              type="search"
              placeholder={t('result.search_hint')}
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        </Field>
        <div class="narrow field">
          <label for="winners-status">{t('result.status')}</label>
          <select
            id="winners-status"
            class="input"
            value={status}
            onChange={(event) => setStatus(event.currentTarget.value as StatusFilter)}
          >
            <option value="">{t('result.all')}</option>
            <option value="confirmed">{t('claim.confirmed')}</option>
            <option value="held">{t('claim.held')}</option>
            <option value="released">{t('claim.released')}</option>
          </select>
        </div>
        <div class="button-row">
          {(['csv', 'ndjson'] as const).map((format) => (
            <a
              key={format}
              class="button"
              href={salePath(sale, `/claims?${queryOf(search, { format })}`)}
              download={`${sale}.${format}`}
            >
              <Icon name="download" size={18} /> {format.toUpperCase()}
            </a>
          ))}
        </div>
      </div>
      {found.problem && <ProblemNote problem={found.problem} onRetry={more} />}
      <Rows key={`${search.status} ${search.text}`} found={found} more={more} />
    </section>
  );
}

function Rows({ found, more }: { found: Found; more: () => void }) {
  const box = useRef<HTMLElement>(null);
  const [top, setTop] = useState(0);
  const { rows, next } = found;
  const height = box.current?.clientHeight || kRow * kFew;
  const from = Math.max(0, Math.min(top, rows.length * kRow - height)); // a list may have become shorter
  const first = Math.max(0, Math.floor(from / kRow) - kMargin);
  const last = Math.min(rows.length, Math.ceil((from + height) / kRow) + kMargin);
  const isEndNear = last >= rows.length - kMargin;
  useEffect(() => {
    // A page by status may be short where few are of it: on, until there is something to see or no more.
    if (next !== null && next !== undefined && isEndNear && !found.problem) more();
  }, [isEndNear, rows.length, next]);
  if (rows.length === 0) {
    if (next === null) return <Empty title={t('result.nobody')} />;
    return found.problem ? null : <Loading lines={5} />;
  }
  return (
    <>
      <div class="row row-head" aria-hidden="true">
        <span>{t('result.order')}</span>
        <span>{t('result.buyer')}</span>
        <span>{t('result.status')}</span>
        <span>{t('result.claimed_at')}</span>
        <span>{t('result.reference')}</span>
      </div>
      <section
        ref={box}
        class={rows.length <= kFew && next === null ? 'rows few' : 'rows'}
        tabIndex={0}
        aria-label={t('result.winners')}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <ol class="rows-space" style={{ height: `${rows.length * kRow}px` }}>
          {rows.slice(first, last).map((claim, i) => (
            <li key={claim.id} class="row" style={{ top: `${(first + i) * kRow}px` }}>
              <span class="num">{number(claim.sequence)}</span>
              <span title={claim.buyer}>{claim.buyer}</span>
              <span>
                {t(`claim.${claim.status}`)}
                {claim.quantity > 1 && <span class="num"> × {number(claim.quantity)}</span>}
              </span>
              <span class="num" title={claim.claimed_at}>{clockTimeExact(claim.claimed_at)}</span>
              <span title={claim.reference ?? ''}>{claim.reference ?? '–'}</span>
            </li>
          ))}
        </ol>
      </section>
      <p class="hint num" role="status">
        {t(next === null ? 'result.shown_all' : 'result.shown', { n: rows.length })}
      </p>
    </>
  );
}
