// How long claims waited for their answers, of the time between two looks at what the server has counted.

/** As GET /v1/server has it: `counts` has one more than there are bounds, for what is beyond them all. */
export interface AnswerTimes {
  within_microseconds: number[];
  counts: number[];
}

/** What came between two looks; a count that went back began anew with the server. */
export function between(from: AnswerTimes, to: AnswerTimes): AnswerTimes {
  const isAnew = to.counts.some((count, i) => count < (from.counts[i] ?? 0));
  return isAnew ? to : { ...to, counts: to.counts.map((count, i) => count - (from.counts[i] ?? 0)) };
}

/**
 * Milliseconds within which that part of the answers came, as if they were spread evenly over their range.
 * Infinity: later than the last bound. Undefined: there was none.
 */
export function withinMs({ within_microseconds: bounds, counts }: AnswerTimes, part: number): number | undefined {
  let left = part * counts.reduce((sum, count) => sum + count, 0);
  if (left === 0) return undefined;
  let from = 0;
  for (const [i, to] of bounds.entries()) {
    const count = counts[i] ?? 0;
    if (left <= count) return (from + (to - from) * (left / count)) / 1000;
    left -= count;
    from = to;
  }
  return Infinity;
}
