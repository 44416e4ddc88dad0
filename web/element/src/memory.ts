// What outlives the page: the key of the buyer's request, shared by his tabs, so that all of them ask for one
// claim; and when he asked, so that a page that was closed before the answer came asks on.

interface Kept {
  key: string;
  askedAt?: number; // Date.now(); absent: he has had his answer
  won?: boolean; // and it was a claim
}

export class Memory {
  private kept: Kept | undefined; // where the browser keeps nothing

  constructor(private readonly name: string) {}

  read(): Kept {
    try {
      const value = JSON.parse(localStorage.getItem(this.name) ?? '') as Kept;
      if (typeof value.key === 'string' && value.key) return value;
    } catch {
      // None, or not ours.
    }
    return this.kept ?? this.write({ key: newKey() });
  }

  asked(): string {
    const { key } = this.read();
    this.write({ key, askedAt: Date.now() });
    return key;
  }

  answered(won: boolean): void {
    this.write({ key: this.read().key, won });
  }

  // For another claim than the one before.
  renew(): void {
    this.write({ key: newKey() });
  }

  private write(kept: Kept): Kept {
    this.kept = kept;
    try {
      localStorage.setItem(this.name, JSON.stringify(kept));
    } catch {
      // This page remembers it, as long as it is open.
    }
    return kept;
  }
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
