// What the readers of the feed have in common: npm's cloudevents as the judge of each event.
import { CloudEvent, HTTP } from "cloudevents";

export const types = ["sale.created", "sale.updated", "sale.opened", "sale.paused", "sale.resumed", "sale.closed",
  "sale.cancelled", "sale.deleted", "claim.held", "claim.confirmed", "claim.released", "claim.extended",
  "claim.reacquired", "claim.refund_required"].map((type) => `doorbuster.${type}`);

export function judge(message) {
  const event = new CloudEvent(JSON.parse(message.data));
  event.validate();
  const received = HTTP.toEvent({ headers: { "content-type": "application/cloudevents+json" }, body: message.data });
  if (received.id !== message.lastEventId || event.type !== message.type) {
    throw new Error(`it is not what it says: ${message.data}`);
  }
}

// How many to read at a time, to have read `total` after about `pieces` times and one.
export function* pieces(total, count) {
  let left = total;
  for (let piece = 0; piece < count && left > 1; piece += 1) {
    const wanted = Math.min(1 + Math.floor(Math.random() * ((2 * total) / count)), left - 1);
    left -= wanted;
    yield wanted;
  }
  yield left;
}
