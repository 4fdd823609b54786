// The stream of events. Reconnects by itself, also where the browser would give up or would not notice.

const SILENCE_MS = 5000;
const PAUSES_MS = [500, 1000, 2000, 3000, 5000];
const HIDDEN_MS = 60000;

export class Stream {
  #url; #panels; #onEvent; #onState; #source; #timer; #hidden; #failures = 0; #heard = 0; #paused = false;

  /** onState is told 'connecting', 'live', 'lost' or 'paused'. */
  constructor(url, panels, onEvent, onState) {
    [this.#url, this.#panels, this.#onEvent, this.#onState] = [url, panels, onEvent, onState];
    setInterval(() => this.#watch(), 1000);
    // A page that nobody sees for a minute holds no place at the seed.
    document.addEventListener('visibilitychange', () => {
      clearTimeout(this.#hidden);
      if (document.hidden) this.#hidden = setTimeout(() => this.#close(), HIDDEN_MS);
      else if (!this.#source && !this.#timer && !this.#paused) this.#open();
    });
    addEventListener('online', () => { if (this.#timer) this.#open(); });
    this.#onState('connecting');
    this.#open();
  }

  set paused(paused) {
    this.#paused = paused;
    if (paused) {
      this.#close();
      this.#onState('paused');
    } else {
      this.#onState('connecting');
      this.#open();
    }
  }

  #open() {
    this.#close();
    const source = this.#source = new EventSource(this.#url);
    this.#heard = performance.now();
    source.onerror = () => this.#lost();
    for (const panel of this.#panels)
      source.addEventListener(panel, event => this.#hear(panel, event.data));
  }

  #hear(panel, data) {
    this.#heard = performance.now();
    this.#onState('live');
    this.#failures = 0;
    this.#onEvent(panel, JSON.parse(data));
  }

  /** A connection whose other end has vanished stays open for long; its silence tells. */
  #watch() {
    if (this.#source && performance.now() - this.#heard > SILENCE_MS) this.#lost();
  }

  #lost() {
    this.#close();
    this.#onState('lost');
    const pause = PAUSES_MS[Math.min(this.#failures++, PAUSES_MS.length - 1)];
    this.#timer = setTimeout(() => this.#open(), pause);
  }

  #close() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#source?.close();
    this.#source = undefined;
  }
}
