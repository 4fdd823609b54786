// Vehicles by coarse place and state. Places that would cover each other are drawn as one.
import { attribute, h, list, roving, svg, text } from './dom.js';
import { omittedOf, rowsOf } from './answers.js';
import { isNumber, plural, short } from './format.js';
import { byState, glyph, named, shape } from './states.js';
import { drawGround, loadGround } from './ground.js';

const JOIN_PIXELS = 34;
const MIN_DEGREES = 1.6;
const WORLD = { west: -20, east: 40, south: 34, north: 62 };

/** What is in sight: degrees on pixels, true to shape in its middle. */
class View {
  constructor({ lon, lat, pixelsPerDegree }, [width, height]) {
    Object.assign(this, { lon, lat, pixelsPerDegree, width, height });
    this.pixelsPerEast = Math.cos(lat * Math.PI / 180) * pixelsPerDegree;
    [this.west, this.east] = [lon - width / 2 / this.pixelsPerEast, lon + width / 2 / this.pixelsPerEast];
    [this.south, this.north] = [lat - height / 2 / pixelsPerDegree, lat + height / 2 / pixelsPerDegree];
  }

  project(lon, lat) { return [this.width / 2 + (lon - this.lon) * this.pixelsPerEast, this.height / 2 - (lat - this.lat) * this.pixelsPerDegree]; }

  holds({ lon, lat }) {
    const [x, y] = this.project(lon, lat);
    return x > 12 && x < this.width - 12 && y > 12 && y < this.height - 12;
  }
}

export class RegionMap {
  #svg; #ground; #groundLayer; #marks; #legend; #onPlace; #places = []; #size; #center; #isOwnView = false; #world; #refresh; #empty;

  /** onPlace(places, label) is called when a mark is chosen. */
  constructor(container, legend, onPlace) {
    [this.#legend, this.#onPlace] = [legend, onPlace];
    this.#groundLayer = svg('g', { 'aria-hidden': 'true' });
    this.#marks = svg('g', { class: 'marks' });
    this.#svg = svg('svg', { class: 'canvas', role: 'group', 'aria-label': 'Map of vehicles. Arrow keys go from place to place, Enter shows its vehicles in the table.' }, this.#groundLayer, this.#marks);
    this.#empty = h('p', { class: 'empty', hidden: true });
    container.prepend(this.#svg);
    container.append(this.#empty);
    this.#refresh = roving(this.#marks, '.mark', nextInDirection);
    for (const button of container.querySelectorAll('[data-zoom]')) button.addEventListener('click', () => this.#zoom(button.dataset.zoom));
    this.#dragging();
    new ResizeObserver(([entry]) => {
      this.#size = [entry.contentRect.width, entry.contentRect.height];
      this.#fit();
      this.#draw();
    }).observe(this.#svg);
    loadGround().then(ground => {
      this.#world = ground;
      this.#draw();
    }, error => console.warn('The map has no ground:', error));
  }

  show(answer) {
    this.#places = answer.error ? [] : answer.places?.map(p => ({ places: [p.place], lon: p.longitude, lat: p.latitude, states: new Map(Object.entries(p.states)) })) ?? placesOf(rowsOf(answer));
    const nowhere = rowsOf(answer).filter(row => !isNumber(row.latitude) || !isNumber(row.longitude)).length;
    const words = answer.error ? '' : this.#places.length ? '' : nowhere + omittedOf(answer) ? 'No vehicle tells where it is.' : 'No vehicles in the region.';
    text(this.#empty, words);
    this.#empty.hidden = !words;
    this.#showLegend();
    this.#fit();
    this.#draw();
  }

  #showLegend() {
    const counts = new Map();
    for (const place of this.#places) for (const [state, count] of place.states) counts.set(state, (counts.get(state) ?? 0) + count);
    list(this.#legend, [...counts.keys()].sort(byState), state => state,
      state => h('li', {}, glyph(state), h('span'), ' ', h('b')),
      (element, state) => {
        text(element.querySelector('span'), named(state));
        text(element.querySelector('b'), short(counts.get(state)));
      });
  }

  /** Moves only when it must: a map that follows every car cannot be read. */
  #fit(isWanted = false) {
    if (!this.#size) return;
    if (isWanted) this.#isOwnView = false;
    if (this.#isOwnView) return;
    const box = boxOf(this.#places);
    const [width, height] = this.#size;
    const lat = (box.north + box.south) / 2;
    const degrees = Math.max(box.north - box.south, MIN_DEGREES);
    const span = Math.max((box.east - box.west) * Math.cos(lat * Math.PI / 180), MIN_DEGREES);
    const pixelsPerDegree = Math.min((height - 90) / degrees, (width - 110) / span);
    const now = this.#center && new View(this.#center, this.#size);
    if (!isWanted && now && this.#places.every(place => now.holds(place)) && now.pixelsPerDegree > pixelsPerDegree / 2) return;
    this.#center = { lon: (box.east + box.west) / 2, lat, pixelsPerDegree };
    this.#ground = null;
  }

  #zoom(how) {
    if (how === 'fit') this.#fit(true);
    else if (this.#center) {
      this.#isOwnView = true;
      this.#center.pixelsPerDegree = Math.min(20000, Math.max(3, this.#center.pixelsPerDegree * (how === 'in' ? 1.6 : 1 / 1.6)));
    }
    this.#ground = null;
    this.#draw();
  }

  #dragging() {
    let from = null;
    this.#svg.addEventListener('pointerdown', event => {
      if (event.button === 0 && event.pointerType === 'mouse' && !event.target.closest('.mark')) from = { x: event.clientX, y: event.clientY, ...this.#center };
    });
    this.#svg.addEventListener('pointermove', event => {
      if (!from || !this.#center || !(event.buttons & 1)) return;
      this.#isOwnView = true;
      const perEast = Math.cos(from.lat * Math.PI / 180) * from.pixelsPerDegree;
      this.#center.lon = Math.max(-180, Math.min(180, from.lon - (event.clientX - from.x) / perEast));
      this.#center.lat = Math.max(-80, Math.min(80, from.lat + (event.clientY - from.y) / from.pixelsPerDegree));
      this.#ground = null;
      this.#draw();
    });
    addEventListener('pointerup', () => { from = null; });
  }

  #draw() {
    if (!this.#size || !this.#center || this.#size[0] < 50) return;
    const view = new View(this.#center, this.#size);
    if (!this.#ground || this.#ground.world !== this.#world || this.#ground.size !== this.#size) {
      this.#svg.setAttribute('viewBox', `0 0 ${view.width} ${view.height}`);
      this.#groundLayer.replaceChildren(...drawGround(this.#world, view));
      this.#ground = { world: this.#world, size: this.#size };
    }
    list(this.#marks, joined(this.#places, view), mark => mark.places[0], mark => this.#create(mark), (element, mark) => this.#update(element, mark));
    this.#refresh();
  }

  #create() {
    const mark = svg('g', { class: 'mark', role: 'button' });
    const choose = () => this.#onPlace(mark.places, mark.label);
    mark.addEventListener('click', choose);
    mark.addEventListener('keydown', event => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      choose();
    });
    return mark;
  }

  #update(element, mark) {
    const states = [...mark.states].sort((a, b) => byState(a[0], b[0]));
    const total = countOf(mark.states);
    element.places = mark.places;
    element.label = mark.places.length === 1 ? mark.places[0] : `${mark.places[0]} and ${mark.places.length - 1} near it`;
    attribute(element, 'transform', `translate(${mark.x.toFixed(1)} ${mark.y.toFixed(1)})`);
    attribute(element, 'aria-label', `${element.label}: ${plural(total, 'vehicle')}, ${states.map(([state, count]) => `${count} ${named(state)}`).join(', ')}`);
    const look = states.map(entry => entry.join()).join(';');
    if (element.look === look) return;
    element.look = look;
    element.replaceChildren(...(total === 1 ? single(states[0][0]) : pill(states)));
  }
}

const single = state => [svg('circle', { class: 'halo', r: 10 }), shape(state)];

/** Where each state's shape and number stand in a mark of several vehicles: two beside each other, below them the next two. */
function layoutOf(states) {
  const cells = states.map(([state, count]) => ({ state, words: short(count), width: 21 + short(count).length * 7 }));
  const columns = Math.min(2, cells.length);
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...cells.filter((_, i) => i % columns === column).map(cell => cell.width)));
  const rows = Math.ceil(cells.length / columns);
  return { cells, columns, widths, width: widths.reduce((a, b) => a + b) + 6, height: 6 + 16 * rows };
}

function pill(states) {
  const { cells, columns, widths, width, height } = layoutOf(states);
  return [
    svg('rect', { class: 'halo', x: -width / 2, y: -height / 2, width, height, rx: 11 }),
    ...cells.map((cell, i) => svg('g', { transform: `translate(${-width / 2 + 11 + (i % columns ? widths[0] : 0)} ${-height / 2 + 11 + 16 * Math.floor(i / columns)})` },
      shape(cell.state), svg('text', { x: 9, y: 4 }, cell.words))),
  ];
}

/** Vehicles of the same place together. */
function placesOf(rows) {
  const places = new Map();
  for (const row of rows) {
    if (!isNumber(row.latitude) || !isNumber(row.longitude)) continue;
    const name = row.place ?? `${row.latitude},${row.longitude}`;
    if (!places.has(name)) places.set(name, { places: [name], lon: row.longitude, lat: row.latitude, states: new Map() });
    const { states } = places.get(name);
    states.set(row.state ?? 'unknown', (states.get(row.state ?? 'unknown') ?? 0) + 1);
  }
  return [...places.values()];
}

function boxOf(places) {
  if (!places.length) return WORLD;
  const lons = places.map(place => place.lon), lats = places.map(place => place.lat);
  return { west: Math.min(...lons), east: Math.max(...lons), south: Math.min(...lats), north: Math.max(...lats) };
}

const sizeOf = states => {
  const entries = [...states];
  const { width, height } = layoutOf(entries);
  return entries.length === 1 && entries[0][1] === 1 ? [20, 20] : [width, height];
};

/** Marks in sight; those that would cover each other are one. By name, so that marks do not jump when a place comes or goes. */
function joined(places, view) {
  const marks = [];
  for (const place of [...places].sort((a, b) => a.places[0] < b.places[0] ? -1 : 1)) {
    const [x, y] = view.project(place.lon, place.lat);
    if (x < -20 || x > view.width + 20 || y < -20 || y > view.height + 20) continue;
    const near = marks.find(mark => Math.abs(mark.x - x) < JOIN_PIXELS && Math.abs(mark.y - y) < JOIN_PIXELS / 2);
    if (near) join(near, { ...place, x, y });
    else marks.push({ places: [...place.places], x, y, states: new Map(place.states), size: sizeOf(place.states) });
  }
  for (let i = 0; i < marks.length;) {
    const other = marks.findIndex((mark, j) => j !== i && covers(marks[i], mark));
    if (other < 0) {
      i++;
      continue;
    }
    join(marks[i], marks.splice(other, 1)[0]);
    if (other < i) i--;
  }
  return marks.sort((a, b) => a.y - b.y || a.x - b.x);
}

const covers = (a, b) => Math.abs(a.x - b.x) < (a.size[0] + b.size[0]) / 2 + 2 && Math.abs(a.y - b.y) < (a.size[1] + b.size[1]) / 2 + 2;

const countOf = states => [...states.values()].reduce((sum, count) => sum + count, 0);

/** The larger one says where. */
function join(mark, other) {
  if (countOf(other.states) > countOf(mark.states)) [mark.x, mark.y] = [other.x, other.y];
  mark.places.push(...other.places);
  for (const [state, count] of other.states) mark.states.set(state, (mark.states.get(state) ?? 0) + count);
  mark.states = new Map([...mark.states].sort((a, b) => byState(a[0], b[0])));
  mark.size = sizeOf(mark.states);
}

/** The nearest mark where the arrow points. */
function nextInDirection(current, key, all) {
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [0, 0];
  if (key === 'Home') return all[0];
  if (key === 'End') return all.at(-1);
  if (!dx && !dy) return undefined;
  const middle = element => { const box = element.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; };
  const [x, y] = middle(current);
  let best, least = Infinity;
  for (const element of all) {
    const [ex, ey] = middle(element);
    const along = (ex - x) * dx + (ey - y) * dy;
    const aside = Math.abs((ex - x) * dy) + Math.abs((ey - y) * dx);
    if (element === current || along <= 0 || along + 2 * aside >= least) continue;
    [best, least] = [element, along + 2 * aside];
  }
  return best ?? current;
}
