// Checks with a verdict each: well, to be looked at, not well.

import { Icon } from './icons.tsx';
import { t } from './i18n.ts';

export type Verdict = 'ok' | 'warn' | 'bad';

export interface Check {
  id: string;
  verdict: Verdict;
  title: string;
  detail?: string;
}

const kIcons = { ok: 'check', warn: 'warn', bad: 'cross' } as const;

export function Checks({ checks }: { checks: Check[] }) {
  return (
    <ul class="checks">
      {checks.map((check) => (
        <li key={check.id} class={check.verdict} data-check={check.id} data-verdict={check.verdict}>
          <Icon name={kIcons[check.verdict]} />
          <div>
            <p>
              <span class="hidden-visually">{t(`verdict.${check.verdict}`)}: </span>
              {check.title}
            </p>
            {check.detail && <p class="hint">{check.detail}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}
