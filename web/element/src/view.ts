// The element's inside: a few nodes that change, and never come and go under a reader's cursor. Texts are set
// as text, so that no title and no answer is ever taken for HTML.

import { STYLE } from './style';

export interface Shown {
  phase: string;
  title: string;
  message: string;
  timer: string; // empty: none
  timerLabel: string;
  button: string; // empty: none
  busy: boolean;
  checkout: { href: string; text: string } | undefined;
  note: string;
}

function make<K extends keyof HTMLElementTagNameMap>(name: K, part: string, more: Record<string, string> = {}) {
  const node = document.createElement(name);
  node.setAttribute('part', part);
  for (const [key, value] of Object.entries(more)) node.setAttribute(key, value);
  return node;
}

function set(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
  node.hidden = text === '';
}

export class View {
  private readonly card = make('div', 'card', { role: 'group', 'aria-labelledby': 'title' });
  private readonly title = make('strong', 'title', { id: 'title' });
  private readonly message = make('p', 'message', { role: 'status' });
  private readonly timer = make('p', 'timer', { role: 'timer' });
  private readonly button = make('button', 'button', { type: 'button' });
  private readonly link = make('a', 'checkout');
  private readonly note = make('p', 'note');

  constructor(
    private readonly root: ShadowRoot,
    private readonly host: HTMLElement,
    tapped: () => void,
  ) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.button.addEventListener('click', () => {
      if (this.button.getAttribute('aria-disabled') !== 'true') tapped();
    });
    this.card.append(this.title, this.message, this.timer, this.button, this.link, this.note);
    root.append(this.card);
  }

  show(shown: Shown): void {
    if (this.host.getAttribute('state') !== shown.phase) this.host.setAttribute('state', shown.phase);
    set(this.title, shown.title);
    set(this.message, shown.message);
    set(this.timer, shown.timer);
    this.timer.setAttribute('aria-label', shown.timerLabel);
    const had = this.root.activeElement;
    set(this.button, shown.button);
    // Not `disabled`: that would take the focus away from who works with the keyboard.
    this.button.setAttribute('aria-disabled', String(shown.busy));
    this.card.setAttribute('aria-busy', String(shown.busy));
    set(this.link, shown.checkout?.text ?? '');
    if (shown.checkout) this.link.href = shown.checkout.href;
    else this.link.removeAttribute('href');
    set(this.note, shown.note);
    if (had === this.button && this.button.hidden) this.keepFocus();
  }

  // The button that had the focus is gone: what comes next is the way to pay, or what is said.
  private keepFocus(): void {
    if (!this.link.hidden) return this.link.focus();
    this.message.tabIndex = -1;
    this.message.focus();
  }
}
