// Reads the feed with npm's EventSource.
//   node read_events.mjs URL TOTAL PIECES
// Prints `total` events as they came, one a line; goes away and comes back `pieces` times in between.
import { EventSource } from "eventsource";
import { judge, pieces as cut, types } from "./judge_events.mjs";

const [url, total, pieces] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

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
for (const wanted of cut(total, pieces)) after = await readPiece(after, wanted);
