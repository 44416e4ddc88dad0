// The words of the console in the reader's language, and numbers and times as he writes them.

import type { VNode } from 'preact';

import { en } from './messages_en.ts';
import { zh } from './messages_zh.ts';
import { keep, kept } from './kept.ts';
import type { Title } from './types.ts';

export type MessageKey = keyof typeof en;
export type Messages = Record<MessageKey, string>;
export type Language = 'en' | 'zh-CN';

const kTables: Record<Language, Messages> = { en, 'zh-CN': zh };

function preferred(): Language {
  const chosen = kept('language');
  if (chosen === 'en' || chosen === 'zh-CN') return chosen;
  return navigator.languages.some((tag) => /^(zh|en)\b/i.test(tag)) &&
    /^zh\b/i.test(navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag)) ?? '')
    ? 'zh-CN'
    : 'en';
}

let current: Language = 'en';
let plural = new Intl.PluralRules('en');
let integers = new Intl.NumberFormat('en');

export function language(): Language {
  return current;
}

export function setLanguage(to: Language, remember = true): void {
  current = to;
  plural = new Intl.PluralRules(to);
  integers = new Intl.NumberFormat(to);
  if (remember) keep('language', to);
  document.documentElement.lang = to;
}

export function startLanguage(): void {
  setLanguage(preferred(), false);
}

type Value = string | number;

/** 'one|other': which of the two `n` asks for. */
function form(message: string, values: Record<string, unknown>): string {
  const bar = message.indexOf('|');
  if (bar < 0) return message;
  const isOne = typeof values.n === 'number' && plural.select(values.n) === 'one';
  return isOne ? message.slice(0, bar) : message.slice(bar + 1);
}

function shown(value: Value): string {
  return typeof value === 'number' ? integers.format(value) : value;
}

export function t(key: MessageKey, values: Record<string, Value> = {}): string {
  return form(kTables[current][key], values).replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : shown(value);
  });
}

/** As t(), where some values are elements; `n` chooses the form without being shown unless named. */
export function rich(
  key: MessageKey,
  values: Record<string, Value | VNode>,
): (string | VNode)[] {
  return form(kTables[current][key], values)
    .split(/(\{\w+\})/)
    .filter((piece) => piece !== '')
    .map((piece) => {
      const name = /^\{(\w+)\}$/.exec(piece)?.[1];
      const value = name === undefined ? undefined : values[name];
      if (value === undefined) return piece;
      return typeof value === 'object' ? value : shown(value);
    });
}

export function number(value: number): string {
  return integers.format(value);
}

export function percent(part: number, whole: number): string {
  const share = whole > 0 ? part / whole : 0;
  return new Intl.NumberFormat(current, { style: 'percent', maximumFractionDigits: 1 }).format(share);
}

/** Date and time to the second, in the reader's zone. */
export function dateTime(time: string | number): string {
  return new Intl.DateTimeFormat(current, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(time));
}

/** The time of day with milliseconds: what the order of events is read from. */
export function clockTime(time: string | number): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function clockTimeExact(time: string | number): string {
  return `${clockTime(time)}.${String(new Date(time).getMilliseconds()).padStart(3, '0')}`;
}

/** '2 d 03:04:05' or '03:04:05': of one width from second to second. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const days = Math.floor(seconds / 86400);
  return days > 0 ? `${t('time.days', { n: days })} ${clock}` : clock;
}

/** A length of time in its two largest units. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const parts: string[] = [];
  const units: [MessageKey, number][] = [
    ['time.days', 86400],
    ['time.hours', 3600],
    ['time.minutes', 60],
    ['time.seconds', 1],
  ];
  let left = whole;
  for (const [key, size] of units) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0) parts.push(t(key, { n }));
  }
  return parts.slice(0, 2).join(' ') || t('time.seconds', { n: 0 });
}

/** A sale's title as its buyers of this language see it. */
export function titleOf(title: Title): string {
  if (typeof title === 'string') return title;
  return title[current] ?? title[current.split('-')[0] as string] ?? title.en ?? Object.values(title)[0] ?? '';
}
