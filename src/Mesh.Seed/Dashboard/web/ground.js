// The map's ground: land, borders, cities, and the lines of latitude and longitude. No tiles: one small file, drawn here.
import { svg } from './dom.js';

const CITY_GAP = 64;
const MAX_CITIES = 16;
const STEPS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30];

/** Coordinates of world.json are hundredths of a degree, each relative to the one before. */
function unpack(flat) {
  const line = { points: [], west: Infinity, east: -Infinity, south: Infinity, north: -Infinity };
  let [x, y] = [0, 0];
  for (let i = 0; i < flat.length; i += 2) {
    [x, y] = [x + flat[i], y + flat[i + 1]];
    line.points.push([x / 100, y / 100]);
    [line.west, line.east] = [Math.min(line.west, x / 100), Math.max(line.east, x / 100)];
    [line.south, line.north] = [Math.min(line.south, y / 100), Math.max(line.north, y / 100)];
  }
  return line;
}

export async function loadGround() {
  const world = await (await fetch('/dashboard/world.json')).json();
  return {
    land: world.land.map(unpack),
    borders: world.borders.map(unpack),
    cities: world.cities.map(([name, x, y]) => ({ name, lon: x / 100, lat: y / 100 })),
  };
}

const inView = (line, view) => line.east >= view.west && line.west <= view.east && line.north >= view.south && line.south <= view.north;

const path = (lines, view, end) => lines.filter(line => inView(line, view))
  .map(line => 'M' + line.points.map(([lon, lat]) => { const [x, y] = view.project(lon, lat); return `${x.toFixed(1)} ${y.toFixed(1)}`; }).join('L') + end).join('');

const degrees = (value, [positive, negative]) => `${Number(Math.abs(value).toFixed(2))}°${value > 0 ? ` ${positive}` : value < 0 ? ` ${negative}` : ''}`;

function graticule(view) {
  const step = STEPS.find(s => (view.east - view.west) / s <= 7) ?? 30;
  const parts = [];
  for (let lon = Math.ceil(view.west / step) * step; lon <= view.east; lon += step) {
    const [x] = view.project(lon, view.south);
    parts.push(svg('line', { x1: x, x2: x, y1: 0, y2: view.height }));
    if (x > 30 && x < view.width - 190) parts.push(svg('text', { x: x + 3, y: view.height - 5 }, degrees(lon, ['E', 'W'])));
  }
  for (let lat = Math.ceil(view.south / step) * step; lat <= view.north; lat += step) {
    const [, y] = view.project(view.west, lat);
    parts.push(svg('line', { x1: 0, x2: view.width, y1: y, y2: y }));
    if (y > 16 && y < view.height - 24) parts.push(svg('text', { x: 4, y: y - 3 }, degrees(lat, ['N', 'S'])));
  }
  return svg('g', { class: 'graticule' }, parts);
}

/** The largest cities in view, as many as can be read. */
function cities(all, view) {
  const placed = [];
  const parts = [];
  for (const { name, lon, lat } of all) {
    if (parts.length === MAX_CITIES) break;
    if (lon < view.west || lon > view.east || lat < view.south || lat > view.north) continue;
    const [x, y] = view.project(lon, lat);
    if (x < 8 || x > view.width - 70 || y < 14 || y > view.height - 20 || placed.some(p => Math.abs(p[0] - x) < CITY_GAP * 1.6 && Math.abs(p[1] - y) < CITY_GAP / 2)) continue;
    placed.push([x, y]);
    parts.push(svg('g', { class: 'city' }, svg('circle', { cx: x, cy: y, r: 1.8 }), svg('text', { x: x + 11, y: y + 4 }, name)));
  }
  return svg('g', {}, parts);
}

function scale(view) {
  const kmPerPixel = 111.2 / view.pixelsPerDegree;
  const km = [5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1].find(length => length / kmPerPixel <= 110) ?? 1;
  const [width, y] = [km / kmPerPixel, view.height - 26];
  return svg('g', { class: 'scale', transform: `translate(${view.width - width - 12} ${y})` },
    svg('path', { d: `M0-4V0H${width.toFixed(1)}V-4` }), svg('text', { x: width / 2, y: -7, 'text-anchor': 'middle' }, `${km} km`));
}

export function drawGround(ground, view) {
  return [
    ...(ground ? [
      svg('path', { class: 'land', d: path(ground.land, view, 'z'), 'fill-rule': 'evenodd' }),
      svg('path', { class: 'border', d: path(ground.borders, view, '') })] : []),
    graticule(view),
    ...(ground ? [cities(ground.cities, view)] : []),
    scale(view),
  ];
}
