// The table of vehicles: sorted, filtered, and never more rows in the page than can be read.
import { attribute, byId, h, list, roving, text, upAndDown } from './dom.js';
import { columnsOf, omittedOf, rowsOf } from './answers.js';
import { duration, isNumber, number, plural, scalar, words } from './format.js';
import { byState, glyph, kindOf, named } from './states.js';

const PAGE = 100;
// What a narrow screen leaves out first has the highest rank; the rest of a vehicle is in its explanation.
const RANKS = { vehicle: 0, state: 0, place: 0, running: 0, queued: 0, round_trip_ms: 1, answered: 1, failed: 2, lost: 2, models: 2, leaves_in_s: 2, device_class: 3, threads: 4, credits: 4 };
const NUMBERS = ['running', 'queued', 'round_trip_ms', 'answered', 'failed', 'lost', 'leaves_in_s', 'threads', 'credits'];
const HIDDEN = ['latitude', 'longitude', 'session'];
const HEADS = { device_class: 'class', leaves_in_s: 'leaves in', round_trip_ms: 'rtt (ms)' };
const SHOW = { leaves_in_s: duration, models: value => scalar(Array.isArray(value) ? value.join(', ') : value).replaceAll(/,(?=\S)/g, ', ') };

export class Vehicles {
  #answer = {}; #rows = []; #columns = []; #sort = { column: 'vehicle', down: false }; #words = ''; #place = null;
  #off = new Set(); #shown = PAGE; #explain; #refresh; #table; #more; #places; #known = 0;

  /** explain(id) is called when a vehicle is chosen. */
  constructor(explain) {
    this.#explain = explain;
    const container = byId('vehicles');
    this.#more = h('button', { type: 'button', class: 'more', hidden: true, onclick: () => { this.#shown += PAGE; this.#draw(); } });
    this.#table = h('table', { class: 'data' }, h('thead', {}, h('tr')), h('tbody'));
    container.append(this.#table, this.#more);
    this.#refresh = roving(this.#table.tBodies[0], 'button', upAndDown);
    byId('filter').addEventListener('input', event => {
      this.#words = event.target.value.trim().toLowerCase();
      this.#shown = PAGE;
      this.#draw();
    });
  }

  show(answer) {
    [this.#answer, this.#rows] = [answer, rowsOf(answer)];
    const columns = columnsOf(answer).filter(column => !HIDDEN.includes(column));
    if (columns.join() !== this.#columns.join()) this.#head(columns);
    this.#draw();
  }

  /** How many there are in all: the command does not list more than its limit. */
  set known(count) { this.#known = count; }

  /** Shows only the vehicles of these places; null = of all. */
  at(places, label) {
    [this.#places, this.#place, this.#shown] = [places && new Set(places), label, PAGE];
    this.#draw();
    if (places) byId('vehicles').scrollIntoView({ block: 'nearest' });
  }

  find(id) { return this.#rows.find(row => row.vehicle === id); }

  #head(columns) {
    this.#columns = columns;
    this.#table.tHead.rows[0].replaceChildren(...columns.map(column => h('th', { scope: 'col', class: this.#classOf(column), 'data-column': column },
      h('button', { type: 'button', onclick: () => this.#sortBy(column) }, HEADS[column] ?? words(column)))));
    this.#table.tBodies[0].replaceChildren();
  }

  #classOf(column) { return `rank-${RANKS[column] ?? 4} col-${column}${NUMBERS.includes(column) ? ' number' : ''}`; }

  #sortBy(column) {
    this.#sort = { column, down: this.#sort.column === column && !this.#sort.down };
    this.#draw();
  }

  #matches(row) {
    return !this.#off.has(kindOf(row.state)) && (!this.#places || this.#places.has(row.place))
      && (!this.#words || ['vehicle', 'state', 'place', 'device_class', 'models'].some(c => String(row[c] ?? '').toLowerCase().includes(this.#words)));
  }

  #order(a, b) {
    const [x, y] = [a[this.#sort.column], b[this.#sort.column]];
    const [noX, noY] = [x === null || x === undefined || x === '', y === null || y === undefined || y === ''];
    if (noX || noY) return noX - noY; // What is not known stands last in either order.
    const order = isNumber(x) && isNumber(y) ? x - y : String(x).localeCompare(String(y), 'en', { numeric: true });
    return (this.#sort.down ? -order : order) || String(a.vehicle).localeCompare(String(b.vehicle), 'en', { numeric: true });
  }

  #draw() {
    const found = this.#rows.filter(row => this.#matches(row)).sort((a, b) => this.#order(a, b));
    for (const head of this.#table.tHead.rows[0].cells)
      attribute(head, 'aria-sort', head.dataset.column === this.#sort.column ? this.#sort.down ? 'descending' : 'ascending' : null);
    list(this.#table.tBodies[0], found.slice(0, this.#shown), row => row.vehicle, row => this.#create(row), (element, row) => this.#update(element, row));
    const omitted = omittedOf(this.#answer);
    const told = this.#rows.length + omitted;
    const total = Math.max(told, this.#known);
    text(byId('vehicles-count'), this.#answer.error ? '' : found.length === total ? plural(total, 'vehicle') : `${number(found.length)} of ${plural(total, 'vehicle')}`
      + (omitted ? `; ${number(omitted)} more are only on the map` : '') + (total > told ? `; ${number(total - told)} are not told` : ''));
    this.#more.hidden = found.length <= this.#shown;
    text(this.#more, `Show ${number(Math.min(PAGE, found.length - this.#shown))} more of ${number(found.length)}`);
    this.#table.hidden = this.#columns.length === 0 || !!this.#answer.error;
    attribute(byId('vehicles'), 'data-empty', this.#answer.error || found.length ? null : total ? 'No vehicle fits the filter.' : 'No vehicles.');
    this.#chips();
    this.#refresh();
  }

  #create(row) {
    return h('tr', {}, this.#columns.map(column => {
      if (column === 'vehicle')
        return h('th', { scope: 'row', class: this.#classOf(column) }, h('button', { type: 'button', class: 'id', onclick: () => this.#explain(row.vehicle) }, row.vehicle));
      return h('td', { class: this.#classOf(column) }, column === 'state' ? [h('span', { class: 'sign' }), h('span')] : []);
    }));
  }

  #update(element, row) {
    this.#columns.forEach((column, i) => {
      const cell = element.cells[i];
      if (column === 'vehicle') return;
      if (column === 'state') return this.#updateState(cell, row.state);
      text(cell, (SHOW[column] ?? scalar)(row[column]));
      cell.classList.toggle('trouble', ['failed', 'lost'].includes(column) && row[column] > 0);
    });
  }

  #updateState(cell, state) {
    const [sign, label] = cell.children;
    if (sign.dataset.state !== state) {
      sign.dataset.state = state;
      sign.replaceChildren(glyph(state));
    }
    text(label, named(state));
  }

  /** One switch for each state there is, with how many; and one that takes the place's filter off. */
  #chips() {
    const counts = new Map();
    for (const row of this.#rows) counts.set(kindOf(row.state), (counts.get(kindOf(row.state)) ?? 0) + 1);
    for (const off of this.#off) if (!counts.has(off)) counts.set(off, 0);
    const chips = [...counts.keys()].sort(byState);
    if (this.#places) chips.push('@place');
    list(byId('state-filter'), chips, chip => chip,
      chip => h('button', { type: 'button', onclick: () => this.#toggle(chip) }, chip === '@place' ? [] : glyph(chip), h('span')),
      (element, chip) => {
        text(element.lastChild, chip === '@place' ? `place ${this.#place} ×` : `${named(chip)} ${number(counts.get(chip))}`);
        if (chip === '@place') attribute(element, 'aria-label', `Show all places, not only ${this.#place}`);
        else attribute(element, 'aria-pressed', !this.#off.has(chip));
      });
  }

  #toggle(chip) {
    if (chip === '@place') {
      this.at(null, null);
      byId('filter').focus();
      return;
    }
    if (!this.#off.delete(chip)) this.#off.add(chip);
    this.#draw();
  }
}
