// What the element says, in the languages that it speaks.

export type Language = 'en' | 'zh';

export interface Words {
  loading: string;
  opensIn: string;
  aMinuteLeft: string;
  open: string;
  claim: string;
  sending: string;
  stillSending: string;
  held: string;
  heldUntil: (time: string) => string;
  confirmed: string;
  ended: string;
  givenBack: string;
  again: string;
  allHeld: string;
  nextChance: (time: string) => string;
  gone: string;
  paused: string;
  closed: string;
  noSale: string;
  unreachable: string;
  signIn: string;
  checkout: string;
  days: (count: number) => string;
  refused: Record<string, string>;
}

const en: Words = {
  loading: 'Loading…',
  opensIn: 'Opens in',
  aMinuteLeft: 'Opens in one minute.',
  open: 'Open now.',
  claim: 'Get it',
  sending: 'Asking for yours…',
  stillSending: 'Still asking. Stay here: this cannot take two.',
  held: 'It is yours. Pay before the time is up.',
  heldUntil: (time) => `Held for you until ${time}.`,
  confirmed: 'It is yours.',
  ended: 'Your time to pay is over.',
  givenBack: 'It was given back.',
  again: 'Try again',
  allHeld: 'All are held by others at the moment.',
  nextChance: (time) => `Next chance at ${time}, if one is not paid for.`,
  gone: 'Sold out.',
  paused: 'Paused for a moment. Stay here: it goes on by itself.',
  closed: 'This sale is over.',
  noSale: 'There is no such sale.',
  unreachable: 'No connection. Trying again by itself.',
  signIn: 'Sign in to take part.',
  checkout: 'Pay now',
  days: (count) => (count === 1 ? '1 day' : `${count} days`),
  refused: {
    'limit-exceeded': 'You have as many as one may have.',
    'attempts-exhausted': 'You have tried as often as one may.',
    'insufficient-stock': 'Fewer are left than you asked for.',
    'not-eligible': 'This sale is for invited buyers.',
    'insufficient-scope': 'This page may not take part for you.',
  },
};

const zh: Words = {
  loading: '加载中…',
  opensIn: '距开始',
  aMinuteLeft: '一分钟后开始。',
  open: '已开始。',
  claim: '立即抢购',
  sending: '正在为您抢购…',
  stillSending: '仍在询问。请留在此页：不会重复购买。',
  held: '抢到了！请在时间结束前付款。',
  heldUntil: (time) => `为您保留至 ${time}。`,
  confirmed: '已归您所有。',
  ended: '付款时间已过。',
  givenBack: '已退回。',
  again: '再试一次',
  allHeld: '目前全部被他人暂留。',
  nextChance: (time) => `如有人未付款，下次机会在 ${time}。`,
  gone: '已售罄。',
  paused: '暂停片刻。请留在此页，会自动继续。',
  closed: '活动已结束。',
  noSale: '没有该活动。',
  unreachable: '无法连接，正在自动重试。',
  signIn: '请先登录再参与。',
  checkout: '去付款',
  days: (count) => `${count} 天`,
  refused: {
    'limit-exceeded': '您已达到限购数量。',
    'attempts-exhausted': '您的尝试次数已用完。',
    'insufficient-stock': '剩余数量少于您的需求。',
    'not-eligible': '本活动仅限受邀买家。',
    'insufficient-scope': '此页面不能代您参与。',
  },
};

export const WORDS: Record<Language, Words> = { en, zh };

export function languageOf(tag: string): Language {
  return /^zh\b/i.test(tag) ? 'zh' : 'en';
}
