// How a buyer will see the sale, in the reader's language.

import { serverNow } from './clock.ts';
import { useTick } from './hooks.ts';
import { countdown, dateTime, duration, language, t } from './i18n.ts';
import { fromLocal, whole, type SaleForm } from './sale_form.ts';

export function Preview({ form }: { form: SaleForm }) {
  useTick(1000);
  const opens = fromLocal(form.opensAt);
  const left = opens ? Date.parse(opens) - serverNow() : 0;
  const hold = whole(form.hold, 0, 2_592_000) ?? 0;
  const inOrder = language() === 'en' ? [form.titleEn, form.titleZh] : [form.titleZh, form.titleEn];
  const title = inOrder.map((each) => each.trim()).find((each) => each !== '') ?? (form.id || t('edit.untitled'));
  return (
    <div class="preview" data-preview>
      <p class="name">{title}</p>
      {left > 0 ? (
        <>
          <p class="countdown num">{countdown(left)}</p>
          <p class="quiet small">{dateTime(opens as string)}</p>
          <p class="fake waiting">{t('preview.not_yet')}</p>
        </>
      ) : (
        <p class="fake">{t('preview.claim')}</p>
      )}
      <p class="quiet small">
        {t('preview.limit', { n: whole(form.limit, 1, 1000) ?? 1 })}{' '}
        {hold > 0 ? t('preview.hold', { time: duration(hold) }) : t('preview.no_hold')}
      </p>
    </div>
  );
}
