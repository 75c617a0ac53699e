/** What browsers have and jsdom has not. Sizes never change there, so watching them tells nothing. */
const { TextDecoder, TextEncoder } = require('util');

class ResizeObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}

Object.assign(globalThis, { ResizeObserver, TextDecoder, TextEncoder });
globalThis.DragEvent ??= class DragEvent extends Event {};
globalThis.matchMedia ??= media => ({ media, matches: false, addListener() {}, removeListener() {} });
