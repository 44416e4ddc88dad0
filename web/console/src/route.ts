// Where in the console the reader is. The place stands behind the `#`, so that a page can be
// reloaded, kept and sent on, and the server needs to know none of them.

import { useEffect, useState } from 'preact/hooks';

export type Route =
  | { page: 'sales' }
  | { page: 'new' }
  | { page: 'live' | 'result' | 'edit'; sale: string }
  | { page: 'developers' }
  | { page: 'system' }
  | { page: 'nowhere' };

export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?/, '').split('?')[0]!.split('/').filter((part) => part !== '');
  if (parts.length === 0) return { page: 'sales' };
  if (parts.length === 1 && (parts[0] === 'developers' || parts[0] === 'system' || parts[0] === 'new')) {
    return { page: parts[0] };
  }
  const [first, sale, page] = parts;
  if (first === 'sales' && sale !== undefined && parts.length === 3) {
    if (page === 'live' || page === 'result' || page === 'edit') {
      return { page, sale: safelyDecoded(sale) };
    }
  }
  return { page: 'nowhere' };
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function saleLink(sale: string, page: 'live' | 'result' | 'edit'): string {
  return `#/sales/${encodeURIComponent(sale)}/${page}`;
}

export function go(hash: string): void {
  location.hash = hash;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const changed = (): void => setRoute(parseRoute(location.hash));
    window.addEventListener('hashchange', changed);
    return () => window.removeEventListener('hashchange', changed);
  }, []);
  return route;
}
