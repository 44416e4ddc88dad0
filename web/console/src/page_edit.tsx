// A new sale, and changes to one: the form, how buyers will see it, and the checks before it opens.

import { useEffect, useState } from 'preact/hooks';

import { get, Problem, request, salePath } from './api.ts';
import { Checks } from './checks.tsx';
import { EditForm } from './edit_form.tsx';
import { useDoing, useLoad, type Loaded } from './hooks.ts';
import { t, type MessageKey } from './i18n.ts';
import { steer } from './live_actions.tsx';
import { Await, Loading, Note, ProblemNote, TypeTheId } from './parts.tsx';
import { preflight } from './preflight.ts';
import { Preview } from './preview.tsx';
import { go, saleLink } from './route.ts';
import { createBody, differing, formOf, kNewSale, patchBody, rebased, type SaleForm } from './sale_form.ts';
import { SaleHead } from './sale_head.tsx';
import type { Sale, ServerAbout, Session } from './types.ts';

interface Seen {
  about: ServerAbout;
  tookMs: number;
}

function useServer(): Loaded<Seen> {
  return useLoad(
    'preflight',
    async (signal) => {
      const began = performance.now();
      const about = await get<ServerAbout>('/v1/server', signal);
      return { about, tookMs: performance.now() - began };
    },
    5000,
  );
}

function Beside({ form, hasOpened, session }: { form: SaleForm; hasOpened: boolean; session: Session }) {
  const server = useServer();
  const { about, tookMs } = server.problem || !server.data ? { about: undefined, tookMs: 0 } : server.data;
  return (
    <div class="stack wide">
      <section class="card">
        <h2>{t('edit.preview')}</h2>
        <Preview form={form} />
      </section>
      <section class="card">
        <h2>{t('edit.preflight')}</h2>
        {about || server.problem ? (
          <Checks checks={preflight({ form, hasOpened, about, tookMs, session })} />
        ) : (
          <Loading lines={6} />
        )}
      </section>
    </div>
  );
}

export function NewPage({ session }: { session: Session }) {
  const [form, setForm] = useState<SaleForm>(kNewSale);
  const doing = useDoing();
  return (
    <>
      <div class="head">
        <h1>{t('sales.new')}</h1>
      </div>
      <div class="split">
        <EditForm
          form={form}
          sale={undefined}
          onChange={setForm}
          busy={doing.busy}
          problem={doing.problem}
          action={t('edit.publish')}
          onSubmit={() =>
            doing.run(async () => {
              const { data } = await request<Sale>('/v1/sales', { method: 'POST', body: createBody(form) });
              go(saleLink(data.id, 'live'));
            })
          }
        >
          {doing.problem && <ProblemNote problem={doing.problem} />}
        </EditForm>
        <Beside form={form} hasOpened={false} session={session} />
      </div>
    </>
  );
}

interface Base {
  sale: Sale;
  etag: string;
}

export function EditPage({ sale: id, session }: { sale: string; session: Session }) {
  const loaded = useLoad<Base>(`edit ${id}`, async (signal) => {
    const { data, etag } = await request<Sale>(salePath(id), { signal });
    return { sale: data, etag: etag ?? '' };
  });
  return (
    <>
      <SaleHead id={id} page="edit" sale={loaded.data?.sale} />
      <Await of={loaded}>{(base) => <Editor key={id} start={base} session={session} />}</Await>
    </>
  );
}

function Editor({ start, session }: { start: Base; session: Session }) {
  const [base, setBase] = useState(start);
  const [form, setForm] = useState(() => formOf(start.sale));
  const [theirs, setTheirs] = useState<Base | undefined>();
  const [isSaved, setSaved] = useState(false);
  const doing = useDoing();
  const before = formOf(base.sale);
  const id = base.sale.id;
  const hasChanges = differing(before, form).length > 0;

  const save = (): void =>
    doing.run(async () => {
      setSaved(false);
      try {
        const body = patchBody(before, form, base.sale.title);
        const { data, etag } = await request<Sale>(salePath(id), { method: 'PATCH', body, ifMatch: base.etag });
        setBase({ sale: data, etag: etag ?? '' });
        setForm(formOf(data));
        setSaved(true);
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 412) throw error;
        const { data, etag } = await request<Sale>(salePath(id));
        setTheirs({ sale: data, etag: etag ?? '' });
      }
    });
  const resolve = (keepMine: boolean): void => {
    if (!theirs) return;
    const other = formOf(theirs.sale);
    setForm(keepMine ? rebased(before, form, other) : other);
    setBase(theirs);
    setTheirs(undefined);
  };
  return (
    <div class="split">
      <div class="stack wide">
        <EditForm
          form={form}
          sale={base.sale}
          onChange={(changed) => {
            setSaved(false);
            setForm(changed);
          }}
          busy={doing.busy || theirs !== undefined || !hasChanges}
          problem={doing.problem}
          action={t('edit.save')}
          onSubmit={save}
        >
          {theirs && <Conflict before={before} theirs={formOf(theirs.sale)} mine={form} onResolve={resolve} />}
          {doing.problem && <ProblemNote problem={doing.problem} />}
          {isSaved && <Note>{t('edit.saved')}</Note>}
        </EditForm>
        <Ends base={base} onEnded={(sale, etag) => setBase({ sale, etag })} />
      </div>
      <Beside form={form} hasOpened={base.sale.status !== 'scheduled'} session={session} />
    </div>
  );
}

const kFieldNames: Record<keyof SaleForm, MessageKey> = {
  id: 'edit.id',
  titleEn: 'edit.title_en',
  titleZh: 'edit.title_zh',
  stock: 'edit.stock',
  limit: 'edit.limit',
  hold: 'edit.hold',
  opensAt: 'edit.opens_at',
  closesAt: 'edit.closes_at',
  late: 'edit.late',
  attempts: 'edit.attempts',
  extension: 'edit.extension',
  archive: 'edit.archive',
  metadata: 'edit.metadata',
};

function Conflict({ before, theirs, mine, onResolve }: {
  before: SaleForm;
  theirs: SaleForm;
  mine: SaleForm;
  onResolve: (keepMine: boolean) => void;
}) {
  return (
    <Note kind="warn">
      <strong>{t('edit.conflict')}</strong>
      <ul>
        {differing(before, theirs).map((name) => (
          <li key={name}>
            {t('edit.conflict_change', { field: t(kFieldNames[name]), from: before[name] || '–', to: theirs[name] || '–' })}
            {mine[name] !== before[name] && mine[name] !== theirs[name] && (
              <> {t('edit.conflict_yours', { value: mine[name] || '–' })}</>
            )}
          </li>
        ))}
      </ul>
      <div class="button-row">
        <button type="button" class="button first small" onClick={() => onResolve(true)}>
          {t('edit.keep_mine')}
        </button>
        <button type="button" class="button small" onClick={() => onResolve(false)}>
          {t('edit.take_theirs')}
        </button>
      </div>
    </Note>
  );
}

type End = 'cancel' | 'delete';

function Ends({ base, onEnded }: { base: Base; onEnded: (sale: Sale, etag: string) => void }) {
  const [asked, setAsked] = useState<End | undefined>();
  const doing = useDoing();
  const { sale } = base;
  useEffect(() => doing.clear(), [asked]);
  const end = (what: End): void =>
    doing.run(async () => {
      if (what === 'delete') {
        await request(salePath(sale.id), { method: 'DELETE' });
        go('#/');
        return;
      }
      await steer(sale.id, 'cancel');
      const { data, etag } = await request<Sale>(salePath(sale.id));
      onEnded(data, etag ?? '');
      setAsked(undefined);
    });
  return (
    <section class="card">
      <h2>{t('edit.ends')}</h2>
      <div class="stack">
        <p class="hint">{t('edit.cancel_hint')}</p>
        <div class="button-row">
          <button type="button" class="button danger" disabled={sale.cancelled === true} onClick={() => setAsked('cancel')}>
            {t('edit.cancel_sale')}
          </button>
        </div>
        <p class="hint">{t('edit.delete_hint')}</p>
        <div class="button-row">
          <button
            type="button"
            class="button danger"
            disabled={sale.status === 'open' || sale.status === 'paused'}
            onClick={() => setAsked('delete')}
          >
            {t('edit.delete_sale')}
          </button>
        </div>
      </div>
      {asked && (
        <TypeTheId
          sale={sale.id}
          title={t(asked === 'cancel' ? 'edit.cancel_sale' : 'edit.delete_sale')}
          warning={t(asked === 'cancel' ? 'edit.cancel_warning' : 'edit.delete_warning')}
          action={t(asked === 'cancel' ? 'edit.cancel_sale' : 'edit.delete_sale')}
          busy={doing.busy}
          problem={doing.problem}
          onDo={() => end(asked)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </section>
  );
}
