// What this browser remembers of its reader's choices. A browser that keeps nothing is no error.

export function kept(name: string): string | null {
  try {
    return localStorage.getItem(`doorbuster.${name}`);
  } catch {
    return null;
  }
}

export function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`doorbuster.${name}`);
    else localStorage.setItem(`doorbuster.${name}`, value);
  } catch {
    // Private windows and full disks: the choice lasts as long as the page.
  }
}
