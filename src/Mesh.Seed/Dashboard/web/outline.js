// Any answer as an outline: what pbm prints with indents.
import { h } from './dom.js';
import { isNumber, scalar, words } from './format.js';

const MAX_ENTRIES = 300;

/** As it is, to be compared with what pbm prints. */
const exactly = value => isNumber(value) ? String(value) : scalar(value);

const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = value => typeof value !== 'object' || value === null;

/** Objects with few, plain entries read best as a table. */
const isTable = value => value.length > 0 && value.every(item => isObject(item) && Object.values(item).every(isScalar));

const classOf = cell => typeof cell === 'number' ? 'number' : String(cell).length > 24 ? 'long' : undefined;

function tableOf(columns, rows) {
  return h('table', { class: 'small' },
    h('thead', {}, h('tr', {}, columns.map((column, i) => h('th', { scope: 'col', class: typeof rows[0]?.[i] === 'number' ? 'number' : undefined }, words(column))))),
    h('tbody', {}, rows.slice(0, MAX_ENTRIES).map(row => h('tr', {}, row.map(cell => h('td', { class: classOf(cell) }, exactly(cell)))))));
}

function arrayOf(value) {
  if (value.length === 0) return h('span', { class: 'muted' }, 'none');
  if (value.every(isScalar)) return h('span', {}, value.slice(0, MAX_ENTRIES).map(exactly).join(', '));
  if (isTable(value)) {
    const columns = [...new Set(value.flatMap(Object.keys))];
    if (columns.length <= 6) return tableOf(columns, value.map(item => columns.map(column => item[column])));
  }
  return h('ol', {}, value.slice(0, MAX_ENTRIES).map(item => h('li', {}, outlineOf(item))));
}

export function outlineOf(value) {
  if (Array.isArray(value)) return arrayOf(value);
  if (!isObject(value)) return h('span', {}, exactly(value));
  return h('dl', { class: 'outline' }, Object.entries(value).slice(0, MAX_ENTRIES).map(([name, content]) =>
    h('div', { class: isScalar(content) || Array.isArray(content) && content.every(isScalar) ? 'line' : 'block' },
      h('dt', {}, words(name)), h('dd', {}, outlineOf(content)))));
}

/** Everything that an answer has, in the order tables, documents, lines. */
export function answerOf(answer) {
  const parts = [];
  for (const table of answer.tables ?? []) {
    parts.push(table.rows.length === 1
      ? outlineOf(Object.fromEntries(table.columns.map((column, i) => [column, table.rows[0][i]])))
      : h('div', { class: 'wide' }, tableOf(table.columns, table.rows)));
  }
  for (const document of answer.documents ?? []) parts.push(outlineOf(document));
  for (const line of answer.lines ?? []) parts.push(h('p', {}, line));
  return parts.length ? parts : [h('p', { class: 'muted' }, 'Nothing to tell.')];
}
