// As plain as a shop's own page would have it; all of it can be changed by ::part() and a few properties.
export const STYLE = `
:host { display: block; max-width: 24rem; font-family: inherit; line-height: 1.5; color: inherit }
:host([hidden]), [hidden] { display: none !important }
[part=card] { box-sizing: border-box; display: grid; gap: .75rem; padding: 1.25rem;
  border: 1px solid color-mix(in srgb, currentcolor 18%, transparent); border-radius: var(--doorbuster-radius, .75rem) }
p { margin: 0 }
[part=title] { font-size: 1.125rem; overflow-wrap: anywhere }
[part=message]:focus { outline: none }
[part=timer] { font-size: 1.875rem; font-weight: 600; line-height: 1.1; font-variant-numeric: tabular-nums }
[part=note] { font-size: .875rem; opacity: .75; overflow-wrap: anywhere }
[part=button], [part=checkout] { box-sizing: border-box; display: block; width: 100%; min-height: 3rem; padding: .75rem 1rem;
  border: 0; border-radius: calc(var(--doorbuster-radius, .75rem) * .67); font: inherit; font-weight: 600; text-align: center;
  text-decoration: none; cursor: pointer; color: var(--doorbuster-on-accent, #fff); background: var(--doorbuster-accent, #c2255c) }
[part=button]:hover, [part=checkout]:hover { filter: brightness(1.08) }
[part=button]:focus-visible, [part=checkout]:focus-visible { outline: 3px solid currentcolor; outline-offset: 2px;
  outline-color: var(--doorbuster-accent, #c2255c) }
[part=button][aria-disabled=true] { cursor: progress; filter: grayscale(.6) }
:host([state=won]) [part=card] { border: 2px solid var(--doorbuster-won, #2b8a3e) }
:host([state=won]) [part=message]::before { content: "✓ "; font-weight: 700 }
:host([state=error]) [part=message]::before { content: "! "; font-weight: 700 }
@media (prefers-reduced-motion: no-preference) {
  [part=button][aria-disabled=true] { animation: ask 1.2s ease-in-out infinite alternate }
  @keyframes ask { to { opacity: .55 } }
}
@media (forced-colors: active) { [part=button], [part=checkout] { border: 1px solid } }
`;
