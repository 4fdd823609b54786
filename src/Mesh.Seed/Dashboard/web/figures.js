// The seed's figures in one row, of 'mesh stats'.
import { h, list, text } from './dom.js';
import { documentOf } from './answers.js';
import { energy, isNumber, milliseconds, short, words } from './format.js';

const KNOWN = [
  { key: 'requests_per_s', label: 'Requests', show: value => [short(value), '/s'] },
  { key: 'p50_ms', label: 'Latency p50', show: milliseconds },
  { key: 'p99_ms', label: 'Latency p99', show: milliseconds },
  { key: 'active', label: 'Active' },
  { key: 'waiting', label: 'Waiting' },
  { key: 'answered', label: 'Answered' },
  { key: 'refused', label: 'Refused', tone: 'warn' },
  { key: 'failed', label: 'Failed', tone: 'bad' },
  { key: 'retries', label: 'Retries' },
  { key: 'hedges', label: 'Hedges' },
  { key: 'energy_j', label: 'Energy', show: energy },
];
const plain = value => [short(value), ''];

export function showFigures(container, answer) {
  const stats = documentOf(answer);
  const extra = Object.keys(stats).filter(key => isNumber(stats[key]) && !KNOWN.some(known => known.key === key))
    .map(key => ({ key, label: words(key) }));
  const shown = answer.error ? [] : [...KNOWN.filter(known => known.key in stats), ...extra];
  list(container, shown, figure => figure.key,
    figure => h('div', {}, h('dt', {}, figure.label), h('dd', {}, h('b'), h('small'))),
    (element, figure) => {
      const [value, unit] = (figure.show ?? plain)(stats[figure.key]);
      text(element.querySelector('b'), value);
      text(element.querySelector('small'), unit);
      element.dataset.tone = stats[figure.key] > 0 && figure.tone || 'calm';
    });
}
