// Lines over the last five minutes, which the page alone remembers. A gap is a time in which nothing was heard.
import { h, svg, text } from './dom.js';
import { number, short, duration } from './format.js';

const SPAN_MS = 5 * 60 * 1000;
/** Heartbeats that may be missed before the line breaks. */
const GAP_BEATS = 4;
const EDGE = { left: 46, right: 10, top: 10, bottom: 22 };

/** Steps of 1, 2 or 5 times a power of ten, about three up to max. */
function ticksUpTo(max) {
  const rough = max / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(n => n * power).find(n => n >= rough);
  const ticks = [];
  for (let i = 0; (i - 1) * step < max; i++) ticks.push(i * step);
  return ticks;
}

export class Chart {
  #samples = []; #lines; #svg; #readout; #spoken; #cursor = null; #size; #gap = 4000;

  /** lines: [{ key, label, unit? }]; a sample is an object with these keys. */
  constructor(figure, title, unit, lines) {
    this.#lines = lines;
    const keys = lines.length > 1 ? lines.map((line, i) => h('span', { class: `key line-${i}` }, h('i', { 'aria-hidden': 'true' }), line.label)) : [];
    this.#readout = h('span', { class: 'readout' });
    // Only what somebody steps to is read aloud, not what comes every second.
    this.#spoken = h('span', { class: 'unseen', role: 'status' });
    this.#svg = svg('svg', { class: 'chart', role: 'img', tabindex: 0, 'aria-label': `${title}, last five minutes. Left and right arrow keys read it.` });
    figure.append(h('figcaption', {}, h('h3', {}, title, h('span', { class: 'muted' }, ` ${unit}`)), ...keys, this.#readout, this.#spoken), this.#svg);
    new ResizeObserver(([entry]) => {
      this.#size = [Math.round(entry.contentRect.width), Math.round(entry.contentRect.height)];
      this.#draw();
    }).observe(this.#svg);
    this.#svg.addEventListener('pointermove', event => this.#point(event));
    this.#svg.addEventListener('pointerleave', () => this.#read(null));
    this.#svg.addEventListener('blur', () => this.#read(null));
    this.#svg.addEventListener('keydown', event => this.#step(event));
  }

  /** beat is how often samples come, in milliseconds. */
  add(sample, beat) {
    this.#gap = beat * GAP_BEATS;
    this.#samples.push(sample);
    while (this.#samples[0].at < sample.at - SPAN_MS - this.#gap) {
      this.#samples.shift();
      if (this.#cursor !== null) this.#cursor = this.#cursor > 0 ? this.#cursor - 1 : null;
    }
    this.#draw();
  }

  #point(event) {
    if (!this.#samples.length) return;
    const box = this.#svg.getBoundingClientRect();
    const at = this.#timeOf(event.clientX - box.left);
    let best = 0;
    this.#samples.forEach((sample, i) => { if (Math.abs(sample.at - at) < Math.abs(this.#samples[best].at - at)) best = i; });
    this.#read(best);
  }

  #step(event) {
    const last = this.#samples.length - 1;
    const here = this.#cursor ?? last;
    const to = { ArrowLeft: here - 1, ArrowRight: here + 1, PageUp: here - 30, PageDown: here + 30, Home: 0, End: last }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.#read(Math.max(0, Math.min(last, to)));
    text(this.#spoken, this.#readout.textContent);
  }

  #read(cursor) {
    this.#cursor = cursor;
    this.#draw();
  }

  get #end() { return this.#samples.at(-1)?.at ?? 0; }

  #timeOf(x) { return this.#end - SPAN_MS + (x - EDGE.left) / (this.#size[0] - EDGE.left - EDGE.right) * SPAN_MS; }

  #draw() {
    if (!this.#size || this.#size[0] < 80) return;
    const [width, height] = this.#size;
    const [inner, depth] = [width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom];
    const shown = this.#samples.filter(sample => sample.at >= this.#end - SPAN_MS);
    const most = Math.max(0, ...shown.flatMap(sample => this.#lines.map(line => sample[line.key] ?? 0)));
    const ticks = ticksUpTo(most || 1);
    const x = at => EDGE.left + (at - this.#end + SPAN_MS) / SPAN_MS * inner;
    const y = value => EDGE.top + depth - value / ticks.at(-1) * depth;
    const parts = ticks.map(tick => svg('g', { class: 'tick' },
      svg('line', { x1: EDGE.left, x2: width - EDGE.right, y1: y(tick), y2: y(tick) }),
      svg('text', { x: EDGE.left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, short(tick))));
    const minutes = inner < 380 ? [5, 3, 1, 0] : [5, 4, 3, 2, 1, 0];
    for (const minute of minutes)
      parts.push(svg('text', { class: 'axis', x: x(this.#end - minute * 60000), y: height - 5, 'text-anchor': minute === 5 ? 'start' : minute ? 'middle' : 'end' },
        minute ? `−${minute} min` : 'now'));
    this.#lines.forEach((line, i) => {
      const d = this.#path(shown, line.key, x, y);
      if (this.#lines.length === 1 && d) parts.push(svg('path', { class: 'area', d: this.#area(shown, line.key, x, y) }));
      parts.push(svg('path', { class: `curve line-${i}`, d }));
    });
    const read = this.#cursor === null ? this.#samples.at(-1) : this.#samples[this.#cursor];
    if (read && this.#cursor !== null) {
      parts.push(svg('line', { class: 'cursor', x1: x(read.at), x2: x(read.at), y1: EDGE.top, y2: EDGE.top + depth }));
      this.#lines.forEach((line, i) => read[line.key] != null && parts.push(svg('circle', { class: `spot line-${i}`, cx: x(read.at), cy: y(read[line.key]), r: 3.5 })));
    }
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.#svg.replaceChildren(...parts);
    text(this.#readout, this.#words(read));
  }

  #words(sample) {
    if (!sample) return '';
    const values = this.#lines.map(line => (this.#lines.length > 1 ? `${line.label} ` : '') + number(sample[line.key])).join(' · ');
    return this.#cursor === null ? `now ${values}` : `${duration((this.#end - sample.at) / 1000)} ago ${values}`;
  }

  /** Runs of neighbouring samples that have a value. */
  #runs(samples, key) {
    const runs = [];
    let former = null;
    for (const sample of samples) {
      if (sample[key] == null) { former = null; continue; }
      if (former === null || sample.at - former > this.#gap) runs.push([]);
      runs.at(-1).push(sample);
      former = sample.at;
    }
    return runs;
  }

  #path(samples, key, x, y) {
    // A lone sample is a line of no length, which a round cap makes a dot.
    return this.#runs(samples, key).map(run => 'M' + run.concat(run.length === 1 ? run : []).map(s => `${x(s.at).toFixed(1)} ${y(s[key]).toFixed(1)}`).join('L')).join('');
  }

  #area(samples, key, x, y) {
    return this.#runs(samples, key).map(run =>
      `M${x(run[0].at).toFixed(1)} ${y(0)}L` + run.map(s => `${x(s.at).toFixed(1)} ${y(s[key]).toFixed(1)}`).join('L') + `L${x(run.at(-1).at).toFixed(1)} ${y(0)}z`).join('');
  }
}
