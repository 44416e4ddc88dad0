// Light or dark: as the system has it, unless the reader has chosen.

import { useEffect, useState } from 'preact/hooks';

import { keep, kept } from './kept.ts';

export type Theme = 'auto' | 'light' | 'dark';

const kChanged = 'doorbuster-theme';

export function chosenTheme(): Theme {
  const chosen = kept('theme');
  return chosen === 'light' || chosen === 'dark' ? chosen : 'auto';
}

export function startTheme(): void {
  const chosen = chosenTheme();
  if (chosen === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

export function chooseTheme(theme: Theme): void {
  keep('theme', theme === 'auto' ? null : theme);
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  window.dispatchEvent(new Event(kChanged));
}

function shownTheme(): string {
  return document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
}

/** The theme that is shown: for what CSS cannot reach, as a canvas. */
export function useTheme(): string {
  const [theme, setTheme] = useState(shownTheme);
  useEffect(() => {
    const system = matchMedia('(prefers-color-scheme: dark)');
    const changed = (): void => setTheme(shownTheme());
    system.addEventListener('change', changed);
    window.addEventListener(kChanged, changed);
    return () => {
      system.removeEventListener('change', changed);
      window.removeEventListener(kChanged, changed);
    };
  }, []);
  return theme;
}
