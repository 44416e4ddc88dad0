// The server's time. What it says is older by the way to here, and by as long as a cache kept it: of several
// answers the latest time is the truest.

export class ServerClock {
  private ahead: number | undefined; // of performance.now(), which no one sets

  hear(now: string): void {
    const ahead = Date.parse(now) - performance.now();
    if (Number.isNaN(ahead)) return;
    // A server that was told another time is followed all the same.
    const far = this.ahead !== undefined && this.ahead - ahead > 5000;
    if (this.ahead === undefined || ahead > this.ahead || far) this.ahead = ahead;
  }

  now(): number {
    return this.ahead === undefined ? Date.now() : performance.now() + this.ahead;
  }

  until(time: string): number {
    return Date.parse(time) - this.now();
  }
}
