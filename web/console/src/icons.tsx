// Small line drawings. They stand beside words, never in their place, and are hidden from readers of the screen.

const kPaths = {
  sales: 'M4 8h16l-1.2 11.2H5.2zM8 8a4 4 0 0 1 8 0',
  developers: 'm8 8-4 4 4 4m8-8 4 4-4 4M13.5 5l-3 14',
  system: 'M4 5h16v6H4zm0 8h16v6H4zM7.5 8h.01M7.5 16h.01',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  cross: 'm6 6 12 12M18 6 6 18',
  warn: 'M12 4 2.8 19.5h18.4zM12 10v4m0 2.8v.01',
  info: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5m0-8.2v.01',
  open: 'M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z',
  scheduled: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zm0 4v4.5l3 1.8',
  pause: 'M9 6v12m6-12v12',
  play: 'M8 5.5v13l10-6.5z',
  closed: 'M7 7h10v10H7z',
  plus: 'M12 5v14M5 12h14',
  full: 'M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  keyboard: 'M3 7h18v10H3zm4 3.5h.01m3 0h.01m3 0h.01m3 0h.01M8.5 14h7',
  copy: 'M9 9h10v11H9zM15 9V4H5v11h4',
  download: 'M12 4v11m-4.5-4L12 15.5 16.5 11M5 19.5h14',
  moon: 'M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm0-5v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4m0-12.8L17 7M7 17l-1.4 1.4',
  auto: 'M12 4a8 8 0 1 0 0 16zm0 0a8 8 0 0 1 0 16',
  ticket: 'M4 7h16v3.5a1.8 1.8 0 0 0 0 3V17H4v-3.5a1.8 1.8 0 0 0 0-3zM14 7v10',
  back: 'M9 7 4 12l5 5M4 12h11a5 5 0 0 1 5 5',
  leave: 'M14 5H5v14h9m-4-7h10m-3.5-3.5L20 12l-3.5 3.5',
} as const;

export type IconName = keyof typeof kPaths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  const filled = name === 'open';
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill={filled ? 'currentColor' : 'none'}
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={kPaths[name]} />
    </svg>
  );
}

export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 28 28" aria-hidden="true">
      <rect width="28" height="28" rx="8" fill="currentColor" />
      <path d="M9 6.5h10v15H9z" fill="none" stroke="var(--accent-ink)" stroke-width="2.2" stroke-linejoin="round" />
      <path d="m13 14 2.5-7.5H19v15l-6-1.5z" fill="var(--accent-ink)" />
    </svg>
  );
}
