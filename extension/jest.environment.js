const { TestEnvironment } = require('jest-environment-jsdom');

/** A page that can ask a server: jsdom leaves what fetches out, so Node's own is put there. */
module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    Object.assign(this.global, { fetch, Headers, Request, Response });
  }
};
