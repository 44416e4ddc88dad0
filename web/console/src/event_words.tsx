// An event in words.

import { number, t, titleOf, type MessageKey } from './i18n.ts';
import { Icon, type IconName } from './icons.tsx';
import type { FeedEvent, Title } from './types.ts';

const kPrefix = 'doorbuster.';

const kWords: Record<string, [MessageKey, IconName]> = {
  'sale.created': ['event.sale.created', 'plus'],
  'sale.updated': ['event.sale.updated', 'info'],
  'sale.opened': ['event.sale.opened', 'play'],
  'sale.paused': ['event.sale.paused', 'pause'],
  'sale.resumed': ['event.sale.resumed', 'play'],
  'sale.closed': ['event.sale.closed', 'closed'],
  'sale.cancelled': ['event.sale.cancelled', 'cross'],
  'sale.deleted': ['event.sale.deleted', 'cross'],
  'claim.held': ['event.claim.held', 'ticket'],
  'claim.confirmed': ['event.claim.confirmed', 'check'],
  'claim.released': ['event.claim.released', 'back'],
  'claim.extended': ['event.claim.extended', 'scheduled'],
  'claim.reacquired': ['event.claim.reacquired', 'check'],
  'claim.refund_required': ['event.claim.refund_required', 'warn'],
};

export function shortType(event: FeedEvent): string {
  return event.type.startsWith(kPrefix) ? event.type.slice(kPrefix.length) : event.type;
}

export function isOfSale(event: FeedEvent): boolean {
  return shortType(event).startsWith('sale.');
}

export function eventText(event: FeedEvent, hidesWho = false): string {
  const words = kWords[shortType(event)];
  if (!words) return shortType(event);
  const { data } = event;
  const quantity = typeof data.quantity === 'number' ? data.quantity : 1;
  return t(words[0], {
    n: quantity,
    units: hidesWho ? '•••' : number(quantity),
    buyer: hidesWho ? '•••' : String(data.buyer ?? ''),
    stock: hidesWho ? '•••' : number(Number(data.stock ?? 0)),
    title: data.title === undefined ? '' : titleOf(data.title as Title),
  });
}

export function eventWords(event: FeedEvent, hidesWho = false) {
  const text = eventText(event, hidesWho);
  return (
    <>
      <Icon name={kWords[shortType(event)]?.[1] ?? 'info'} size={16} />
      <span class="text" title={text}>
        {text}
      </span>
    </>
  );
}
