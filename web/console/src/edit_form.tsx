// The fields of a sale.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import type { Problem } from './api.ts';
import { duration, t } from './i18n.ts';
import { Field } from './parts.tsx';
import { fromLocal, isSlug, metadataOf, slugOf, whole, type SaleForm } from './sale_form.ts';
import type { LatePayment, Sale } from './types.ts';

const kZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function EditForm({ form, sale, onChange, busy, problem, action, onSubmit, children }: {
  form: SaleForm;
  sale: Sale | undefined; // undefined: a new one
  onChange: (form: SaleForm) => void;
  busy: boolean;
  problem: Problem | undefined;
  action: string;
  onSubmit: () => void;
  children?: ComponentChildren;
}) {
  const [idTouched, setIdTouched] = useState(false);
  const isNew = sale === undefined;
  const isClosed = sale?.status === 'closed';
  const hasOpened = sale !== undefined && sale.status !== 'scheduled';
  const set = (change: Partial<SaleForm>): void => onChange({ ...form, ...change });
  const numbers = { form, set, problem, disabled: isClosed };
  return (
    <form
      class="card stack wide"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) onSubmit();
      }}
    >
      <div class="pair">
        <Text
          label={t('edit.title_en')}
          value={form.titleEn}
          wrong={problem?.about('title')}
          onInput={(titleEn) => set({ titleEn, ...(isNew && !idTouched ? { id: slugOf(titleEn) } : {}) })}
        />
        <Text label={t('edit.title_zh')} value={form.titleZh} onInput={(titleZh) => set({ titleZh })} lang="zh-CN" />
      </div>
      <Text
        label={t('edit.id')}
        hint={t(isNew ? 'edit.id_hint' : 'edit.id_fixed')}
        value={form.id}
        mono
        disabled={!isNew}
        wrong={problem?.about('id') ?? (form.id !== '' && !isSlug(form.id) ? t('check.id_bad') : undefined)}
        onInput={(id) => {
          setIdTouched(id !== '');
          set({ id });
        }}
      />
      <div class="pair">
        <Number_ {...numbers} name="stock" member="stock" label={t('edit.stock')} least={1} most={100_000_000} />
        <Number_ {...numbers} name="limit" member="per_buyer_limit" label={t('edit.limit')} least={1} most={1000} />
        <Number_
          {...numbers}
          name="hold"
          member="hold_seconds"
          label={t('edit.hold')}
          least={0}
          most={2_592_000}
          hint={(seconds) => (seconds === 0 ? t('edit.no_hold') : duration(seconds))}
        />
      </div>
      <div class="pair">
        <Time
          label={t('edit.opens_at')}
          none={t('edit.at_once')}
          value={form.opensAt}
          disabled={hasOpened}
          wrong={problem?.about('opens_at')}
          onInput={(opensAt) => set({ opensAt })}
        />
        <Time
          label={t('edit.closes_at')}
          none={t('edit.by_hand')}
          value={form.closesAt}
          disabled={isClosed}
          wrong={problem?.about('closes_at')}
          onInput={(closesAt) => set({ closesAt })}
        />
      </div>
      <details>
        <summary>{t('edit.more')}</summary>
        <div class="stack">
          <div class="pair">
            <Field label={t('edit.late')} hint={t('edit.late_hint')} wrong={problem?.about('late_payment')}>
              {(attributes) => (
                <select
                  {...attributes}
                  class="input"
                  disabled={isClosed}
                  value={form.late}
                  onChange={(event) => set({ late: event.currentTarget.value as LatePayment })}
                >
                  <option value="reject">{t('edit.late_reject')}</option>
                  <option value="reacquire">{t('edit.late_reacquire')}</option>
                </select>
              )}
            </Field>
            <Number_ {...numbers} name="attempts" member="claim_attempts" label={t('edit.attempts')} least={1} most={1000} />
            <Number_
              {...numbers}
              name="extension"
              member="max_extension_seconds"
              label={t('edit.extension')}
              least={0}
              most={2_592_000}
              hint={duration}
            />
            <Number_
              {...numbers}
              disabled={false}
              name="archive"
              member="archive_after_seconds"
              label={t('edit.archive')}
              least={0}
              most={315_360_000}
              hint={(seconds) => (seconds === 0 ? t('edit.never') : duration(seconds))}
            />
          </div>
          <Field
            label={t('edit.metadata')}
            wrong={problem?.about('metadata') ?? (metadataOf(form.metadata) === undefined ? t('check.metadata_bad') : undefined)}
          >
            {(attributes) => (
              <textarea
                {...attributes}
                class="input mono"
                spellcheck={false}
                value={form.metadata}
                onInput={(event) => set({ metadata: event.currentTarget.value })}
              />
            )}
          </Field>
        </div>
      </details>
      {children}
      <div class="button-row">
        <button type="submit" class="button first" disabled={busy || !isComplete(form)}>
          {action}
        </button>
      </div>
    </form>
  );
}

/** Whether it can be sent at all; all else is for the server to say. */
function isComplete(form: SaleForm): boolean {
  const numbers = [form.stock, form.limit, form.hold, form.attempts, form.extension, form.archive];
  return isSlug(form.id.trim()) && numbers.every((text) => whole(text, 0, 1e12) !== undefined) && metadataOf(form.metadata) !== undefined;
}

function Text({ label, hint, value, onInput, wrong, mono = false, disabled = false, lang }: {
  label: string;
  hint?: string;
  value: string;
  onInput: (value: string) => void;
  wrong?: string | undefined;
  mono?: boolean;
  disabled?: boolean;
  lang?: string;
}) {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(attributes) => (
        <input
          {...attributes}
          class={mono ? 'input mono' : 'input'}
          type="text"
          autocomplete="off"
          spellcheck={!mono}
          maxLength={200}
          lang={lang}
          disabled={disabled}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

function Number_({ form, set, problem, disabled, name, member, label, least, most, hint }: {
  form: SaleForm;
  set: (change: Partial<SaleForm>) => void;
  problem: Problem | undefined;
  disabled: boolean;
  name: 'stock' | 'limit' | 'hold' | 'attempts' | 'extension' | 'archive';
  member: string;
  label: string;
  least: number;
  most: number;
  hint?: (value: number) => string;
}) {
  const value = whole(form[name], least, most);
  return (
    <Field
      label={label}
      hint={value !== undefined && hint ? hint(value) : undefined}
      wrong={problem?.about(member) ?? (value === undefined ? t('edit.whole_between', { least, most }) : undefined)}
    >
      {(attributes) => (
        <input
          {...attributes}
          class="input num"
          type="text"
          inputmode="numeric"
          autocomplete="off"
          disabled={disabled}
          value={form[name]}
          onInput={(event) => set({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
}

function Time({ label, none, value, disabled, wrong, onInput }: {
  label: string;
  none: string;
  value: string;
  disabled: boolean;
  wrong: string | undefined;
  onInput: (value: string) => void;
}) {
  const utc = fromLocal(value);
  return (
    <Field
      label={label}
      hint={utc === null ? none : `${kZone} · UTC ${utc.slice(0, 19).replace('T', ' ')}`}
      wrong={wrong}
    >
      {(attributes) => (
        <input
          {...attributes}
          class="input num"
          type="datetime-local"
          step="1"
          disabled={disabled}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
