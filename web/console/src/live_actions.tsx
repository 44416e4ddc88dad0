// Pause, resume, add stock, close; full screen, hidden numbers, help: as buttons and by single keys.

import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { Problem, request, salePath } from './api.ts';
import { useDoing } from './hooks.ts';
import { number, t, type MessageKey } from './i18n.ts';
import { Icon } from './icons.tsx';
import { keep, kept } from './kept.ts';
import { Dialog, Field, ProblemNote, TypeTheId } from './parts.tsx';
import type { Sale } from './types.ts';

const kMostTries = 5; // to add stock while others change the sale too

export async function steer(id: string, what: 'pause' | 'resume' | 'close' | 'cancel'): Promise<Sale> {
  return (await request<Sale>(salePath(id, `/${what}`), { method: 'POST' })).data;
}

/** Adding goes on top of whatever somebody else has just written, so it is tried again by itself. */
export async function addStock(id: string, units: number): Promise<Sale> {
  for (let tries = 1; ; ++tries) {
    const { data, etag } = await request<Sale>(salePath(id));
    try {
      const changed = await request<Sale>(salePath(id), {
        method: 'PATCH',
        body: { stock: data.stock + units },
        ifMatch: etag ?? '*',
      });
      return changed.data;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412 || tries === kMostTries) throw error;
    }
  }
}

type Open = 'none' | 'stock' | 'close' | 'help';

const kKeys: [string, MessageKey][] = [
  ['P', 'live.key_pause'],
  ['A', 'live.key_add'],
  ['C', 'live.key_close'],
  ['F', 'live.key_full'],
  ['S', 'live.key_streamer'],
  ['?', 'live.key_help'],
];

export function LiveActions({ sale, frame, isStreamer, onStreamer, onSaw }: {
  sale: Sale;
  frame: RefObject<HTMLDivElement>;
  isStreamer: boolean;
  onStreamer: (on: boolean) => void;
  onSaw: (sale: Sale) => void;
}) {
  const [open, setOpen] = useState<Open>('none');
  const [hasKeys, setKeys] = useState(kept('shortcuts') !== 'off');
  const doing = useDoing();
  const isClosed = sale.status === 'closed';
  const canResume = sale.status === 'paused';

  const pauseOrResume = (): void => {
    if (isClosed) return;
    doing.run(async () => onSaw(await steer(sale.id, canResume ? 'resume' : 'pause')));
  };
  const show = (what: Open): void => {
    if (isClosed && what !== 'help') return;
    doing.clear();
    setOpen(what);
  };
  const fullScreen = (): void => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void frame.current?.requestFullscreen?.().catch(() => {});
  };
  useShortcuts(hasKeys && open === 'none', {
    p: pauseOrResume,
    a: () => show('stock'),
    c: () => show('close'),
    f: fullScreen,
    s: () => onStreamer(!isStreamer),
  });
  useShortcuts(open === 'none', { '?': () => show('help') });

  const close = (): void => setOpen('none');
  return (
    <>
      <div class="live-tools">
        <div class="button-row">
          <button type="button" class={canResume ? 'button first' : 'button'} disabled={isClosed || doing.busy} onClick={pauseOrResume}>
            <Icon name={canResume ? 'play' : 'pause'} size={18} />
            {t(canResume ? 'live.resume' : 'live.pause')}
          </button>
          <button type="button" class="button" disabled={isClosed} onClick={() => show('stock')}>
            <Icon name="plus" size={18} />
            {t('live.add_stock')}
          </button>
          <button type="button" class="button danger" disabled={isClosed} onClick={() => show('close')}>
            <Icon name="closed" size={18} />
            {t('live.close')}
          </button>
        </div>
        <div class="button-row">
          <button type="button" class="button plain" onClick={fullScreen}>
            <Icon name="full" size={18} />
            {t('live.full_screen')}
          </button>
          <button type="button" class="button plain" aria-pressed={isStreamer} onClick={() => onStreamer(!isStreamer)}>
            <Icon name="eye" size={18} />
            {t('live.streamer')}
          </button>
          <button type="button" class="button plain" onClick={() => show('help')}>
            <Icon name="keyboard" size={18} />
            {t('live.shortcuts')}
          </button>
        </div>
      </div>
      {open === 'none' && doing.problem && (
        <div class="stale">
          <ProblemNote problem={doing.problem} />
        </div>
      )}
      {open === 'stock' && (
        <AddStock
          sale={sale}
          doing={doing}
          onClose={close}
          onAdd={(units) =>
            doing.run(async () => {
              onSaw(await addStock(sale.id, units));
              close();
            })
          }
        />
      )}
      {open === 'close' && (
        <TypeTheId
          sale={sale.id}
          title={t('live.close_title')}
          warning={t('live.close_warning')}
          action={t('live.close')}
          busy={doing.busy}
          problem={doing.problem}
          onClose={close}
          onDo={() =>
            doing.run(async () => {
              onSaw(await steer(sale.id, 'close'));
              close();
            })
          }
        />
      )}
      {open === 'help' && (
        <Help
          hasKeys={hasKeys}
          onKeys={(on) => {
            keep('shortcuts', on ? null : 'off');
            setKeys(on);
          }}
          onClose={close}
        />
      )}
    </>
  );
}

/** Single keys, but never while something is typed, nor together with Ctrl, Alt or Meta. */
function useShortcuts(isOn: boolean, actions: Record<string, () => void>): void {
  useEffect(() => {
    if (!isOn) return undefined;
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.defaultPrevented) return;
      const target = event.target as HTMLElement;
      if (target.closest('input, textarea, select, dialog, [contenteditable]')) return;
      const action = actions[event.key.toLowerCase()];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  });
}

function AddStock({ sale, doing, onAdd, onClose }: {
  sale: Sale;
  doing: ReturnType<typeof useDoing>;
  onAdd: (units: number) => void;
  onClose: () => void;
}) {
  const [text, setText] = useState('');
  const units = /^[1-9]\d{0,8}$/.test(text.trim()) ? Number(text.trim()) : 0;
  return (
    <Dialog title={t('live.add_stock')} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (units > 0) onAdd(units);
        }}
      >
        <Field
          label={t('live.units_to_add')}
          hint={units > 0
            ? t('live.stock_will_be', { from: number(sale.stock), to: number(sale.stock + units) })
            : t('live.stock_is', { stock: number(sale.stock) })}
          wrong={text.trim() !== '' && units === 0 ? t('edit.whole_number') : undefined}
        >
          {(attributes) => (
            <input
              {...attributes}
              class="input num"
              type="text"
              inputmode="numeric"
              autocomplete="off"
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        </Field>
        {doing.problem && <ProblemNote problem={doing.problem} />}
        <div class="button-row">
          <button type="button" class="button" onClick={onClose}>
            {t('cancel')}
          </button>
          <button type="submit" class="button first" disabled={units === 0 || doing.busy}>
            {t('live.add')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Help({ hasKeys, onKeys, onClose }: {
  hasKeys: boolean;
  onKeys: (on: boolean) => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={t('live.shortcuts')} onClose={onClose}>
      <dl class="facts">
        {kKeys.map(([key, words]) => (
          <div key={key}>
            <dt>{t(words)}</dt>
            <dd>
              <kbd>{key}</kbd>
            </dd>
          </div>
        ))}
        <div>
          <dt>{t('live.key_escape')}</dt>
          <dd>
            <kbd>Esc</kbd>
          </dd>
        </div>
      </dl>
      <label class="check">
        <input type="checkbox" checked={hasKeys} onChange={(event) => onKeys(event.currentTarget.checked)} />
        {t('live.keys_on')}
      </label>
      <div class="button-row">
        <button type="button" class="button" onClick={onClose}>
          {t('close')}
        </button>
      </div>
    </Dialog>
  );
}
