// <doorbuster-sale>: a fair button in the page of a shop (docs/element.md). It asks the public status now and
// then, and claims once for each tap; an answer that was lost is asked for again with the same key, which can
// not take two.

import { ServerClock } from './clock';
import { Memory } from './memory';
import { type Known, type Phase, isLive, phaseOf } from './phase';
import { type Claim, Refusal, SaleServer, type Status } from './server';
import { type Shown, View } from './view';
import { type Language, WORDS, languageOf } from './words';

const SECOND = 1000;
const MAX_POLL = 60 * SECOND;
// Who asked, and whose page was gone before the answer came, is asked for again for so long.
const ASKS_ON = 120 * SECOND;

const nothingKnown = (): Known => ({ status: undefined, claim: undefined, sending: false, recalling: false, noSale: false });
const somewhat = (ms: number) => ms * (0.8 + 0.4 * Math.random());
const twoDigits = (n: number) => String(n).padStart(2, '0');

export class DoorbusterSale extends HTMLElement {
  static observedAttributes = ['sale', 'server', 'token-src', 'buyer', 'quantity', 'checkout', 'lang'];

  private readonly view = new View(this.attachShadow({ mode: 'open' }), this, () => this.tap());
  private clock = new ServerClock();
  private server: SaleServer | undefined;
  private memory = new Memory('');
  private known: Known = nothingKnown();
  private note = '';
  private failures = 0;
  private told = new Set<string>();
  private run = 0; // which life of the element: what an earlier one began is no longer looked at
  private timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly onVisible = () => this.wake();
  private readonly onOnline = () => this.retryNow();
  private retryNow: () => void = () => {};

  connectedCallback(): void {
    document.addEventListener('visibilitychange', this.onVisible);
    window.addEventListener('online', this.onOnline);
    this.begin();
  }

  disconnectedCallback(): void {
    document.removeEventListener('visibilitychange', this.onVisible);
    window.removeEventListener('online', this.onOnline);
    this.stop();
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (!this.isConnected || before === now) return;
    if (name === 'lang' || name === 'checkout') this.render();
    else this.begin();
  }

  // --- life

  private begin(): void {
    this.stop();
    const sale = this.getAttribute('sale') ?? '';
    const base = new URL(this.getAttribute('server') ?? new URL('..', import.meta.url).href, document.baseURI);
    if (!base.pathname.endsWith('/')) base.pathname += '/';
    const buyer = this.getAttribute('buyer');
    this.server = new SaleServer(base, sale, buyer, this.getAttribute('token-src'), this.language);
    this.memory = new Memory(`doorbuster ${base.href} ${sale} ${buyer ?? ''}`);
    this.clock = new ServerClock();
    this.known = nothingKnown();
    this.note = '';
    this.failures = 0;
    const { askedAt, won } = this.memory.read();
    this.known.recalling = won === true;
    this.render();
    void this.poll();
    if (askedAt && Date.now() - askedAt < ASKS_ON) void this.ask();
    // Whoever has a claim from elsewhere sees it; not all who come to the opening ask at once.
    else this.later('claims', won ? 0 : Math.random() * 2 * SECOND, () => this.readClaims());
  }

  private stop(): void {
    ++this.run;
    this.timers.forEach(clearTimeout);
    this.timers.clear();
  }

  private later(name: string, ms: number, then: () => unknown): void {
    clearTimeout(this.timers.get(name));
    this.timers.set(name, setTimeout(then, Math.min(Math.max(ms, 0), 2 ** 31 - 1)));
  }

  // A page that nobody looks at asks nothing, unless its buyer waits for an answer.
  private wake(): void {
    if (document.hidden) return clearTimeout(this.timers.get('poll'));
    this.render();
    this.later('poll', Math.random() * SECOND, () => this.poll());
    if (this.known.claim) this.later('claims', Math.random() * SECOND, () => this.readClaims());
  }

  // --- what is asked

  private async poll(): Promise<void> {
    const run = this.run;
    let wait = MAX_POLL;
    try {
      const status = await this.server!.status();
      if (run !== this.run) return;
      this.hear(status);
      wait = status.poll_after_seconds * SECOND;
      if (status.status === 'closed') wait = MAX_POLL;
    } catch (error) {
      if (run !== this.run) return;
      wait = this.failed(error);
    }
    this.render();
    // The next change that is known of is met as it comes, and not all at the same moment.
    if (!document.hidden) this.later('poll', somewhat(wait), () => this.poll());
  }

  private hear(status: Status): void {
    const before = this.known.status;
    this.clock.hear(status.now);
    this.known.status = status;
    this.known.noSale = false;
    if (this.failures > 0) this.note = '';
    this.failures = 0;
    if (before && before.status !== status.status) this.note = '';
  }

  private failed(error: unknown): number {
    const refusal = error instanceof Refusal ? error : undefined;
    if (refusal?.code === 'not-found') {
      this.known.noSale = true;
      this.tell('error', { code: refusal.code, message: this.words.noSale }, 'not-found');
      return MAX_POLL;
    }
    ++this.failures;
    if (!this.known.sending) this.note = this.words.unreachable;
    const backOff = Math.min(SECOND * 2 ** this.failures, MAX_POLL);
    return Math.max(backOff, (refusal?.retryAfter ?? 0) * SECOND);
  }

  private async readClaims(): Promise<void> {
    const run = this.run;
    try {
      const claims = await this.server!.claims();
      if (run !== this.run || this.known.sending) return;
      const live = claims.filter((claim) => isLive(claim, this.clock)).pop();
      const mine = live ?? claims.find((claim) => claim.id === this.known.claim?.id);
      if (mine) this.take(mine);
    } catch (error) {
      if (run !== this.run) return;
      // Nobody is signed in, or nobody answers: what can be seen without is seen.
      if (error instanceof Refusal && error.code === 'unauthenticated' && !this.known.claim) this.note = this.words.signIn;
    }
    this.known.recalling = false;
    this.render();
    // Paid, extended or ended elsewhere: seen while it is held.
    const { claim } = this.known;
    if (claim?.status === 'held' && !document.hidden) {
      const left = claim.expires_at ? this.clock.until(claim.expires_at) : Infinity;
      if (left > -10 * SECOND) this.later('claims', somewhat(5 * SECOND), () => this.readClaims());
    }
  }

  // --- a tap

  private tap(): void {
    if (this.known.sending) return;
    // A claim that has ended has used up its key.
    if (this.known.claim) this.memory.renew();
    this.known.claim = undefined;
    void this.ask();
  }

  // Asks until there is an answer; the key is the same for all of it.
  private async ask(): Promise<void> {
    const run = this.run;
    const key = this.memory.asked();
    this.known.sending = true;
    this.note = '';
    this.later('still', 3 * SECOND, () => {
      if (this.known.sending) this.note = this.words.stillSending;
      this.render();
    });
    this.render();
    for (let attempt = 0; ; ++attempt) {
      try {
        const claim = await this.server!.claim(key, Number(this.getAttribute('quantity') ?? 1) || 1);
        if (run !== this.run) return;
        this.answered(true);
        this.take(claim);
        if (claim.status === 'released') this.memory.renew();
        break;
      } catch (error) {
        if (run !== this.run) return;
        const wait = this.waitAfter(error, attempt);
        if (wait === undefined) {
          this.answered(false);
          this.refused(error as Refusal);
          break;
        }
        await new Promise<void>((resolve) => {
          this.retryNow = resolve;
          this.later('retry', wait, resolve);
        });
        if (run !== this.run) return;
      }
    }
    this.render();
    this.later('claims', somewhat(5 * SECOND), () => this.readClaims());
  }

  private answered(won: boolean): void {
    this.known.sending = false;
    this.memory.answered(won);
    this.note = '';
    clearTimeout(this.timers.get('still'));
    this.retryNow = () => {};
  }

  // How long until the same is asked again; undefined where there is an answer.
  private waitAfter(error: unknown, attempt: number): number | undefined {
    if (!(error instanceof Refusal)) return somewhat(SECOND);
    if (error.again) return Math.max(somewhat(Math.min(500 * 2 ** attempt, 15 * SECOND)), error.retryAfter * SECOND);
    // A tap that was a moment too early is not lost.
    const { opens_at: opensAt, now } = error.problem;
    if (error.code !== 'not-open' || typeof opensAt !== 'string' || typeof now !== 'string') return undefined;
    this.clock.hear(now);
    const early = this.clock.until(opensAt);
    return early < 2 * SECOND ? Math.max(early, 0) + 20 + Math.random() * 80 : undefined;
  }

  private take(claim: Claim): void {
    const before = this.known.claim;
    this.known.claim = claim;
    // Decided, and not yet so late here: the clock here is behind.
    if (this.clock.until(claim.claimed_at) > 0) this.clock.hear(claim.claimed_at);
    if (isLive(claim, this.clock)) {
      this.note = '';
      this.tell('won', { claim }, claim.id);
    } else if (before?.status !== 'released') {
      this.note = claim.released_by === 'buyer' || claim.released_by === 'merchant' ? this.words.givenBack : this.words.ended;
    }
  }

  private refused(refusal: Refusal): void {
    const { status } = this.known;
    const { problem } = refusal;
    const change = (more: Partial<Status>) => {
      if (status) this.known.status = { ...status, ...more };
    };
    if (refusal.code === 'sold-out') {
      const availability = problem.availability === 'all_held' ? 'all_held' : 'gone';
      change({ status: 'open', availability, next_return_at: (problem.next_return_at as string | null) ?? null });
      this.tell('soldout', { availability });
    } else if (refusal.code === 'not-open') {
      change({ status: 'scheduled', opens_at: (problem.opens_at as string | null) ?? null });
    } else if (refusal.code === 'paused' || refusal.code === 'closed') {
      change({ status: refusal.code });
    } else {
      const words = this.words;
      this.note = refusal.code === 'unauthenticated' ? words.signIn : words.refused[refusal.code] || refusal.message || refusal.code;
      this.tell('error', { code: refusal.code, message: this.note });
      if (refusal.code === 'idempotency-key-reused') this.memory.renew();
    }
    this.later('poll', Math.random() * SECOND, () => this.poll());
  }

  // `once`: what is not told a second time.
  private tell(name: string, detail: Record<string, unknown>, once?: string): void {
    if (once !== undefined) {
      if (this.told.has(`${name} ${once}`)) return;
      this.told.add(`${name} ${once}`);
    }
    this.dispatchEvent(new CustomEvent(`doorbuster:${name}`, { detail, bubbles: true, composed: true }));
  }

  // --- what is seen

  private get language(): Language {
    return languageOf(this.closest('[lang]')?.getAttribute('lang') || navigator.language);
  }

  private get words() {
    return WORDS[this.language];
  }

  private render(): void {
    const { known, clock } = this;
    const phase = phaseOf(known, clock);
    const seconds = this.secondsLeft(phase);
    this.view.show({ ...this.shown(phase, seconds), phase, title: this.saleTitle() });
    if (seconds === undefined) return clearTimeout(this.timers.get('tick'));
    // At the next full second of what is counted; with its end another phase begins.
    const exact = clock.until(this.deadline(phase)!);
    this.later('tick', exact > 0 ? exact % SECOND || SECOND : SECOND, () => this.tick(phase));
  }

  private tick(before: Phase): void {
    this.render();
    const now = phaseOf(this.known, this.clock);
    if (now === before) return;
    if (before === 'won') {
      this.note = this.words.ended;
      this.render();
      this.later('claims', Math.random() * SECOND, () => this.readClaims());
    }
    // By the clock it is open; whether by the server's word too is asked, not by all at the same time.
    if (!document.hidden) this.later('poll', Math.random() * 2 * SECOND, () => this.poll());
  }

  private deadline(phase: Phase): string | null | undefined {
    if (phase === 'countdown') return this.known.status?.opens_at;
    if (phase === 'won' && this.known.claim?.status === 'held') return this.known.claim.expires_at;
    return undefined;
  }

  private secondsLeft(phase: Phase): number | undefined {
    const deadline = this.deadline(phase);
    return deadline ? Math.max(0, Math.ceil(this.clock.until(deadline) / SECOND)) : undefined;
  }

  private shown(phase: Phase, seconds: number | undefined): Omit<Shown, 'phase' | 'title'> {
    const { words, known } = this;
    const next = known.status?.next_return_at;
    const held = phase === 'won' && known.claim?.status === 'held';
    const soon = seconds !== undefined && seconds <= 60;
    const messages: Record<Phase, string> = {
      loading: words.loading,
      countdown: soon ? words.aMinuteLeft : words.opensIn,
      ready: words.open,
      sending: words.sending,
      won: held ? words.held : words.confirmed,
      'all-held': words.allHeld,
      gone: words.gone,
      paused: words.paused,
      closed: words.closed,
      error: words.noSale,
    };
    const again = known.claim !== undefined && !isLive(known.claim, this.clock);
    const notes: Partial<Record<Phase, string>> = {
      won: held && known.claim?.expires_at ? words.heldUntil(this.timeOf(known.claim.expires_at)) : '',
      'all-held': next ? words.nextChance(this.timeOf(next)) : '',
    };
    return {
      message: messages[phase],
      timer: seconds === undefined ? '' : this.span(seconds),
      timerLabel: held ? words.held : words.opensIn,
      button: phase === 'ready' ? (again ? words.again : words.claim) : phase === 'sending' ? words.claim : '',
      busy: phase === 'sending',
      checkout: phase === 'won' && known.claim ? this.checkout(known.claim) : undefined,
      note: [this.note, notes[phase]].filter(Boolean).join(' '),
    };
  }

  private saleTitle(): string {
    const title = this.known.status?.title;
    if (!title || typeof title === 'string') return title ?? '';
    const wanted = Object.keys(title).find((tag) => languageOf(tag) === this.language && (this.language === 'zh' || /^en\b/i.test(tag)));
    return title[wanted ?? Object.keys(title)[0] ?? ''] ?? '';
  }

  // The way to pay: the shop's own address, with the claim in it.
  private checkout(claim: Claim): { href: string; text: string } | undefined {
    const given = this.getAttribute('checkout');
    if (!given || claim.status !== 'held') return undefined;
    try {
      const href = new URL(given.replaceAll('{claim}', encodeURIComponent(claim.id)), document.baseURI);
      return /^https?:$/.test(href.protocol) ? { href: href.href, text: this.words.checkout } : undefined;
    } catch {
      return undefined;
    }
  }

  private span(seconds: number): string {
    const days = Math.floor(seconds / 86_400);
    const hours = Math.floor(seconds / 3600) % 24;
    const clock = `${twoDigits(Math.floor(seconds / 60) % 60)}:${twoDigits(seconds % 60)}`;
    const rest = days || hours ? `${twoDigits(hours)}:${clock}` : clock;
    return days ? `${this.words.days(days)} ${rest}` : rest;
  }

  // A moment of the server's clock, in the buyer's own time zone.
  private timeOf(time: string): string {
    return new Date(time).toLocaleTimeString(this.language === 'zh' ? 'zh-CN' : 'en-GB');
  }
}
