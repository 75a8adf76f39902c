// Leaflet under the global name that geoman looks for; this module must be imported before geoman.
import L from 'leaflet';

(globalThis as { L?: typeof L }).L = L;
export { L };
