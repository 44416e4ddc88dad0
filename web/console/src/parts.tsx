// The pieces that pages are made of. None of them asks the server for anything but a problem's advice.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

import { adviceOn, type Problem } from './api.ts';
import { serverNow } from './clock.ts';
import { useTick } from './hooks.ts';
import { countdown, number, t } from './i18n.ts';
import { Icon, type IconName } from './icons.tsx';
import type { Sale, SaleState, SaleStats } from './types.ts';

export function Note({ kind, children }: { kind?: 'bad' | 'warn'; children: ComponentChildren }) {
  return (
    <div class={`note ${kind ?? ''}`} role={kind === 'bad' ? 'alert' : 'status'}>
      <Icon name={kind ? 'warn' : 'info'} />
      <div class="note-body">{children}</div>
    </div>
  );
}

/** What was refused, why, and what to do about it. */
export function ProblemNote({ problem, onRetry }: { problem: Problem; onRetry?: (() => void) | undefined }) {
  const [advice, setAdvice] = useState('');
  const isOurs = problem.status === 0;
  useEffect(() => {
    let shown = true;
    setAdvice('');
    if (!isOurs) void adviceOn(problem.code).then((text) => shown && setAdvice(text));
    return () => {
      shown = false;
    };
  }, [problem]);
  const title = isOurs ? t(problem.code === 'unreachable' ? 'problem.unreachable' : 'problem.console') : problem.title;
  return (
    <Note kind="bad">
      <strong>{title}</strong>
      {problem.code === 'unreachable' && <p>{t('problem.unreachable_advice')}</p>}
      {problem.detail && <p>{problem.detail}</p>}
      {problem.errors.length > 0 && (
        <ul>
          {problem.errors.map((flaw) => (
            <li>
              <code>{flaw.pointer ?? flaw.parameter ?? flaw.header}</code> {flaw.detail}
            </li>
          ))}
        </ul>
      )}
      {advice && <p class="quiet">{plain(advice)}</p>}
      {onRetry && (
        <p>
          <button type="button" class="button small" onClick={onRetry}>
            {t('again')}
          </button>
        </p>
      )}
    </Note>
  );
}

/** The advice with what stands between backticks as code. */
function plain(text: string): ComponentChildren[] {
  return text.split('`').map((piece, i) => (i % 2 === 1 ? <code>{piece}</code> : piece));
}

export function Empty({ title, isPage = false, children }: {
  title: string;
  isPage?: boolean; // it is all of the page
  children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <Icon name="ticket" size={36} />
      {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children}
    </div>
  );
}

/** Stands where something will be. */
export function Loading({ lines = 0 }: { lines?: number }) {
  return (
    <div class="stack" role="status">
      <span class="hidden-visually">{t('loading')}</span>
      {lines === 0 ? (
        <div class="skeleton tall" />
      ) : (
        Array.from({ length: lines }, (_, i) => <div key={i} class="skeleton line" />)
      )}
    </div>
  );
}

/** What was loaded, or why not, or that it is under way. Old data stays beside a new problem. */
export function Await<T>({ of, lines, children }: {
  of: { data: T | undefined; problem: Problem | undefined; reload: () => void };
  lines?: number;
  children: (data: T) => ComponentChildren;
}) {
  return (
    <>
      {of.problem && (
        <div class="stale">
          <ProblemNote problem={of.problem} onRetry={of.reload} />
        </div>
      )}
      {of.data !== undefined ? children(of.data) : !of.problem && <Loading lines={lines ?? 0} />}
    </>
  );
}

const kStateIcons: Record<SaleState, IconName> = {
  open: 'open',
  scheduled: 'scheduled',
  paused: 'pause',
  closed: 'closed',
};

export function StateChip({ status, cancelled = false }: { status: SaleState; cancelled?: boolean | undefined }) {
  return (
    <span class={`chip ${status}`}>
      <Icon name={kStateIcons[status]} size={14} />
      {cancelled ? t('state.cancelled') : t(`state.${status}`)}
    </span>
  );
}

export function chipOf(sale: Sale) {
  return <StateChip status={sale.status} cancelled={sale.cancelled} />;
}

/** How the stock is divided. Widths are set through the style object, which a strict CSP allows. */
export function StockBar({ stats, big = false, label }: { stats: SaleStats; big?: boolean; label: string }) {
  const share = (units: number): string => `${stats.stock > 0 ? (100 * units) / stats.stock : 0}%`;
  return (
    <div class={big ? 'bar big' : 'bar'} role="img" aria-label={label}>
      <span class="confirmed" style={{ width: share(stats.confirmed) }} />
      <span class="held" style={{ width: share(stats.held) }} />
      <span class="burned" style={{ width: share(stats.burned) }} />
    </div>
  );
}

/** Counts down to `until` by the server's clock. */
export function Countdown({ until, class: name = '' }: { until: string; class?: string }) {
  useTick(250);
  return (
    <span class={`num ${name}`} role="timer">
      {countdown(Date.parse(until) - serverNow())}
    </span>
  );
}

/** A modal dialog of the browser's own: it keeps the focus and gives it back, and Escape closes it. */
export function Dialog({ title, onClose, children }: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={element} aria-labelledby={heading} onClose={onClose}>
      <h2 id={heading}>{title}</h2>
      {children}
    </dialog>
  );
}

export function Field({ label, hint, wrong, children }: {
  label: string;
  hint?: ComponentChildren;
  wrong?: string | undefined;
  children: (attributes: Record<string, string | boolean>) => ComponentChildren;
}) {
  const id = useId();
  const described = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        ...(described ? { 'aria-describedby': described } : {}),
        ...(wrong ? { 'aria-invalid': 'true' } : {}),
      })}
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
      {wrong && (
        <p id={`${id}-wrong`} class="wrong">
          {wrong}
        </p>
      )}
    </div>
  );
}

export function Code({ title, text }: { title: string; text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    navigator.clipboard
      ?.writeText(text)
      .then(() => {
        setCopied(true);
        window.setTimeout(() => setCopied(false), 2000);
      })
      .catch(() => {}); // not allowed here: the text can still be selected by hand
  };
  return (
    <div class="code">
      <div class="code-head">
        <p class="legend">{title}</p>
        <button type="button" class="button plain" onClick={copy}>
          <Icon name={copied ? 'check' : 'copy'} size={16} />
          <span aria-live="polite">{t(copied ? 'copied' : 'copy')}</span>
        </button>
      </div>
      <pre tabIndex={0}>{text}</pre>
    </div>
  );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="num">{children}</dd>
    </div>
  );
}

/** Asks for the sale's id before something that cannot be undone. */
export function TypeTheId({ sale, title, warning, action, busy, problem, onDo, onClose }: {
  sale: string;
  title: string;
  warning: string;
  action: string;
  busy: boolean;
  problem: Problem | undefined;
  onDo: () => void;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState('');
  const isRight = typed.trim() === sale;
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (isRight) onDo();
        }}
      >
        <p>{warning}</p>
        <Field label={t('type_the_id', { id: sale })}>
          {(attributes) => (
            <input
              {...attributes}
              class="input mono"
              type="text"
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          )}
        </Field>
        {problem && <ProblemNote problem={problem} />}
        <div class="button-row">
          <button type="button" class="button" onClick={onClose}>
            {t('cancel')}
          </button>
          <button type="submit" class="button danger" disabled={!isRight || busy}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function shareLine(stats: SaleStats): string {
  return t('sales.left', { n: stats.available, left: number(stats.available), stock: number(stats.stock) });
}
