// The way in: with an API key, which this page forgets as soon as the server has taken it.

import type { VNode } from 'preact';
import { useState } from 'preact/hooks';

import { useDoing } from './hooks.ts';
import { t } from './i18n.ts';
import { Mark } from './icons.tsx';
import { Code, Field, ProblemNote } from './parts.tsx';
import { signIn } from './session.ts';

export function SignIn({ choices, onSignedIn }: { choices: VNode; onSignedIn: () => void }) {
  const [key, setKey] = useState('');
  const doing = useDoing();
  return (
    <main class="gate">
      <div class="gate-card">
        <p class="brand">
          <Mark size={36} />
          Doorbuster
        </p>
        <h1>{t('sign_in.title')}</h1>
        <p class="quiet">{t('sign_in.hint')}</p>
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            doing.run(async () => {
              await signIn(key.trim());
              setKey('');
              onSignedIn();
            });
          }}
        >
          <Field label={t('sign_in.key')}>
            {(attributes) => (
              <input
                {...attributes}
                class="input mono"
                type="password"
                autocomplete="current-password"
                placeholder="db_sk_…"
                value={key}
                onInput={(event) => setKey(event.currentTarget.value)}
              />
            )}
          </Field>
          {doing.problem && <ProblemNote problem={doing.problem} />}
          <button type="submit" class="button first" disabled={key.trim() === '' || doing.busy}>
            {t('sign_in.action')}
          </button>
        </form>
        <Code title={t('sign_in.no_key')} text="doorbuster keys create console --scopes all" />
        <div class="choices">{choices}</div>
      </div>
    </main>
  );
}
