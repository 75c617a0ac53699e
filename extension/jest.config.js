/** JupyterLab's packages are published as ES modules, so they are turned into what jest can load, as our own are. */
module.exports = {
  testEnvironment: 'jsdom',
  roots: ['<rootDir>/src'],
  setupFiles: ['<rootDir>/jest.setup.js'],
  transform: {
    '^.+\\.[jt]sx?$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.test.json', diagnostics: false }]
  },
  transformIgnorePatterns: ['/node_modules/(?!(@jupyterlab|@jupyter|@lumino|lib0|y-protocols)/)'],
  moduleNameMapper: {
    '\\.(css|svg)$': '<rootDir>/jest.asset.js'
  }
};
