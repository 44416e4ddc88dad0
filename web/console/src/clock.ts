// The server's time, as well as a page can know it: its own clock and the offset seen in answers.
// No countdown goes by the clock of the machine it is shown on.

let offset = 0; // what to add to the local clock, ms
let bestTrip = Number.POSITIVE_INFINITY; // of the answer the offset is from, ms
let seenAt = 0;

/** An answer that took from `sent` to now and says that the server's time was `time`. */
export function learnTime(time: string, sent: number): void {
  const now = Date.now();
  const trip = now - sent;
  // The quickest answer of the last minute is the truest; an old one may be of a clock since stepped.
  if (trip > bestTrip && now - seenAt < 60_000) return;
  bestTrip = trip;
  seenAt = now;
  offset = Date.parse(time) - (sent + trip / 2);
}

/** As learnTime, of the field `Date`, which knows whole seconds: good until something better is known. */
export function learnDate(date: string, sent: number): void {
  if (bestTrip === Number.POSITIVE_INFINITY) offset = Date.parse(date) + 500 - (sent + Date.now()) / 2;
}

export function serverNow(): number {
  return Date.now() + offset;
}

/** How far this machine's clock is from the server's, ms. */
export function clockOffset(): number {
  return offset;
}
