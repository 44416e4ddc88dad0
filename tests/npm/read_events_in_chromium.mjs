// Reads the feed with Chromium's own EventSource, from a page of another origin.
//   node read_events_in_chromium.mjs CHROMIUM PAGE URL TOTAL PIECES
// Prints `total` events as they came, one a line; goes away and comes back `pieces` times in between, now and
// then with its whole page. With no pieces it leaves coming back to the browser.
import { chromium } from "playwright-core";
import { judge, pieces as cut, types } from "./judge_events.mjs";

const [program, address, url] = process.argv.slice(2, 5);
const [total, pieces] = process.argv.slice(5, 7).map(Number);
const PAGE_EVERY = 20; // pieces

// Runs in the page: the next `wanted` events behind `after`, each as soon as it is there.
function readPiece({ url, types, after, wanted }) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(`${url}?after=${after}`);
    const read = [];
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) reject(new Error(`closed after ${read.length} events`));
    };
    for (const type of types) {
      source.addEventListener(type, (message) => {
        if (read.length === wanted) return;
        read.push({ type: message.type, data: message.data, lastEventId: message.lastEventId });
        window.told?.(message.data);
        if (read.length < wanted) return;
        source.close();
        resolve(read);
      });
    }
  });
}

const browser = await chromium.launch({
  executablePath: program,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
try {
  let page = await browser.newPage();
  await page.goto(address);
  // Where the test has to act in between it is told of each event at once.
  if (pieces === 0) await page.exposeFunction("told", (data) => console.log(data));
  let after = "0";
  let number = 0;
  for (const wanted of cut(total, pieces)) {
    number += 1;
    if (number % PAGE_EVERY === 0) {
      await page.close();
      page = await browser.newPage();
      await page.goto(address);
    }
    const read = await page.evaluate(readPiece, { url, types, after, wanted });
    for (const message of read) judge(message);
    if (pieces > 0) console.log(read.map((message) => message.data).join("\n"));
    after = read.at(-1).lastEventId;
  }
} finally {
  await browser.close();
}
