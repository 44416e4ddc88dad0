// A shop's page, with the one line that puts Doorbuster into it, and below it what a shop would not have: a way
// to be somebody else and to begin again. It needs a server with --dev: there nobody has to sign in.
//
//   ?sale=ID     another sale than "demo"
//   ?buyer=NAME  a certain buyer
//   ?lang=zh     a certain language
import './main.css';
import { TEXTS, type Texts } from './texts';

const query = new URLSearchParams(location.search);
const language = query.get('lang') ?? navigator.language;
const texts: Texts = /^zh\b/i.test(language) ? TEXTS.zh : TEXTS.en;
document.documentElement.lang = /^zh\b/i.test(language) ? 'zh-CN' : 'en';

function byId(id: string): HTMLElement {
  return document.getElementById(id)!;
}

function buyerOfThisBrowser(): string {
  const given = query.get('buyer');
  if (given) return given;
  const kept = localStorage.getItem('demo buyer');
  if (kept) return kept;
  const made = `guest-${Math.floor(1000 + Math.random() * 9000)}`;
  localStorage.setItem('demo buyer', made);
  return made;
}

// The same page with other words behind the '?'.
function goTo(changes: Record<string, string | null>): void {
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  location.search = query.toString();
}

async function isDev(): Promise<boolean> {
  const response = await fetch('/console/session').catch(() => undefined);
  return response?.ok === true && ((await response.json()) as { dev: boolean }).dev;
}

// As the shop's own program would: what is paid for is confirmed.
async function confirmPayment(sale: string, claim: string): Promise<void> {
  const response = await fetch(`/v1/sales/${encodeURIComponent(sale)}/claims/${encodeURIComponent(claim)}/confirm`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ reference: `order-${claim.slice(-8)}` }),
  });
  byId('said').textContent = response.ok ? texts.paid : texts.notPaid;
}

async function startFreshSale(): Promise<void> {
  const id = `try-${Date.now().toString(36)}`;
  const response = await fetch('/v1/sales', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      id,
      title: { en: TEXTS.en.drop, 'zh-CN': TEXTS.zh.drop },
      stock: 3,
      hold_seconds: 60,
      opens_at: new Date(Date.now() + 10_000).toISOString(),
    }),
  });
  if (response.ok) goTo({ sale: id, paid: null });
  else byId('said').textContent = texts.notStarted;
}

async function open(): Promise<void> {
  for (const node of document.querySelectorAll<HTMLElement>('[data-text]')) {
    node.textContent = texts[node.dataset.text as keyof Texts];
  }
  const dev = await isDev();
  const sale = query.get('sale') ?? 'demo';
  const buyer = buyerOfThisBrowser();
  const paid = query.get('paid');
  if (dev && paid) {
    await confirmPayment(sale, paid);
    query.delete('paid');
    history.replaceState(null, '', `?${query}`);
  }

  const element = document.createElement('doorbuster-sale');
  element.setAttribute('sale', sale);
  if (dev) element.setAttribute('buyer', buyer);
  const back = new URLSearchParams(query);
  back.set('sale', sale);
  element.setAttribute('checkout', `/demo/?${back}&paid={claim}`);
  byId('sale').append(element);

  byId('behind').textContent = dev ? texts.inDev : texts.notInDev;
  byId('buyer').textContent = dev ? `${texts.signedIn} ${buyer}` : '';
  byId('actions').hidden = !dev;
  byId('fresh').addEventListener('click', () => void startFreshSale());
  byId('another').addEventListener('click', () => {
    localStorage.removeItem('demo buyer');
    goTo({ buyer: null, paid: null });
  });
}

void open();
