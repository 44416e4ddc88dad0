// The stream of a sale's events (server-sent events), read by fetch: EventSource would hide why it was
// refused, and every type of event that was not known when this was written.
//
// Resumes behind the last event it has seen. One stream at a time; close() ends it for good.

import { fetchOrProblem, Problem } from './api.ts';
import type { FeedEvent } from './types.ts';

const kFirstPause = 500; // before another try, ms
const kLongestPause = 5000;

export interface Frame {
  id: string;
  data: string; // the event as JSON, not yet looked at
}

/** Cuts a stream into frames, wherever its pieces end. Comments and fields not used here are passed over. */
export class FrameReader {
  private rest = '';

  push(text: string): Frame[] {
    const frames: Frame[] = [];
    this.rest += text;
    let start = 0;
    for (let end = this.rest.indexOf('\n\n'); end >= 0; end = this.rest.indexOf('\n\n', start)) {
      const frame = frameOf(this.rest.slice(start, end));
      if (frame) frames.push(frame);
      start = end + 2;
    }
    this.rest = this.rest.slice(start);
    return frames;
  }
}

function frameOf(block: string): Frame | undefined {
  let id = '';
  let data = '';
  for (const line of block.split('\n')) {
    if (line.startsWith('id:')) id = line.slice(3).trim();
    else if (line.startsWith('data:')) data = line.slice(5).trim();
  }
  return id === '' && data === '' ? undefined : { id, data };
}

export interface FeedEnds {
  onFrames: (frames: Frame[]) => void;
  onProblem: (problem: Problem | undefined) => void; // undefined: it is well again
}

export class Feed {
  private readonly abort = new AbortController();
  private pause = kFirstPause;

  constructor(
    private readonly sale: string,
    private after: string,
    private readonly ends: FeedEnds,
  ) {
    void this.run();
  }

  close(): void {
    this.abort.abort();
  }

  private async run(): Promise<void> {
    while (!this.abort.signal.aborted) {
      try {
        await this.readOnce();
      } catch (error) {
        if (this.abort.signal.aborted) return;
        if (error instanceof Problem && error.status > 0) {
          this.ends.onProblem(error);
          // What lies behind what is kept cannot be had; what happens from now on can.
          if (error.code === 'cursor-expired') this.after = 'latest';
          else if (error.status < 500) return;
        }
      }
      await new Promise((resolve) => window.setTimeout(resolve, this.pause));
      this.pause = Math.min(this.pause * 2, kLongestPause);
    }
  }

  private async readOnce(): Promise<void> {
    const query = new URLSearchParams({ sale: this.sale, after: this.after });
    const response = await fetchOrProblem(`/v1/events?${query}`, {
      accept: 'text/event-stream',
      signal: this.abort.signal,
    });
    const stream = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (!stream) return;
    this.pause = kFirstPause;
    this.ends.onProblem(undefined);
    const frames = new FrameReader();
    for (;;) {
      const { done, value } = await stream.read();
      if (done || this.abort.signal.aborted) return;
      const read = frames.push(value);
      const last = read.at(-1);
      if (last?.id) this.after = last.id;
      const events = read.filter((frame) => frame.data !== '');
      if (events.length > 0) this.ends.onFrames(events);
    }
  }
}

export function eventOf(frame: Frame): FeedEvent | undefined {
  try {
    return JSON.parse(frame.data) as FeedEvent;
  } catch {
    return undefined;
  }
}
