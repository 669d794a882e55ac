import { defineConfig } from 'vitest/config'
import { ClosingLineReporter } from './interop-tests/gate/closing-line-reporter.ts'

export default defineConfig({
  test: {
    include: ['*/src/**/*.test.ts', '*/tests/**/*.test.ts', 'interop-tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    // Files of one worker share what they import: nothing here replaces a module, and loading takes half of the time.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', new ClosingLineReporter()],
  },
})
