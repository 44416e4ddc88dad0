// What the Live page knows, kept off the render path: counters read four times a second, events as they
// come, and a new picture of both at most four times a second, however hot the sale is.
//
// The counters are the server's own, so nothing here can drift. Events are for the ticker alone. Where more
// come than a person could read, the stream is closed, since the machine that serves it has buyers to serve,
// and a handful is asked for once a second in its place.

import { between, type AnswerTimes } from './answer_times.ts';
import { get, Problem, request, salePath } from './api.ts';
import { learnTime } from './clock.ts';
import { eventOf, Feed, type Frame } from './feed.ts';
import type { FeedEvent, Page, Sale, SaleStats, SaleStatus, ServerAbout } from './types.ts';

const kTurn = 250; // ms between two pictures, and two readings
const kTurnHidden = 2000;
const kTurnRefused = 2000; // where the answer is a refusal, as for a sale that is not there
const kTurnUnreachable = 500;
const kStatusTurns = 4; // the sale's state, and how fast claims are answered, are read every so many turns
const kAnswersOver = 10; // such readings: over what time that is told
const kTimeOut = 2500; // an answer later than that is none
export const kStaleAfter = 3000;
const kTooHot = 200; // events a second above which the stream is closed
const kCoolAgain = 100; // and below which it is opened again
const kCoolTurns = 12; // if it has been for so many turns
const kSample = 6; // events asked for a second while it is too hot
const kTicker = 8; // rows of the ticker
export const kPoints = 480; // of the chart: two minutes
const kRateOver = 1000; // ms over which a rate is taken
const kSelloutOver = 4000; // ms over which the time to sell-out is judged

export interface Reading {
  at: number; // local time, ms
  stats: SaleStats;
  granted: number;
  refused: number;
}

export interface Series {
  time: number[]; // s
  granted: (number | null)[];
  refused: (number | null)[];
}

export interface LivePicture {
  sale: Sale | undefined;
  status: SaleStatus | undefined;
  stats: SaleStats | undefined;
  problem: Problem | undefined; // of the last reading
  freshAt: number; // local time of the last reading that worked; 0: none yet
  granted: number; // a second
  refused: number; // a second
  selloutIn: number | undefined; // s
  answers: AnswerTimes | undefined; // of the last seconds, and of all sales together
  ticker: FeedEvent[]; // newest first
  isSampled: boolean;
  isStreaming: boolean;
  series: Series;
}

function sum(counters: Record<string, number>): number {
  return Object.values(counters).reduce((all, each) => all + each, 0);
}

export function readingOf(stats: SaleStats, at: number): Reading {
  return {
    at,
    stats,
    granted: stats.held + stats.confirmed + stats.burned + sum(stats.released),
    refused: sum(stats.refused),
  };
}

/** Of something that only grows, a second; a counter that went back began anew with the server. */
export function rate(from: Reading, to: Reading, what: 'granted' | 'refused'): number {
  const seconds = (to.at - from.at) / 1000;
  const grown = to[what] - from[what];
  return seconds >= 0.5 ? Math.max(0, grown < 0 && what === 'refused' ? to[what] : grown) / seconds : 0;
}

/** Seconds until nothing is free if it goes on as in the last seconds; undefined where it does not fall. */
export function selloutIn(from: Reading, to: Reading): number | undefined {
  const seconds = (to.at - from.at) / 1000;
  const fallen = from.stats.available - to.stats.available + (to.stats.stock - from.stats.stock);
  if (seconds < 0.5 || fallen <= 0 || to.stats.available === 0) return undefined;
  return to.stats.available / (fallen / seconds);
}

export class LiveState {
  private readonly abort = new AbortController();
  private feed: Feed | undefined;
  private readings: Reading[] = [];
  private answerReadings: AnswerTimes[] = [];
  private coolTurns = 0;
  private sampleTurn = 0;
  private turns = 0;
  private timer = 0;
  private etag = '';
  private picture: LivePicture = {
    sale: undefined,
    status: undefined,
    stats: undefined,
    problem: undefined,
    freshAt: 0,
    granted: 0,
    refused: 0,
    selloutIn: undefined,
    answers: undefined,
    ticker: [],
    isSampled: false,
    isStreaming: false,
    series: { time: [], granted: [], refused: [] },
  };

  constructor(
    private readonly id: string,
    private readonly show: (picture: LivePicture) => void,
  ) {
    void this.start();
  }

  close(): void {
    this.abort.abort();
    this.feed?.close();
    window.clearTimeout(this.timer);
  }

  /** After an action: the sale as the server has just answered, without waiting for the next reading. */
  saw(sale: Sale): void {
    this.picture.sale = sale;
    if (this.picture.status) this.picture.status = { ...this.picture.status, status: sale.status };
    this.publish();
  }

  private async start(): Promise<void> {
    this.openFeed(await this.presentCursor());
    void this.turn();
  }

  /** The cursor of now: what breaks before the first event came can then be resumed all the same. */
  private async presentCursor(): Promise<string> {
    try {
      const latest = await get<Page<FeedEvent>>('/v1/events?after=latest&limit=1', this.abort.signal);
      return latest.next ?? 'latest';
    } catch {
      return 'latest';
    }
  }

  private openFeed(after: string): void {
    if (this.abort.signal.aborted) return;
    this.feed = new Feed(this.id, after, {
      onFrames: (frames) => this.take(frames),
      onProblem: (problem) => {
        this.picture.isStreaming = problem === undefined;
      },
    });
  }

  /** Only what the ticker will show is looked into. */
  private take(frames: Frame[]): void {
    const events = frames.slice(-kTicker).map(eventOf);
    for (const event of events) if (event) this.addToTicker(event);
  }

  private addToTicker(event: FeedEvent): void {
    if (this.picture.ticker.some((each) => each.id === event.id)) return;
    this.picture.ticker = [event, ...this.picture.ticker].slice(0, kTicker);
  }

  private async turn(): Promise<void> {
    const began = performance.now();
    const turn = this.turns++;
    const works: Promise<void>[] = [this.readStats()];
    if (turn % kStatusTurns === 0) works.push(this.readStatus(), this.readAnswers());
    if (turn % (4 * kStatusTurns) === 0) works.push(this.readSale());
    const results = await Promise.allSettled(works);
    if (this.abort.signal.aborted) return;
    const failed = results.find((result) => result.status === 'rejected');
    this.picture.problem = failed
      ? failed.reason instanceof Problem
        ? failed.reason
        : new Problem('unreachable', 0, '', '')
      : undefined;
    this.judgeHeat();
    this.publish();
    const pause = this.pause() - (performance.now() - began);
    this.timer = window.setTimeout(() => void this.turn(), Math.max(pause, 20));
  }

  private pause(): number {
    const { problem } = this.picture;
    if (problem) return problem.status > 0 ? kTurnRefused : kTurnUnreachable;
    return document.hidden ? kTurnHidden : kTurn;
  }

  private signal(): AbortSignal {
    return AbortSignal.any([this.abort.signal, AbortSignal.timeout(kTimeOut)]);
  }

  private async readStats(): Promise<void> {
    const sent = Date.now();
    const stats = await get<SaleStats>(salePath(this.id, '/stats'), this.signal());
    learnTime(stats.as_of, sent);
    const reading = readingOf(stats, Date.now());
    this.readings.push(reading);
    while (this.readings.length > 2 && reading.at - (this.readings[0] as Reading).at > 10_000) this.readings.shift();
    this.picture.stats = stats;
    this.picture.freshAt = reading.at;
    const recent = this.readingBefore(reading, kRateOver);
    this.picture.granted = recent ? rate(recent, reading, 'granted') : 0;
    this.picture.refused = recent ? rate(recent, reading, 'refused') : 0;
    const earlier = this.readingBefore(reading, kSelloutOver);
    this.picture.selloutIn = earlier ? selloutIn(earlier, reading) : undefined;
    this.addPoint(reading.at / 1000);
  }

  /** The newest that is at least so old, else the oldest there is. */
  private readingBefore(reading: Reading, milliseconds: number): Reading | undefined {
    const old = this.readings.filter((each) => reading.at - each.at >= milliseconds);
    const found = old.at(-1) ?? this.readings[0];
    return found === reading ? undefined : found;
  }

  private addPoint(time: number): void {
    const { series } = this.picture;
    const last = series.time.at(-1);
    if (last !== undefined && time - last > kStaleAfter / 1000) {
      // Nothing is known of the time between: a gap, and no line that pretends.
      series.time.push(last + 0.001);
      series.granted.push(null);
      series.refused.push(null);
    }
    series.time.push(time);
    series.granted.push(this.picture.granted);
    series.refused.push(this.picture.refused);
    for (const each of [series.time, series.granted, series.refused]) {
      if (each.length > kPoints) each.splice(0, each.length - kPoints);
    }
  }

  private async readStatus(): Promise<void> {
    const sent = Date.now();
    const status = await get<SaleStatus>(salePath(this.id, '/status'), this.signal());
    learnTime(status.now, sent);
    this.picture.status = status;
  }

  private async readAnswers(): Promise<void> {
    const { claim_answers: now } = await get<ServerAbout>('/v1/server', this.signal());
    const readings = this.answerReadings;
    readings.push(now);
    if (readings.length > kAnswersOver + 1) readings.shift();
    this.picture.answers = between(readings[0] as AnswerTimes, now);
  }

  private async readSale(): Promise<void> {
    const { data, etag } = await request<Sale>(salePath(this.id), { signal: this.signal() });
    if (etag !== this.etag || this.picture.sale?.status !== data.status) this.picture.sale = data;
    this.etag = etag ?? '';
  }

  /** Events a second, by how far the sale's sequence has moved. */
  private heat(): number {
    const last = this.readings.at(-1);
    const before = last && this.readingBefore(last, kRateOver);
    if (!last || !before) return 0;
    return (1000 * (last.stats.sequence - before.stats.sequence)) / (last.at - before.at);
  }

  private judgeHeat(): void {
    const heat = this.heat();
    if (!this.picture.isSampled) {
      if (heat <= kTooHot) return;
      this.feed?.close();
      this.feed = undefined;
      this.picture.isSampled = true;
      this.picture.isStreaming = false;
    }
    this.coolTurns = heat < kCoolAgain ? this.coolTurns + 1 : 0;
    if (this.coolTurns >= kCoolTurns) {
      this.coolTurns = 0;
      this.picture.isSampled = false;
      this.openFeed('latest');
    } else if (this.sampleTurn++ % 4 === 0) {
      void this.sample();
    }
  }

  private async sample(): Promise<void> {
    try {
      const query = new URLSearchParams({ sale: this.id, after: 'latest', limit: String(kSample), wait: '1' });
      const page = await get<Page<FeedEvent>>(`/v1/events?${query}`, this.signal());
      for (const event of page.data) this.addToTicker(event);
    } catch {
      // The counters tell that nobody answers; the ticker has nothing to add.
    }
  }

  private publish(): void {
    if (!this.abort.signal.aborted) this.show({ ...this.picture });
  }
}

export function isStale(picture: LivePicture): boolean {
  return picture.freshAt > 0 && Date.now() - picture.freshAt > kStaleAfter;
}
