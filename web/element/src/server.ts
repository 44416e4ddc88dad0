// What is asked of the server. Claiming is a request without a preflight (CORS-simple): at the opening second
// a second request for each buyer would be twice the crowd.

export interface Status {
  title: string | Record<string, string> | null;
  status: 'scheduled' | 'open' | 'paused' | 'closed';
  now: string;
  opens_at: string | null;
  closes_at: string | null;
  availability: 'available' | 'all_held' | 'gone';
  next_return_at: string | null;
  poll_after_seconds: number;
}

export interface Claim {
  id: string;
  sale: string;
  quantity: number;
  units: (number | string)[];
  status: 'held' | 'confirmed' | 'released';
  released_by?: string;
  claimed_at: string;
  expires_at: string | null;
}

// A no that the server decided, or could not decide now (`again`: asking once more can help).
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly problem: Record<string, unknown>,
    readonly again: boolean,
    readonly retryAfter: number,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 10_000;

async function ask(url: URL, options: RequestInit): Promise<unknown> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  let response: Response;
  let body: Record<string, unknown> = {};
  try {
    response = await fetch(url, { ...options, signal: abort.signal });
    const text = await response.text(); // an answer that was cut is none
    try {
      body = JSON.parse(text) as Record<string, unknown>;
    } catch {
      if (response.ok) throw new Error('no JSON');
    }
  } catch {
    throw new Refusal('unreachable', '', {}, true, 0);
  } finally {
    clearTimeout(timer);
  }
  if (response.ok) return body;
  const code = typeof body.code === 'string' ? body.code : `http-${response.status}`;
  const detail = typeof body.detail === 'string' ? body.detail : '';
  const seconds = Number(body.retry_after_seconds ?? response.headers.get('Retry-After')) || 0;
  throw new Refusal(code, detail, body, response.status >= 500 || response.status === 429 || response.status === 408, seconds);
}

export class SaleServer {
  constructor(
    private readonly base: URL,
    private readonly sale: string,
    private readonly buyer: string | null,
    private readonly tokenSource: string | null,
    private readonly language: string,
  ) {}

  private at(rest: string): URL {
    return new URL(`v1/sales/${encodeURIComponent(this.sale)}/${rest}`, this.base);
  }

  private get words(): Record<string, string> {
    return { 'Accept-Language': this.language };
  }

  // Public, the same for everybody: a CDN may answer it.
  async status(): Promise<Status> {
    return (await ask(this.at('status'), { credentials: 'omit', headers: this.words })) as Status;
  }

  // The buyer's own claims, newest last.
  async claims(): Promise<Claim[]> {
    const token = await this.token();
    const headers = this.words;
    if (token) headers.Authorization = `Bearer ${token}`;
    if (this.buyer) headers['X-Buyer-Id'] = this.buyer;
    const answer = (await ask(this.at('claims/me'), { headers })) as { data?: Claim[] };
    return answer.data ?? [];
  }

  async claim(key: string, quantity: number): Promise<Claim> {
    const form = new URLSearchParams({ idempotency_key: key });
    if (quantity !== 1) form.set('quantity', String(quantity));
    const token = await this.token();
    if (token) form.set('access_token', token);
    if (this.buyer) form.set('uid', this.buyer);
    return (await ask(this.at('claims'), { method: 'POST', body: form, headers: this.words })) as Claim;
  }

  // The shop's word for who the buyer is: text, or JSON with `token`.
  private async token(): Promise<string | null> {
    if (!this.tokenSource) return null;
    const response = await fetch(this.tokenSource).catch(() => null);
    if (response?.status === 401 || response?.status === 403) throw new Refusal('unauthenticated', '', {}, false, 0);
    if (!response?.ok) throw new Refusal('unreachable', '', {}, true, 0);
    const text = (await response.text()).trim();
    if (!text.startsWith('{')) return text;
    try {
      return String((JSON.parse(text) as { token?: unknown }).token ?? '');
    } catch {
      throw new Refusal('unreachable', '', {}, true, 0);
    }
  }
}
