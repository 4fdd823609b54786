// The page: what comes from the stream goes to the panels.
import { byId, text } from './dom.js';
import { Batches } from './batches.js';
import { Chart } from './charts.js';
import { Explain } from './explain.js';
import { RegionMap } from './map.js';
import { Stream } from './stream.js';
import { Vehicles } from './vehicles.js';
import { answerOf } from './outline.js';
import { documentOf } from './answers.js';
import { duration, isNumber, time } from './format.js';
import { showFigures } from './figures.js';
import { named } from './states.js';
import { showMembers } from './members.js';

const announce = words => text(byId('announce'), words);

const explain = new Explain(id => vehicles.find(id), announce);
const vehicles = new Vehicles(id => explain.show(id));
const batches = new Batches(id => explain.show(id));
const map = new RegionMap(byId('map'), byId('legend'), (places, label) => vehicles.at(places, label));
const rate = new Chart(byId('rate'), 'Requests', 'per second', [{ key: 'requests_per_s', label: 'requests' }]);
const latency = new Chart(byId('latency'), 'Latency', 'ms', [{ key: 'p50_ms', label: 'p50' }, { key: 'p99_ms', label: 'p99' }]);
let stats = {};

const PANELS = {
  seed: showSeed,
  stats: answer => {
    stats = documentOf(answer);
    vehicles.known = Object.values(stats.vehicles ?? {}).filter(isNumber).reduce((sum, count) => sum + count, 0);
    showFigures(byId('figures'), answer);
  },
  vehicles: answer => {
    vehicles.show(answer);
    map.show(answer);
  },
  batches: answer => batches.show(answer),
  members: showMembers,
  router: answer => byId('router').replaceChildren(...(answer.error ? [] : answerOf(answer))),
};
const SECTIONS = { stats: ['.figures'], vehicles: ['.vehicles', '.map'], batches: ['.batches'], members: ['.members'], router: ['.router'] };

function show(panel, content) {
  for (const section of SECTIONS[panel] ?? []) {
    const error = document.querySelector(`${section} .error`);
    text(error, content.error);
    error.hidden = !content.error;
  }
  PANELS[panel](content);
}

const TONES = { ready: 'good', degraded: 'warn' };
let health;

function showSeed(seed) {
  text(byId('region'), seed.region);
  text(byId('seed'), seed.seed);
  text(byId('version'), `v${seed.version}`);
  document.title = `${seed.region} · Mesh`;
  const words = named(seed.status) + (seed.reason ? `: ${seed.reason}` : '');
  badge('readiness', TONES[seed.status] ?? 'bad', words);
  if (health !== undefined && health !== seed.status) announce(`The seed is ${words}`);
  health = seed.status;
  const at = new Date(seed.at);
  text(byId('clock'), time(at));
  byId('clock').dateTime = seed.at;
  // The heartbeat also says that figures which are the same as before still are: each one is a sample.
  const sample = { at: Date.now() };
  for (const key of ['requests_per_s', 'p50_ms', 'p99_ms']) sample[key] = isNumber(stats[key]) ? stats[key] : null;
  rate.add(sample, seed.interval_ms);
  latency.add(sample, seed.interval_ms);
}

function badge(id, tone, words) {
  byId(id).dataset.tone = tone;
  text(byId(`${id}-text`), words);
}

const STATES = {
  connecting: ['idle', 'connecting'],
  live: ['good', 'live'],
  lost: ['bad', 'reconnecting'],
  paused: ['warn', 'paused'],
};
let connection = 'connecting';
let silentSince;

function showConnection(state) {
  if (state === connection) return;
  badge('connection', ...STATES[state]);
  if (state === 'lost') announce('The connection to the seed is lost. Reconnecting.');
  else if (state === 'live' && silentSince) announce('Connected again.');
  if (state === 'live') silentSince = undefined;
  else silentSince ??= Date.now();
  connection = state;
  document.body.dataset.connection = state;
  showBanner();
}

function showBanner() {
  const isSilent = connection === 'lost' || connection === 'paused';
  byId('banner').hidden = !isSilent;
  if (!isSilent) return;
  text(byId('banner'), connection === 'paused'
    ? `Paused: everything here is as it was at ${time(new Date(silentSince))}.`
    : `Nothing heard from the seed for ${duration((Date.now() - silentSince) / 1000)}: it is down, leaving, or takes no more viewers. Everything here is as it was at ${time(new Date(silentSince))}. Trying again…`);
}

setInterval(showBanner, 1000);
const stream = new Stream('/mesh/events', Object.keys(PANELS), show, showConnection);
byId('pause').addEventListener('click', event => {
  const isPaused = event.currentTarget.getAttribute('aria-pressed') !== 'true';
  event.currentTarget.setAttribute('aria-pressed', String(isPaused));
  stream.paused = isPaused;
});
