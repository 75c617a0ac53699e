/** JupyterLab's packages are published as ES modules, so they are turned into what jest can load, as our own are. */
module.exports = {
  testEnvironment: '<rootDir>/jest.environment.js',
  roots: ['<rootDir>/src'],
  setupFiles: ['<rootDir>/jest.setup.js'],
  transform: {
    '^.+\\.[jt]sx?$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.test.json', diagnostics: false }]
  },
  transformIgnorePatterns: ['/node_modules/(?!(@jupyterlab|@jupyter|@lumino|@microsoft|@rjsf|exenv-es6|lib0|nanoid|y-protocols)/)'],
  moduleNameMapper: {
    '\\.(css|svg)$': '<rootDir>/jest.asset.js'
  }
};
