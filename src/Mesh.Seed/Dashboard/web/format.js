// Figures and durations as people read them. Everything is shown in one language, so that it reads as pbm prints it.

const plain = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

export const NONE = '–';

export const isNumber = value => typeof value === 'number' && Number.isFinite(value);

/** With as many digits as say something: 1,234 or 12.3 or 0.45. */
export function number(value) {
  if (!isNumber(value)) return NONE;
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 100) return plain.format(value);
  return size >= 1 ? fine.format(value) : String(Number(value.toPrecision(2)));
}

export const short = value => !isNumber(value) ? NONE : Math.abs(value) < 10000 ? number(value) : compact.format(value);

export function milliseconds(value) {
  if (!isNumber(value)) return [NONE, ''];
  return value < 10000 ? [number(value), 'ms'] : [number(value / 1000), 's'];
}

export function energy(joules) {
  if (!isNumber(joules)) return [NONE, ''];
  if (joules < 3600) return [number(joules), 'J'];
  return joules < 3.6e6 ? [number(joules / 3600), 'Wh'] : [number(joules / 3.6e6), 'kWh'];
}

/** "45 s", "3 min 20 s", "2 h 5 min", "3 d". */
export function duration(seconds) {
  if (!isNumber(seconds)) return NONE;
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 && s < 600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.round(s / 60)} min`;
  if (s < 86400) return Math.floor(s % 3600 / 60) ? `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min` : `${Math.floor(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

/** "requests_per_s" → "requests/s", "round_trip_ms" → "round trip (ms)", "energy_j" → "energy (J)". */
export function words(name) {
  const unit = { _ms: ' (ms)', _s: ' (s)', _j: ' (J)', _wh: ' (Wh)', _bytes: ' (bytes)' };
  if (name.endsWith('_per_s')) return `${name.slice(0, -6).replaceAll('_', ' ')}/s`;
  for (const [end, says] of Object.entries(unit))
    if (name.endsWith(end)) return name.slice(0, -end.length).replaceAll('_', ' ') + says;
  return name.replaceAll('_', ' ');
}

export function scalar(value) {
  if (value === null || value === undefined || value === '') return NONE;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return isNumber(value) ? number(value) : String(value);
}

export const time = date => date.toLocaleTimeString('en-GB');

export const plural = (count, one, many = `${one}s`) => `${plain.format(count)} ${count === 1 ? one : many}`;
