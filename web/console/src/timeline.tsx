// What happened to the sale itself. The feed has these events among those of the claims, so they are looked
// for page by page; a long sale is read on only when asked.

import { useEffect, useRef, useState } from 'preact/hooks';

import { get, Problem } from './api.ts';
import { eventText, isOfSale } from './event_words.tsx';
import { clockTimeExact, dateTime, number, t } from './i18n.ts';
import { Loading, ProblemNote } from './parts.tsx';
import type { FeedEvent, Page } from './types.ts';

const kPage = 1000;
const kPagesAtOnce = 10;

interface Story {
  events: FeedEvent[];
  firstClaim: FeedEvent | undefined;
  lastClaim: FeedEvent | undefined;
  read: number;
  next: string | undefined; // undefined: all has been read
  isCut: boolean; // the beginning is no longer kept
  problem: Problem | undefined;
}

const kUnread: Story = {
  events: [],
  firstClaim: undefined,
  lastClaim: undefined,
  read: 0,
  next: '0',
  isCut: false,
  problem: undefined,
};

function withPage(story: Story, page: Page<FeedEvent>): Story {
  const claims = page.data.filter((event) => !isOfSale(event));
  return {
    ...story,
    events: story.events.concat(page.data.filter(isOfSale)),
    firstClaim: story.firstClaim ?? claims[0],
    lastClaim: claims.at(-1) ?? story.lastClaim,
    read: story.read + page.data.length,
    next: page.has_more && page.next !== null ? page.next : undefined,
  };
}

async function readOn(sale: string, from: Story, signal: AbortSignal): Promise<Story> {
  let story: Story = { ...from, problem: undefined };
  for (let pages = 0; pages < kPagesAtOnce && story.next !== undefined; ++pages) {
    try {
      const query = new URLSearchParams({ sale, limit: String(kPage), after: story.next });
      story = withPage(story, await get<Page<FeedEvent>>(`/v1/events?${query}`, signal));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const oldest = error.body.oldest;
      if (error.code !== 'cursor-expired' || typeof oldest !== 'string' || story.isCut) return { ...story, problem: error };
      story = { ...story, next: oldest, isCut: true };
    }
  }
  return story;
}

export function Timeline({ sale, turn }: { sale: string; turn: number }) {
  const [story, setStory] = useState<Story | undefined>();
  const abort = useRef(new AbortController());
  const go = (from: Story): void => {
    const { signal } = abort.current;
    readOn(sale, from, signal)
      .then((read) => !signal.aborted && setStory(read))
      .catch(() => {}); // the page has been left
  };
  useEffect(() => {
    abort.current = new AbortController();
    go(kUnread);
    return () => abort.current.abort();
  }, [sale, turn]);
  return (
    <section class="card">
      <h2>{t('result.timeline')}</h2>
      {!story ? <Loading lines={4} /> : <Events story={story} onMore={() => go(story)} />}
    </section>
  );
}

function Events({ story, onMore }: { story: Story; onMore: () => void }) {
  const rows = story.events.map((event) => ({ event, text: eventText(event) }));
  if (story.firstClaim) rows.push({ event: story.firstClaim, text: t('result.first_claim') });
  if (story.lastClaim && story.lastClaim !== story.firstClaim && story.next === undefined) {
    rows.push({ event: story.lastClaim, text: t('result.last_claim_event') });
  }
  rows.sort((a, b) => Number(a.event.sequence) - Number(b.event.sequence));
  return (
    <div class="stack">
      {story.isCut && <p class="hint">{t('result.cut')}</p>}
      <ol class="timeline">
        {rows.map(({ event, text }) => (
          <li key={event.id}>
            <div>
              <p>{text}</p>
              <time class="quiet small num" dateTime={event.time} title={dateTime(event.time)}>
                {clockTimeExact(event.time)}
              </time>
            </div>
          </li>
        ))}
      </ol>
      {story.problem && <ProblemNote problem={story.problem} onRetry={onMore} />}
      {story.next !== undefined && !story.problem && (
        <p>
          <span class="hint num">{t('result.read_so_far', { n: story.read, read: number(story.read) })} </span>
          <button type="button" class="button small" onClick={onMore}>
            {t('result.read_on')}
          </button>
        </p>
      )}
    </div>
  );
}
