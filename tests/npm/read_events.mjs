// Reads the feed with npm's EventSource and lets npm's cloudevents judge each event.
//   node read_events.mjs URL TOTAL PIECES
// Prints `total` events as they came, one a line; goes away and comes back `pieces` times in between.
import { CloudEvent, HTTP } from "cloudevents";
import { EventSource } from "eventsource";

const [url, total, pieces] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const types = ["sale.created", "sale.updated", "sale.opened", "sale.paused", "sale.resumed", "sale.closed",
  "sale.cancelled", "sale.deleted", "claim.held", "claim.confirmed", "claim.released", "claim.extended",
  "claim.reacquired", "claim.refund_required"].map((type) => `doorbuster.${type}`);

function judge(message) {
  const event = new CloudEvent(JSON.parse(message.data));
  event.validate();
  const received = HTTP.toEvent({ headers: { "content-type": "application/cloudevents+json" }, body: message.data });
  if (received.id !== message.lastEventId || event.type !== message.type) {
    throw new Error(`it is not what it says: ${message.data}`);
  }
}

// The last id of what was read.
function readPiece(after, wanted) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(`${url}?after=${after}`);
    let left = wanted;
    source.onerror = (error) => {
      if (source.readyState === EventSource.CLOSED) reject(new Error(error.message));
    };
    for (const type of types) {
      source.addEventListener(type, (message) => {
        if (left === 0) return;
        try {
          judge(message);
        } catch (error) {
          source.close();
          reject(error);
          return;
        }
        console.log(message.data);
        left -= 1;
        if (left === 0) {
          source.close();
          resolve(message.lastEventId);
        }
      });
    }
  });
}

let after = "0";
let left = total;
for (let piece = 0; piece < pieces && left > 1; piece += 1) {
  const wanted = Math.min(1 + Math.floor(Math.random() * ((2 * total) / pieces)), left - 1);
  after = await readPiece(after, wanted);
  left -= wanted;
}
await readPiece(after, left);
